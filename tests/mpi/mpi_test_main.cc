#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdio>
#include <exception>
#include <memory>
#include <string>
#include <vector>

#include "comm/communicator.h"
#include "comm/environment.h"

// The main of test programs that run on several ranks. Every rank runs every test; rank 0 prints as
// usual, the others only what fails, with their rank in front, at once: a rank that fails half-way
// through a test may leave the others waiting until the time limit.

namespace lockstep {
namespace {

class FailurePrinter : public testing::EmptyTestEventListener {
 public:
  explicit FailurePrinter(int rank) : rank_(rank) {}

 private:
  // Kept, because UnitTest::current_test_info waits for a lock that OnTestPartResult is called
  // with.
  void OnTestStart(const testing::TestInfo& test) override {
    test_ = std::string(test.test_suite_name()) + "." + test.name();
  }

  void OnTestPartResult(const testing::TestPartResult& result) override {
    if (result.failed()) {
      std::fprintf(stderr, "[rank %d] %s\n%s:%d: Failure\n%s\n", rank_, test_.c_str(),
                   result.file_name() == nullptr ? "?" : result.file_name(), result.line_number(),
                   result.summary());
      std::fflush(stderr);
    }
  }

  int rank_;
  std::string test_;
};

void MuteAllButFailures(int rank) {
  testing::TestEventListeners& listeners = testing::UnitTest::GetInstance()->listeners();
  delete listeners.Release(listeners.default_result_printer());
  delete listeners.Release(listeners.default_xml_generator());  // one file, rank 0's
  listeners.Append(std::make_unique<FailurePrinter>(rank).release());
}

// 0 if all ranks have passed, else 1 on all of them; rank 0 says which have not.
int AgreeOnResult(comm::Communicator& world, bool failed) {
  std::vector<int64_t> failures(static_cast<size_t>(world.size()));
  failures[static_cast<size_t>(world.rank())] = failed ? 1 : 0;
  world.AllReduceMax(failures);
  int result = 0;
  for (size_t rank = 0; rank < failures.size(); ++rank) {
    if (failures[rank] != 0) {
      result = 1;
      if (world.rank() == 0) {
        std::printf("[  FAILED  ] on rank %zu of %d\n", rank, world.size());
      }
    }
  }
  return result;
}

int RunTests() {
  const comm::Environment environment;
  comm::Communicator world = comm::Communicator::World();
  if (world.rank() > 0) {
    MuteAllButFailures(world.rank());
  }
  try {
    return AgreeOnResult(world, RUN_ALL_TESTS() != 0);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "[rank %d] %s\n", world.rank(), error.what());
    world.Abort(1);
  }
}

}  // namespace
}  // namespace lockstep

int main(int argc, char** argv) {
  testing::InitGoogleMock(&argc, argv);
  try {
    return lockstep::RunTests();
  } catch (const std::exception& error) {
    std::fprintf(stderr, "cannot run tests: %s\n", error.what());
    return 1;
  }
}
