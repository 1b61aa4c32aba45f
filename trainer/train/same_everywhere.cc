#include "trainer/train/same_everywhere.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <thread>
#include <vector>

#include "storage/error.h"
#include "storage/run_lock.h"
#include "trainer/base/build_id.h"
#include "trainer/base/error.h"
#include "trainer/config/job_file.h"
#include "trainer/train/together.h"
#include "trainer/train/training_state.h"

namespace lockstep {
namespace {

namespace fs = std::filesystem;

// Empty if the lock in `directory` says `expected`; else what is there instead.
std::string WhatElseIsThere(const fs::path& directory, const std::string& expected) {
  // Listing a directory makes clients of network file systems ask for its present content.
  std::error_code ignored;
  const fs::directory_iterator listing(directory, ignored);
  try {
    return storage::ReadLockText(directory) == expected ? ""
                                                        : "its lock is that of another directory";
  } catch (const storage::Error& error) {
    return error.what();
  }
}

std::string ProgramPath() {
  std::error_code error;
  const fs::path path = fs::read_symlink("/proc/self/exe", error);
  return error ? "lockstep" : path.string();
}

}  // namespace

void CheckSameProgram(comm::Communicator* communicator) {
  const std::string own = BuildId();
  const std::vector<std::string> ids = communicator->AllGather(own);
  RunTogether(communicator, [&] {
    if (own != ids[0]) {
      throw ConfigError(fmt::format(
          "{} is another build here than on rank 0 ({}): build id {} here, {} there; install the "
          "same program under the same path on all nodes, or in a directory that they share",
          ProgramPath(), communicator->host_names()[0], own, ids[0]));
    }
  });
}

void CheckSameDirectory(const fs::path& directory, const std::string& lock_text,
                        comm::Communicator* communicator, std::chrono::milliseconds patience) {
  const std::string expected = communicator->Broadcast(lock_text);
  RunTogether(communicator, [&] {
    if (communicator->node_rank() != 0) {
      return;
    }
    const auto deadline = std::chrono::steady_clock::now() + patience;
    std::string problem = WhatElseIsThere(directory, expected);
    while (!problem.empty() && std::chrono::steady_clock::now() < deadline) {
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
      problem = WhatElseIsThere(directory, expected);
    }
    if (!problem.empty()) {
      throw storage::Error(fmt::format(
          "{} is not the run directory that rank 0 ({}) uses: {}; a restart with rank 0 on this "
          "node "
          "would begin from scratch. Choose an output directory that all nodes share (--set "
          "output_directory=...), or mount it here under the same path",
          fs::absolute(directory).string(), communicator->host_names()[0], problem));
    }
  });
}

void CheckSameJob(const v1::Job& job, const std::string& name, comm::Communicator* communicator) {
  const std::string own = EffectiveText(job);
  const std::string first = communicator->Broadcast(own);
  RunTogether(communicator, [&] {
    if (own != first) {
      throw ConfigError(
          fmt::format("{}: says another job than it does to rank 0 ({}); give all ranks the same "
                      "file and the same --set",
                      name, communicator->host_names()[0]));
    }
  });
}

void WarnOfOtherBuilds(comm::Communicator* communicator) {
  std::string own;
  for (const auto& [key, value] : DescribeBuild()) {
    own += fmt::format("{}{} \"{}\"", own.empty() ? "" : ", ", key, value);
  }
  const std::vector<std::string> builds = communicator->AllGather(own);
  for (size_t rank = 0; rank < builds.size() && communicator->rank() == 0; ++rank) {
    if (builds[rank] != builds[0]) {
      spdlog::warn(
          "warning: rank {} ({}) computes with {}, rank 0 with {}: the weights will depend on "
          "which rank computes what; use nodes with the same CPUs and the same program",
          rank, communicator->host_names()[rank], builds[rank], builds[0]);
      return;
    }
  }
}

}  // namespace lockstep
