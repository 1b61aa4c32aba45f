#include "trainer/data/idx.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <initializer_list>
#include <string>

#include "tests/storage/test_files.h"
#include "trainer/base/check.h"
#include "trainer/base/error.h"
#include "trainer/data/gzip.h"

namespace lockstep {
namespace {

using storage::TemporaryDirectory;
using testing::ElementsAre;
using testing::HasSubstr;

std::vector<std::byte> Bytes(std::initializer_list<int> values) {
  std::vector<std::byte> bytes;
  for (const int value : values) {
    bytes.push_back(static_cast<std::byte>(value));
  }
  return bytes;
}

// A 2 x 3 array of 1 .. 6.
std::vector<std::byte> SmallFile() {
  return Bytes({0, 0, 8, 2, 0, 0, 0, 2, 0, 0, 0, 3, 1, 2, 3, 4, 5, 6});
}

// The message of the DataError that parsing `file` throws.
std::string ErrorOf(std::span<const std::byte> file) {
  try {
    ParseIdx(file, "dir/file");
  } catch (const DataError& error) {
    return error.what();
  }
  ADD_FAILURE() << "no DataError was thrown";
  return "";
}

TEST(ParseIdx, ReadsDimensionsAndElements) {
  const IdxArray array = ParseIdx(SmallFile(), "f");
  EXPECT_THAT(array.dims, ElementsAre(2, 3));
  EXPECT_THAT(array.values(), ElementsAre(1, 2, 3, 4, 5, 6));
  EXPECT_EQ(array.bytes, SmallFile());
}

TEST(ParseIdx, TellsGzipByItsContent) {
  const IdxArray array = ParseIdx(Gzip(SmallFile()), "f");
  EXPECT_THAT(array.dims, ElementsAre(2, 3));
  EXPECT_EQ(array.bytes, SmallFile());
}

TEST(ParseIdx, EveryHeaderFieldIsChecked) {
  EXPECT_EQ(ErrorOf(Bytes({})), "dir/file: not an IDX file: 0 bytes are too few for a header");
  EXPECT_EQ(ErrorOf(Bytes({'<', 'h', 't', 'm', 'l'})),
            "dir/file: not an IDX file: it starts with 0x3c68746d, expected 0x0000");
  EXPECT_EQ(ErrorOf(Bytes({0, 0, 0x0d, 1, 0, 0, 0, 1, 0, 0, 0, 0})),
            "dir/file: holds floats (IDX type 0x0d), expected unsigned bytes (0x08)");
  EXPECT_THAT(ErrorOf(Bytes({0, 0, 0x77, 1, 0, 0, 0, 1})), HasSubstr("holds an unknown type"));
  EXPECT_EQ(ErrorOf(Bytes({0, 0, 8, 0, 0})), "dir/file: has 0 dimensions, expected 1 to 4");
  EXPECT_EQ(ErrorOf(Bytes({0, 0, 8, 5, 0})), "dir/file: has 5 dimensions, expected 1 to 4");
  EXPECT_EQ(ErrorOf(Bytes({0, 0, 8, 2, 0, 0, 0, 2, 0, 0})),
            "dir/file: ends within its header: 10 bytes, expected 12");
  EXPECT_EQ(ErrorOf(Bytes({0, 0, 8, 2, 0, 0, 0, 2, 0, 0, 0, 0})),
            "dir/file: dimension 1 is 0, expected at least 1");
}

TEST(ParseIdx, EveryTruncationIsFoundPlainOrPacked) {
  const std::vector<std::byte> file = SmallFile();
  for (size_t size = 0; size < file.size(); ++size) {
    const auto start = std::span(file).first(size);
    EXPECT_THROW(ParseIdx(start, "f"), DataError) << size;
    EXPECT_THROW(ParseIdx(Gzip(start), "f"), DataError) << size;
  }
  EXPECT_EQ(ErrorOf(std::span(file).first(17)),
            "dir/file: too short: 17 bytes, expected 18 (2 x 3 elements and a header of 12)");
}

TEST(ParseIdx, TrailingBytesAreFoundPlainOrPacked) {
  std::vector<std::byte> file = SmallFile();
  file.push_back(std::byte{0});
  const std::string expected =
      "dir/file: trailing bytes: goes on after the 18 bytes that its header announces (2 x 3 "
      "elements and a header of 12)";
  EXPECT_EQ(ErrorOf(file), expected);
  EXPECT_EQ(ErrorOf(Gzip(file)), expected);
}

TEST(ParseIdx, ABrokenGzipFileIsFound) {
  const std::vector<std::byte> packed = Gzip(SmallFile());
  EXPECT_EQ(ErrorOf(std::span(packed).first(packed.size() - 4)),
            "dir/file: the gzip file is cut off");
  std::vector<std::byte> damaged = packed;
  damaged[damaged.size() - 8] ^= std::byte{1};  // of the checksum
  EXPECT_THAT(ErrorOf(damaged), HasSubstr("dir/file: the gzip data is damaged"));
}

TEST(ParseIdx, AnAbsurdHeaderIsRefusedBeforeAnythingIsAllocated) {
  std::vector<std::byte> file = Bytes({0, 0, 8, 4});
  file.resize(file.size() + 16, std::byte{0xff});
  file.resize(file.size() + 100);
  EXPECT_EQ(ErrorOf(file),
            "dir/file: too short: its header announces 4294967295 x 4294967295 x 4294967295 x "
            "4294967295 bytes of data, the file cannot hold more than 120 bytes");
  EXPECT_THAT(ErrorOf(Gzip(file)), HasSubstr("the file cannot hold more than"));
}

TEST(WriteIdx, WritesWhatReadIdxReads) {
  const TemporaryDirectory directory;
  const std::array<int64_t, 3> dims = {2, 1, 2};
  const std::array<uint8_t, 4> values = {9, 8, 7, 255};
  for (const char* name : {"plain", "packed.gz"}) {
    WriteIdx(directory / name, dims, values);
    const IdxArray array = ReadIdx(directory / name);
    EXPECT_THAT(array.dims, ElementsAre(2, 1, 2));
    EXPECT_THAT(array.values(), ElementsAre(9, 8, 7, 255));
  }
  EXPECT_TRUE(IsGzip(storage::ReadFile(directory / "packed.gz")));
  EXPECT_EQ(storage::ReadFile(directory / "plain"),
            Bytes({0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 2, 9, 8, 7, 255}));
}

TEST(WriteIdx, RefusesDimensionsThatDoNotFitTheValues) {
  EXPECT_THROW(FormatIdx(std::array<int64_t, 1>{3}, std::array<uint8_t, 2>{1, 2}), CheckFailure);
}

TEST(ReadIdx, NamesAFileThatIsNotThere) {
  const TemporaryDirectory directory;
  EXPECT_THAT([&] { ReadIdx(directory / "none"); },
              testing::ThrowsMessage<DataError>(HasSubstr((directory / "none").string())));
}

}  // namespace
}  // namespace lockstep
