#include "comm/communicator.h"

#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstdio>
#include <numeric>
#include <system_error>
#include <thread>

#include "comm/error.h"
#include "comm/mpi_call.h"
#include "comm/pieces.h"

namespace lockstep::comm {
namespace {

// How long MPI_Abort, or a full pipe that standard output goes to, may keep a failed rank alive.
constexpr std::chrono::seconds kAbortPatience{5};

int RankIn(const MpiHandle& handle) {
  int rank = 0;
  CheckMpi(MPI_Comm_rank(handle.communicator, &rank), "MPI_Comm_rank");
  return rank;
}

int SizeOf(const MpiHandle& handle) {
  int size = 1;
  CheckMpi(MPI_Comm_size(handle.communicator, &size), "MPI_Comm_size");
  return size;
}

std::string LocalHostName() {
  std::array<char, 256> name{};
  gethostname(name.data(), name.size() - 1);
  return name.data();
}

void AllReduce(const MpiHandle& handle, std::span<int64_t> values, MPI_Op operation) {
  InPieces(static_cast<int64_t>(values.size()), [&](int64_t offset, int count) {
    CheckMpi(MPI_Allreduce(MPI_IN_PLACE, &values[static_cast<size_t>(offset)], count, MPI_INT64_T,
                           operation, handle.communicator),
             "MPI_Allreduce");
  });
}

void BroadcastIn(const MpiHandle& handle, std::span<std::byte> bytes) {
  InPieces(static_cast<int64_t>(bytes.size()), [&](int64_t offset, int count) {
    CheckMpi(
        MPI_Bcast(&bytes[static_cast<size_t>(offset)], count, MPI_BYTE, 0, handle.communicator),
        "MPI_Bcast");
  });
}

// Ends this process after kAbortPatience, even if the thread that calls this never returns to us.
void ExitLater(int code) {
  try {
    std::thread([code] {
      std::this_thread::sleep_for(kAbortPatience);
      _exit(code);
    }).detach();
  } catch (const std::system_error&) {
    // No thread can be had: MPI_Abort alone must do.
  }
}

}  // namespace

Communicator Communicator::World(int most_in_node) {
  Communicator world;
  world.handle_ = Duplicate(MPI_COMM_WORLD);
  world.rank_ = RankIn(*world.handle_);
  world.size_ = SizeOf(*world.handle_);
  MPI_Comm node = MPI_COMM_NULL;
  CheckMpi(MPI_Comm_split_type(world.handle_->communicator, MPI_COMM_TYPE_SHARED, world.rank_,
                               MPI_INFO_NULL, &node),
           "MPI_Comm_split_type");
  const MpiHandle machine(node);
  world.node_handle_ = Split(machine.communicator, RankIn(machine) / most_in_node);
  world.node_rank_ = RankIn(*world.node_handle_);
  world.node_size_ = SizeOf(*world.node_handle_);
  world.host_names_ = world.AllGather(LocalHostName());
  return world;
}

Communicator::~Communicator() = default;
Communicator::Communicator(Communicator&&) noexcept = default;
Communicator& Communicator::operator=(Communicator&&) noexcept = default;

void Communicator::AllReduceSum(std::span<int64_t> values) { AllReduce(*handle_, values, MPI_SUM); }

void Communicator::AllReduceMax(std::span<int64_t> values) { AllReduce(*handle_, values, MPI_MAX); }

void Communicator::Broadcast(std::span<std::byte> bytes) { BroadcastIn(*handle_, bytes); }

void Communicator::BroadcastToNodes(std::span<std::byte> bytes) {
  if (const auto leaders = Split(handle_->communicator, node_rank_ == 0 ? 0 : MPI_UNDEFINED)) {
    BroadcastIn(*leaders, bytes);
  }
  CheckMpi(MPI_Barrier(handle_->communicator), "MPI_Barrier");
}

std::string Communicator::Broadcast(const std::string& text) {
  auto length = static_cast<int64_t>(text.size());
  Broadcast(std::as_writable_bytes(std::span(&length, 1)));
  std::string result = text;
  result.resize(static_cast<size_t>(length));
  Broadcast(std::as_writable_bytes(std::span(result)));
  return result;
}

std::vector<std::string> Communicator::AllGather(const std::string& text) {
  const auto length = static_cast<int64_t>(text.size());
  std::vector<int64_t> lengths(static_cast<size_t>(size_));
  CheckMpi(
      MPI_Allgather(&length, 1, MPI_INT64_T, lengths.data(), 1, MPI_INT64_T, handle_->communicator),
      "MPI_Allgather");
  const int64_t total = std::accumulate(lengths.begin(), lengths.end(), int64_t{0});
  if (total > kLargestPiece) {
    throw Error(fmt::format("gathering {} bytes of text from {} ranks: at most {} are possible",
                            total, size_, kLargestPiece));
  }
  const std::vector<int> counts(lengths.begin(), lengths.end());
  std::vector<int> offsets(counts.size());
  std::exclusive_scan(counts.begin(), counts.end(), offsets.begin(), 0);
  std::string all(static_cast<size_t>(total), '\0');
  CheckMpi(MPI_Allgatherv(text.data(), static_cast<int>(length), MPI_CHAR, all.data(),
                          counts.data(), offsets.data(), MPI_CHAR, handle_->communicator),
           "MPI_Allgatherv");
  std::vector<std::string> texts;
  for (size_t i = 0; i < counts.size(); ++i) {
    texts.push_back(all.substr(static_cast<size_t>(offsets[i]), static_cast<size_t>(counts[i])));
  }
  return texts;
}

std::vector<std::byte> Communicator::Gather(std::span<const std::byte> bytes) {
  const auto own_size = static_cast<int64_t>(bytes.size());
  std::vector<int64_t> sizes(static_cast<size_t>(size_));
  CheckMpi(
      MPI_Gather(&own_size, 1, MPI_INT64_T, sizes.data(), 1, MPI_INT64_T, 0, handle_->communicator),
      "MPI_Gather");
  if (rank_ != 0) {
    InPieces(own_size, [&](int64_t offset, int count) {
      CheckMpi(MPI_Send(&bytes[static_cast<size_t>(offset)], count, MPI_BYTE, 0, 0,
                        handle_->communicator),
               "MPI_Send");
    });
    return {};
  }
  std::vector<std::byte> all(bytes.begin(), bytes.end());
  all.resize(static_cast<size_t>(std::accumulate(sizes.begin(), sizes.end(), int64_t{0})));
  int64_t begin = own_size;
  for (int rank = 1; rank < size_; ++rank) {
    InPieces(sizes[static_cast<size_t>(rank)], [&](int64_t offset, int count) {
      CheckMpi(MPI_Recv(&all[static_cast<size_t>(begin + offset)], count, MPI_BYTE, rank, 0,
                        handle_->communicator, MPI_STATUS_IGNORE),
               "MPI_Recv");
    });
    begin += sizes[static_cast<size_t>(rank)];
  }
  return all;
}

void Communicator::Abort(int code) {
  ExitLater(code);
  std::fflush(nullptr);
  MPI_Abort(handle_->communicator, code);
  _exit(code);
}

std::string RankMap(const std::vector<std::string>& host_names) {
  std::string text = host_names.size() == 1 ? "rank " : "ranks ";
  for (size_t first = 0; first < host_names.size();) {
    size_t last = first;
    while (last + 1 < host_names.size() && host_names[last + 1] == host_names[first]) {
      ++last;
    }
    text += first == 0 ? "" : ", ";
    text += first == last ? fmt::format("{}", first) : fmt::format("{}-{}", first, last);
    text += " on " + host_names[first];
    first = last + 1;
  }
  return text;
}

}  // namespace lockstep::comm
