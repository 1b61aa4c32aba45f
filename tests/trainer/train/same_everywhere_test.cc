#include "trainer/train/same_everywhere.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <optional>
#include <string>

#include "storage/run_directory.h"
#include "tests/storage/test_files.h"
#include "trainer/train/together.h"

namespace lockstep {
namespace {

using testing::AllOf;
using testing::HasSubstr;

// On any number of ranks, each a node of its own. Rank 0 alone locks the run directory.
class CheckSameDirectoryTest : public testing::Test {
 protected:
  CheckSameDirectoryTest() {
    if (world_.rank() == 0) {
      directory_.emplace(shared_ / "run");
    }
  }

  // The last rank sees `last` as the run directory, the others see rank 0's.
  void Check(const std::filesystem::path& last, std::chrono::milliseconds patience) {
    const bool is_last = world_.rank() == world_.size() - 1;
    CheckSameDirectory(is_last ? last : RunPath(), directory_ ? directory_->lock().text() : "",
                       &world_, patience);
  }

  std::filesystem::path RunPath() const { return shared_ / "run"; }

  void ExpectRefusal(const std::filesystem::path& last, const std::string& reason) {
    const int culprit = world_.size() - 1;
    try {
      Check(last, std::chrono::milliseconds(100));
      EXPECT_EQ(world_.size(), 1) << "a node without the run directory went unnoticed";
    } catch (const FailedTogether& failure) {
      EXPECT_EQ(failure.exit_code(), ExitCode::kStorage);
      EXPECT_EQ(failure.here(), world_.rank() == culprit);
      EXPECT_THAT(failure.what(),
                  AllOf(HasSubstr("is not the run directory that rank 0 (" + world_.HostName()),
                        HasSubstr(reason), HasSubstr("would begin from scratch"),
                        HasSubstr("output directory that all nodes share")));
    }
  }

  comm::Communicator world_ = comm::Communicator::World(/*most_in_node=*/1);
  std::optional<storage::TemporaryDirectory> scratch_;
  std::filesystem::path shared_ = [this] {
    if (world_.rank() == 0) {
      scratch_.emplace();
    }
    return std::filesystem::path(world_.Broadcast(scratch_ ? scratch_->path().string() : ""));
  }();
  std::optional<storage::RunDirectory> directory_;
};

TEST_F(CheckSameDirectoryTest, OneDirectoryOfAllNodesIsFine) {
  EXPECT_NO_THROW(Check(RunPath(), std::chrono::seconds(60)));
}

TEST_F(CheckSameDirectoryTest, ANodeWithoutTheDirectoryIsNamed) {
  const std::filesystem::path missing = shared_ / "missing";
  const bool alone = world_.size() == 1;
  ExpectRefusal(alone ? RunPath() : missing, "missing/lock: cannot be read: No such file");
}

TEST_F(CheckSameDirectoryTest, ANodeWithADirectoryOfItsOwnIsNamed) {
  const storage::TemporaryDirectory own;
  const storage::RunLock lock(own.path());
  const bool alone = world_.size() == 1;
  ExpectRefusal(alone ? RunPath() : own.path(), "its lock is that of another directory");
}

}  // namespace
}  // namespace lockstep
