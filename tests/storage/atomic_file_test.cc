#include "storage/atomic_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <csignal>

#include "tests/storage/test_files.h"

namespace lockstep::storage {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

// Files of this process end at a size, as on a full disk, until this object dies.
class FileSizeLimit {
 public:
  explicit FileSizeLimit(rlim_t bytes) : old_action_(std::signal(SIGXFSZ, SIG_IGN)) {
    getrlimit(RLIMIT_FSIZE, &old_limit_);
    const rlimit limit = {bytes, old_limit_.rlim_max};
    setrlimit(RLIMIT_FSIZE, &limit);
  }
  FileSizeLimit(const FileSizeLimit&) = delete;
  FileSizeLimit& operator=(const FileSizeLimit&) = delete;
  ~FileSizeLimit() {
    setrlimit(RLIMIT_FSIZE, &old_limit_);
    std::signal(SIGXFSZ, old_action_);
  }

 private:
  rlimit old_limit_ = {};
  void (*old_action_)(int);
};

TEST(WriteFileAtomically, WritesAndReplaces) {
  const TemporaryDirectory directory;
  WriteFileAtomically(directory / "a.txt", "one");
  EXPECT_EQ(ReadText(directory / "a.txt"), "one");
  WriteFileAtomically(directory / "a.txt", "two");
  EXPECT_EQ(ReadText(directory / "a.txt"), "two");
  EXPECT_THAT(FileNames(directory.path()), ElementsAre("a.txt"));
}

TEST(WriteFileAtomically, WritesNothingToo) {
  const TemporaryDirectory directory;
  WriteFileAtomically(directory / "a.txt", "");
  EXPECT_EQ(ReadText(directory / "a.txt"), "");
}

TEST(WriteFileAtomically, TakesAPathWithoutADirectory) {
  const TemporaryDirectory directory;
  const auto old_directory = std::filesystem::current_path();
  std::filesystem::current_path(directory.path());
  WriteFileAtomically("a.txt", "one");
  std::filesystem::current_path(old_directory);
  EXPECT_EQ(ReadText(directory / "a.txt"), "one");
}

TEST(WriteFileAtomically, LeavesTemporaryFilesOfOthersAlone) {
  const TemporaryDirectory directory;
  const std::string other = "a.txt.tmp-" + std::to_string(getpid()) + "-0";
  WriteRaw(directory / other, "other");
  WriteFileAtomically(directory / "a.txt", "one");
  EXPECT_THAT(FileNames(directory.path()), ElementsAre("a.txt", other));
  EXPECT_EQ(ReadText(directory / other), "other");
}

TEST(WriteFileAtomically, KeepsTheOldContentWhenTheNewOneDoesNotFit) {
  const TemporaryDirectory directory;
  WriteFileAtomically(directory / "a.txt", "old");
  const std::string large(100'000, 'x');
  const FileSizeLimit limit(50'000);
  EXPECT_THAT(ErrorOf([&] { WriteFileAtomically(directory / "a.txt", large); }),
              AllOf(HasSubstr("a.txt: cannot be written: File too large"), HasSubstr("ulimit -f")));
  EXPECT_EQ(ReadText(directory / "a.txt"), "old");
  EXPECT_THAT(FileNames(directory.path()), ElementsAre("a.txt"));
}

TEST(WriteFileAtomically, SaysThatTheDirectoryIsMissing) {
  EXPECT_THAT(ErrorOf([] { WriteFileAtomically("/nowhere/a.txt", "one"); }),
              AllOf(HasSubstr("/nowhere/a.txt: cannot be created: No such file or directory"),
                    HasSubstr("check the path")));
}

TEST(WriteFileAtomically, SaysThatTheDirectoryIsAFile) {
  const TemporaryDirectory directory;
  WriteRaw(directory / "file", "");
  EXPECT_THAT(ErrorOf([&] { WriteFileAtomically(directory / "file" / "a.txt", "one"); }),
              HasSubstr("cannot be created: Not a directory"));
}

TEST(WriteFileAtomically, RefusesToReplaceADirectoryAndCleansUp) {
  const TemporaryDirectory directory;
  std::filesystem::create_directory(directory / "sub");
  EXPECT_THAT(ErrorOf([&] { WriteFileAtomically(directory / "sub", "one"); }),
              HasSubstr("sub: cannot be replaced: Is a directory"));
  EXPECT_THAT(FileNames(directory.path()), ElementsAre("sub"));
}

TEST(WriteFileAtomically, KeepsTheOldContentWhenTheLastCheckThrows) {
  const TemporaryDirectory directory;
  WriteFileAtomically(directory / "a.txt", "old");
  const WriteOptions options{.before_rename = [] { throw TakenOver("somebody else's"); }};
  EXPECT_EQ(ErrorOf([&] { WriteFileAtomically(directory / "a.txt", "new", options); }),
            "somebody else's");
  EXPECT_EQ(ReadText(directory / "a.txt"), "old");
  EXPECT_THAT(FileNames(directory.path()), ElementsAre("a.txt"));
}

TEST(CheckWritable, LeavesNothingBehindWhereAFileCouldBe) {
  const TemporaryDirectory directory;
  WriteRaw(directory / "old", "old");
  CheckWritable(directory / "new");
  CheckWritable(directory / "old");
  EXPECT_THAT(FileNames(directory.path()), ElementsAre("old"));
  EXPECT_EQ(ReadText(directory / "old"), "old");
}

TEST(CheckWritable, RefusesWhatWriteFileAtomicallyWould) {
  const TemporaryDirectory directory;
  WriteRaw(directory / "file", "");
  EXPECT_THAT(ErrorOf([&] { CheckWritable(directory / "nowhere" / "a"); }),
              HasSubstr("nowhere/a: cannot be created: No such file or directory"));
  EXPECT_THAT(ErrorOf([&] { CheckWritable(directory / "file" / "a"); }),
              HasSubstr("file/a: cannot be created: Not a directory"));
  EXPECT_THAT(ErrorOf([&] { CheckWritable(directory.path()); }),
              HasSubstr("cannot be replaced: Is a directory"));
}

TEST(RemoveStaleTemporaries, RemovesOnlyWhatWriteFileAtomicallyLeft) {
  const TemporaryDirectory directory;
  for (const char* name : {"a.h5", "a.h5.tmp-12-0", "b.tmp-7-15", "c.tmp-7", "d.tmp-x-0",
                           "e.tmp-1-0.txt", ".tmp-1-0", "f.tmp-"}) {
    WriteRaw(directory / name, "");
  }
  RemoveStaleTemporaries(directory.path());
  EXPECT_THAT(FileNames(directory.path()),
              ElementsAre(".tmp-1-0", "a.h5", "c.tmp-7", "d.tmp-x-0", "e.tmp-1-0.txt", "f.tmp-"));
}

TEST(RemoveStaleTemporaries, SaysThatTheDirectoryIsMissing) {
  EXPECT_THAT(ErrorOf([] { RemoveStaleTemporaries("/nowhere"); }),
              HasSubstr("/nowhere: cannot be listed: No such file or directory"));
}

TEST(ReadFile, ReadsNoMoreThanItsLimit) {
  const TemporaryDirectory directory;
  WriteRaw(directory / "a.txt", "hello");
  EXPECT_EQ(ReadFile(directory / "a.txt", 2).size(), 2U);
  EXPECT_EQ(ReadFile(directory / "a.txt", 9).size(), 5U);
}

TEST(ReadFile, RefusesAPipeInsteadOfWaitingForIt) {
  const TemporaryDirectory directory;
  ASSERT_EQ(mkfifo((directory / "pipe").c_str(), 0600), 0);
  EXPECT_THAT(ErrorOf([&] { ReadFile(directory / "pipe"); }),
              HasSubstr("pipe: is not a regular file"));
}

}  // namespace
}  // namespace lockstep::storage
