#include "comm/exact_sum.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <limits>
#include <random>
#include <vector>

namespace lockstep::comm {
namespace {

constexpr float kLargest = 0x1.fffffep14F;  // the float below 2^15

// The definition, with the C library's rounding.
int64_t Quanta(float value) { return std::llrint(std::ldexp(static_cast<double>(value), 36)); }

// One value in an array of its kind, so that vector code and its remainder both see it.
int64_t Added(float value) {
  const std::vector<float> values(11, value);
  std::vector<int64_t> sums(11, 0);
  EXPECT_TRUE(AddExact(values, 0x1p15, sums.data())) << value;
  for (const int64_t sum : sums) {
    EXPECT_EQ(sum, sums.front()) << value;
  }
  return sums.front();
}

TEST(AddExact, QuantumIsOne) {
  EXPECT_EQ(Added(0x1p-36F), 1);
  EXPECT_EQ(Added(-0x1p-36F), -1);
  EXPECT_EQ(Added(1.0F), int64_t{1} << 36);
}

TEST(AddExact, TiesGoToTheEvenNumber) {
  EXPECT_EQ(Added(0.5F * 0x1p-36F), 0);
  EXPECT_EQ(Added(1.5F * 0x1p-36F), 2);
  EXPECT_EQ(Added(2.5F * 0x1p-36F), 2);
  EXPECT_EQ(Added(-0.5F * 0x1p-36F), 0);
  EXPECT_EQ(Added(-1.5F * 0x1p-36F), -2);
  EXPECT_EQ(Added(std::nextafter(0.5F * 0x1p-36F, 1.0F)), 1);
}

TEST(AddExact, ZeroAndTheSmallestFloatsAddNothing) {
  EXPECT_EQ(Added(0.0F), 0);
  EXPECT_EQ(Added(-0.0F), 0);
  EXPECT_EQ(Added(std::numeric_limits<float>::denorm_min()), 0);
  EXPECT_EQ(Added(-std::numeric_limits<float>::min()), 0);
}

TEST(AddExact, TheLargestValuesAreExact) {
  EXPECT_EQ(Added(kLargest), (int64_t{1} << 51) - (int64_t{1} << 27));
  EXPECT_EQ(Added(-kLargest), -((int64_t{1} << 51) - (int64_t{1} << 27)));
}

TEST(AddExact, AgreesWithTheLibrarysRoundingOnAnyBitPatternAndLength) {
  std::mt19937 random(5);
  std::vector<float> values;
  while (values.size() < 20'000) {
    const float value = std::bit_cast<float>(static_cast<uint32_t>(random()));
    if (std::fabs(value) < 0x1p15F) {
      values.push_back(value);
    }
  }
  for (const size_t length : {size_t{0}, size_t{1}, size_t{2}, size_t{3}, size_t{7}, size_t{8},
                              size_t{31}, values.size()}) {
    std::vector<int64_t> sums(length + 1);
    for (size_t i = 0; i < sums.size(); ++i) {
      sums[i] = static_cast<int64_t>(i) * 1'000'003 - 7;
    }
    EXPECT_TRUE(AddExact(std::span(values).first(length), 0x1p15, sums.data()));
    for (size_t i = 0; i < length; ++i) {
      ASSERT_EQ(sums[i], static_cast<int64_t>(i) * 1'000'003 - 7 + Quanta(values[i])) << values[i];
    }
    EXPECT_EQ(sums[length], static_cast<int64_t>(length) * 1'000'003 - 7) << "beyond the end";
  }
}

TEST(AddExact, TellsOfOneBadValueWhereverItStands) {
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  for (const float bad : {std::nanf(""), kInfinity, -kInfinity, 0x1p15F, -0x1p15F, 3e38F}) {
    for (size_t at = 0; at < 19; ++at) {
      std::vector<float> values(19, 1.0F);
      values[at] = bad;
      std::vector<int64_t> sums(19, std::numeric_limits<int64_t>::max());
      EXPECT_FALSE(AddExact(values, 0x1p15, sums.data())) << bad << " at " << at;
    }
  }
}

TEST(GradientLimit, IsTheRangeOfOneValueUntilTheSumWouldOverflow) {
  EXPECT_EQ(GradientLimit(1), 0x1p15);
  EXPECT_EQ(GradientLimit(2048), 0x1p15);
  EXPECT_EQ(GradientLimit(4096), 0x1p14);
}

TEST(GradientLimit, SumsOfTheLargestAllowedValuesFitInto64Bits) {
  for (const int64_t terms : {1, 2047, 2049, 3000, 1'000'003}) {
    const float largest = std::nextafter(static_cast<float>(GradientLimit(terms)), 0.0F);
    EXPECT_LE(static_cast<long double>(Quanta(largest)) * static_cast<long double>(terms), 0x1p62L);
  }
}

TEST(FixedPoint, RoundsALossToTheNearestQuantum) {
  EXPECT_EQ(ToFixedPoint(1.0), int64_t{1} << 32);
  EXPECT_EQ(ToFixedPoint(-2.5), -(int64_t{5} << 31));
  EXPECT_EQ(ToFixedPoint(0.5 * kLossQuantum), 0);
  EXPECT_EQ(ToFixedPoint(1.5 * kLossQuantum), 2);
  EXPECT_EQ(FromFixedPoint(ToFixedPoint(147.25)), 147.25);
}

TEST(SetExact, IsAddExactToZeroWhateverStoodThere) {
  std::vector<float> values;
  for (int i = -500; i < 500; ++i) {
    values.push_back(std::ldexp(static_cast<float>(i) / 3, i % 30 - 25));
  }
  std::vector<int64_t> added(values.size());
  std::vector<int64_t> set(values.size(), 77);
  EXPECT_TRUE(AddExact(values, 0x1p15, added.data()));
  EXPECT_TRUE(SetExact(values, 0x1p15, set.data()));
  EXPECT_EQ(set, added);
  values[777] = 0x1p15F;
  EXPECT_FALSE(SetExact(values, 0x1p15, set.data()));
}

}  // namespace
}  // namespace lockstep::comm
