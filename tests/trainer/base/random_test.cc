#include "trainer/base/random.h"

#include <gtest/gtest.h>

#include <cmath>
#include <span>
#include <vector>

namespace lockstep {
namespace {

RandomStream Stream(uint64_t seed, uint32_t sample = 0) {
  return {seed, {.purpose = Purpose::kAugment, .layer = 3, .time = 7, .sample = sample}};
}

TEST(RandomStream, SameKeySameNumbers) {
  RandomStream a = Stream(1);
  RandomStream b = Stream(1);
  for (int i = 0; i < 100; ++i) {
    EXPECT_EQ(a.Next(), b.Next());
  }
}

TEST(RandomStream, EveryPartOfTheKeyMatters) {
  const auto first = Stream(1).Block(0);
  EXPECT_NE(first, Stream(2).Block(0));
  EXPECT_NE(first, Stream(uint64_t{1} << 40).Block(0));
  EXPECT_NE(first, Stream(1, 1).Block(0));
  EXPECT_NE(first, Stream(1).Block(1));
  RandomStream::Key key{.purpose = Purpose::kAugment, .layer = 4, .time = 7};
  EXPECT_NE(first, RandomStream(1, key).Block(0));
  key = {.purpose = Purpose::kDropout, .layer = 3, .time = 7};
  EXPECT_NE(first, RandomStream(1, key).Block(0));
  key = {.purpose = Purpose::kAugment, .layer = 3, .time = 8};
  EXPECT_NE(first, RandomStream(1, key).Block(0));
}

TEST(RandomStream, NextWalksThroughTheBlocks) {
  RandomStream stream = Stream(5);
  for (uint32_t block = 0; block < 3; ++block) {
    for (const uint32_t draw : stream.Block(block)) {
      EXPECT_EQ(stream.Next(), draw);
    }
  }
}

TEST(RandomStream, FillingGivesTheBlocksDraws) {
  const RandomStream stream = Stream((uint64_t{7} << 32) + 0xFFFFFFF0, 9);
  for (const uint32_t first : {0U, 1U, 1000U, 0xFFFFFFFEU}) {
    for (const size_t count : {0, 1, 4, 31, 32, 33, 64, 131}) {
      std::vector<uint32_t> draws(count + 1, 77);
      stream.Fill(first, std::span(draws).first(count));
      for (size_t i = 0; i < count; ++i) {
        ASSERT_EQ(draws[i], stream.Block(first + static_cast<uint32_t>(i / 4))[i % 4])
            << first << " " << count << " " << i;
      }
      EXPECT_EQ(draws[count], 77U);  // and nothing behind them
    }
  }
}

TEST(RandomStream, UniformStaysBelowOne) {
  EXPECT_EQ(ToUniform(0), 0.0F);
  EXPECT_LT(ToUniform(0xFFFFFFFFU), 1.0F);
}

TEST(RandomStream, BelowCoversTheRangeEvenly) {
  RandomStream stream = Stream(11);
  std::vector<int> counts(6);
  for (int i = 0; i < 60'000; ++i) {
    ++counts.at(stream.Below(6));
  }
  for (const int count : counts) {
    EXPECT_NEAR(count, 10'000, 500);  // five standard deviations
  }
}

TEST(RandomStream, NormalHasMeanZeroAndVarianceOne) {
  RandomStream stream = Stream(13);
  double sum = 0;
  double squares = 0;
  constexpr int kDraws = 100'000;
  for (int i = 0; i < kDraws; ++i) {
    const double x = stream.Normal();
    ASSERT_TRUE(std::isfinite(x));
    sum += x;
    squares += x * x;
  }
  EXPECT_NEAR(sum / kDraws, 0.0, 0.02);
  EXPECT_NEAR(squares / kDraws, 1.0, 0.03);
}

}  // namespace
}  // namespace lockstep
