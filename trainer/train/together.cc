#include "trainer/train/together.h"

#include <fmt/format.h>

#include <array>
#include <exception>
#include <new>
#include <string>

#include "comm/error.h"
#include "storage/error.h"
#include "trainer/base/error.h"

namespace lockstep {
namespace {

template <typename Type>
bool Is(const std::exception& error) {
  return dynamic_cast<const Type*>(&error) != nullptr;
}

}  // namespace

ExitCode ExitCodeOf(const std::exception& error) {
  if (const auto* together = dynamic_cast<const FailedTogether*>(&error)) {
    return together->exit_code();
  }
  if (Is<ConfigError>(error) || Is<comm::LaunchError>(error)) {
    return ExitCode::kUsage;
  }
  if (Is<DataError>(error)) {
    return ExitCode::kData;
  }
  if (Is<storage::Error>(error)) {
    return ExitCode::kStorage;
  }
  if (Is<DivergedError>(error)) {
    return ExitCode::kDiverged;
  }
  if (Is<comm::Error>(error) || Is<NoProgressError>(error)) {
    return ExitCode::kPeerFailed;
  }
  return ExitCode::kInternalError;
}

std::string MessageOf(const std::exception& error) {
  if (Is<std::bad_alloc>(error)) {
    return "out of memory; `lockstep check JOB` says what a rank needs: use a smaller microbatch, "
           "fewer threads or fewer ranks on a node";
  }
  return error.what();
}

void RunTogether(comm::Communicator* communicator, const std::function<void()>& work) {
  std::string what;
  auto code = ExitCode::kDone;
  try {
    work();
  } catch (const std::exception& error) {
    what = MessageOf(error);
    code = ExitCodeOf(error);
  }
  // The largest key belongs to the lowest rank that failed, and tells its exit code.
  constexpr int64_t kCodes = 256;
  const int rank = communicator->rank();
  const int size = communicator->size();
  std::array<int64_t, 1> key{
      code == ExitCode::kDone ? 0 : int64_t{size - rank} * kCodes + static_cast<int>(code)};
  communicator->AllReduceMax(key);
  if (key[0] == 0) {
    return;
  }
  const auto culprit = static_cast<int>(size - key[0] / kCodes);
  const std::string reason = communicator->AllGather(what)[static_cast<size_t>(culprit)];
  if (rank != culprit) {
    what = fmt::format("rank {} ({}) failed: {}", culprit,
                       communicator->host_names()[static_cast<size_t>(culprit)], reason);
  }
  throw FailedTogether(what, static_cast<ExitCode>(key[0] % kCodes), rank == culprit);
}

}  // namespace lockstep
