#include "comm/node_memory.h"

#include <fmt/format.h>
#include <sys/mman.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <string>

#include "comm/error.h"
#include "comm/mpi_call.h"
#include "comm/unwinding.h"

namespace lockstep::comm {
namespace {

constexpr size_t kAlignment = 64;

void CheckSameSize(const MpiHandle& node, size_t bytes) {
  const auto size = static_cast<int64_t>(bytes);
  std::array<int64_t, 2> extremes{size, -size};
  CheckMpi(MPI_Allreduce(MPI_IN_PLACE, extremes.data(), 2, MPI_INT64_T, MPI_MAX, node.communicator),
           "MPI_Allreduce");
  if (extremes[0] != -extremes[1]) {
    throw Error(
        fmt::format("the ranks of a node ask for shared memory of different sizes: {} bytes here, "
                    "between {} and {} elsewhere",
                    bytes, -extremes[1], extremes[0]));
  }
}

// Has the kernel find memory for all pages that `bytes` touches. Returns whether it did. Linux
// before 5.14 finds it when a page is written first, and cannot be asked.
bool TakePages(std::span<std::byte> bytes) {
  constexpr int kPopulateWrite = 23;  // MADV_POPULATE_WRITE, in <sys/mman.h> from glibc 2.35 on
  const auto page = static_cast<size_t>(sysconf(_SC_PAGESIZE));
  const size_t before = reinterpret_cast<uintptr_t>(bytes.data()) % page;
  return bytes.empty() ||
         madvise(bytes.data() - before, before + bytes.size(), kPopulateWrite) == 0 ||
         errno == EINVAL;
}

// Takes all pages, each rank its share. MPI only looks whether the whole would fit at that moment:
// whoever came to the first page that does not, maybe hours later, would be killed by SIGBUS.
void TakeTogether(const Communicator& communicator, const MpiHandle& node,
                  std::span<std::byte> bytes, const std::string& allocation) {
  const auto ranks = static_cast<size_t>(communicator.node_size());
  const auto rank = static_cast<size_t>(communicator.node_rank());
  const size_t begin = bytes.size() * rank / ranks;
  const size_t end = bytes.size() * (rank + 1) / ranks;
  int missing = TakePages(bytes.subspan(begin, end - begin)) ? 0 : 1;
  CheckMpi(MPI_Allreduce(MPI_IN_PLACE, &missing, 1, MPI_INT, MPI_MAX, node.communicator),
           "MPI_Allreduce");
  if (missing != 0 && rank == 0) {
    throw Error(fmt::format("rank {}: {} failed: there is not enough memory", communicator.rank(),
                            allocation));
  }
  if (missing != 0) {
    MPI_Barrier(node.communicator);  // the first rank aborts this one
  }
}

}  // namespace

// A window and the ranks that share it. Accessed with loads and stores in one passive epoch that
// lasts as long as the window. Freed like MpiHandle: collectively, or not at all.
struct NodeMemory::Window {
  explicit Window(const Communicator& communicator)
      : node(Duplicate(communicator.node_handle().communicator)) {}
  Window(const Window&) = delete;
  Window& operator=(const Window&) = delete;
  ~Window() {
    if (window != MPI_WIN_NULL && !unwinding()) {
      MPI_Win_unlock_all(window);
      MPI_Win_free(&window);
    }
  }

  std::unique_ptr<MpiHandle> node;
  MPI_Win window = MPI_WIN_NULL;
  Unwinding unwinding;
};

NodeMemory::NodeMemory(const Communicator& communicator, size_t bytes) {
  CheckSameSize(communicator.node_handle(), bytes);
  window_ = std::make_unique<Window>(communicator);
  const bool first = communicator.node_rank() == 0;
  void* base = nullptr;
  const std::string allocation =
      fmt::format("allocating {} bytes that the ranks of a node share (see `df /dev/shm`)", bytes);
  CheckMpi(
      MPI_Win_allocate_shared(static_cast<MPI_Aint>(first ? bytes + kAlignment : 0), 1,
                              MPI_INFO_NULL, window_->node->communicator, &base, &window_->window),
      allocation.c_str());
  MPI_Win_set_errhandler(window_->window, MPI_ERRORS_RETURN);
  CheckMpi(MPI_Win_lock_all(MPI_MODE_NOCHECK, window_->window), "MPI_Win_lock_all");
  MPI_Aint size = 0;
  int unit = 0;
  CheckMpi(MPI_Win_shared_query(window_->window, 0, &size, &unit, &base), "MPI_Win_shared_query");
  // Every rank maps the memory at the start of some page, so all of them skip the same bytes.
  const size_t skip = (kAlignment - reinterpret_cast<uintptr_t>(base) % kAlignment) % kAlignment;
  bytes_ = {static_cast<std::byte*>(base) + skip, bytes};
  TakeTogether(communicator, *window_->node, bytes_, allocation);
}

NodeMemory::~NodeMemory() = default;
NodeMemory::NodeMemory(NodeMemory&&) noexcept = default;
NodeMemory& NodeMemory::operator=(NodeMemory&&) noexcept = default;

void NodeMemory::Publish() {
  CheckMpi(MPI_Win_sync(window_->window), "MPI_Win_sync");
  CheckMpi(MPI_Barrier(window_->node->communicator), "MPI_Barrier");
  CheckMpi(MPI_Win_sync(window_->window), "MPI_Win_sync");
}

void NodeMemory::Abandon() {
  static_cast<void>(window_.release());
}  // NOLINT(clang-analyzer-cplusplus.NewDeleteLeaks)

}  // namespace lockstep::comm
