#include "trainer/data/gzip.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "trainer/base/error.h"

namespace lockstep {
namespace {

using testing::HasSubstr;
using testing::StartsWith;
using testing::ThrowsMessage;

constexpr size_t kNoLimit = size_t{1} << 30;

std::vector<std::byte> Pattern(size_t size) {
  std::vector<std::byte> bytes(size);
  for (size_t i = 0; i < size; ++i) {
    bytes[i] = static_cast<std::byte>(i * i >> 3);
  }
  return bytes;
}

TEST(Gzip, UnpacksWhatItPacked) {
  for (const size_t size : {0, 1, 1000, 3'000'000}) {
    EXPECT_EQ(Gunzip(Gzip(Pattern(size)), kNoLimit, "f"), Pattern(size));
  }
}

TEST(Gzip, PackedBytesHoldNoNameAndNoTime) {
  const std::vector<std::byte> packed = Gzip(Pattern(10));
  ASSERT_TRUE(IsGzip(packed));
  for (size_t i = 3; i < 8; ++i) {  // flags, then the time
    EXPECT_EQ(packed[i], std::byte{0});
  }
}

TEST(Gunzip, StopsAtTheLimit) {
  const std::vector<std::byte> packed = Gzip(Pattern(5000));
  EXPECT_EQ(Gunzip(packed, 16, "f"), Pattern(16));
  EXPECT_EQ(Gunzip(std::span(packed).first(packed.size() - 1), 16, "f"), Pattern(16));
}

TEST(Gunzip, ReadsAllMembersOfAFile) {
  std::vector<std::byte> twice = Gzip(Pattern(700));
  const std::vector<std::byte> once = twice;
  twice.insert(twice.end(), once.begin(), once.end());
  std::vector<std::byte> expected = Pattern(700);
  expected.insert(expected.end(), expected.begin(), expected.begin() + 700);
  EXPECT_EQ(Gunzip(twice, kNoLimit, "f"), expected);
}

TEST(Gunzip, EveryTruncationIsFound) {
  const std::vector<std::byte> packed = Gzip(Pattern(300));
  for (size_t size = 0; size < packed.size(); ++size) {
    EXPECT_THAT([&] { Gunzip(std::span(packed).first(size), kNoLimit, "f.gz"); },
                ThrowsMessage<DataError>(HasSubstr("f.gz: the gzip file is cut off")))
        << size;
  }
}

// Some bits mean nothing (the time, padding): what matters is that no flip changes the content.
TEST(Gunzip, NoFlippedBitPassesWithOtherContent) {
  const std::vector<std::byte> packed = Gzip(Pattern(300));
  size_t found = 0;
  for (size_t bit = 0; bit < 8 * packed.size(); ++bit) {
    std::vector<std::byte> flipped = packed;
    flipped[bit / 8] ^= static_cast<std::byte>(1 << bit % 8);
    try {
      EXPECT_EQ(Gunzip(flipped, kNoLimit, "f.gz"), Pattern(300)) << bit;
    } catch (const DataError& error) {
      EXPECT_THAT(error.what(), StartsWith("f.gz: "));
      ++found;
    }
  }
  EXPECT_GT(found, 8 * packed.size() * 9 / 10);
}

TEST(Gunzip, ADamagedFileIsNamed) {
  std::vector<std::byte> packed = Gzip(Pattern(300));
  packed[packed.size() - 8] ^= std::byte{1};  // of the checksum
  EXPECT_THAT([&] { Gunzip(packed, kNoLimit, "f.gz"); },
              ThrowsMessage<DataError>(HasSubstr("f.gz: the gzip data is damaged")));
}

TEST(Gunzip, WhatFollowsTheLastMemberIsFound) {
  std::vector<std::byte> packed = Gzip(Pattern(300));
  packed.resize(packed.size() + 3);
  EXPECT_THAT([&] { Gunzip(packed, kNoLimit, "f.gz"); },
              ThrowsMessage<DataError>(HasSubstr("f.gz: 3 bytes follow the end")));
}

TEST(LargestUnpackedSize, HoldsForTheMostCompressibleFile) {
  const std::vector<std::byte> zeros(10'000'000);
  EXPECT_LE(zeros.size(), LargestUnpackedSize(Gzip(zeros).size()));
}

}  // namespace
}  // namespace lockstep
