#include "trainer/tensor/tensor.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <vector>

#include "trainer/tensor/aligned_buffer.h"

namespace lockstep {
namespace {

TEST(Shape, SizeDoesNotOverflowAnInt) {
  EXPECT_EQ((Shape{.channels = 65536, .height = 65536, .width = 3}).size(), int64_t{3} << 32);
}

TEST(Shape, IsWrittenAsChannelsHeightWidth) {
  EXPECT_EQ(ToString({.channels = 16, .height = 5, .width = 4}), "16x5x4");
  EXPECT_EQ(ToString({.channels = 120}), "120");
  EXPECT_EQ(ToString({.channels = 3, .height = 1, .width = 2}), "3x1x2");
}

TEST(Tensor, SamplesLieOneBehindTheOther) {
  std::vector<float> memory(2 * 3 * 4 * 5);
  const Tensor tensor{memory.data(), 2, {.channels = 3, .height = 4, .width = 5}};
  EXPECT_EQ(tensor.size(), 120);
  EXPECT_EQ(tensor.values().size(), memory.size());
  EXPECT_EQ(tensor.sample(1), memory.data() + 60);
}

TEST(Tensor, WithoutDataIsFalse) {
  EXPECT_FALSE(Tensor());
  float value = 0;
  EXPECT_TRUE((Tensor{&value, 1, {}}));
}

TEST(AlignedBuffer, BeginsOnACacheLineAndIsZero) {
  for (const size_t size : {1, 3, 1000}) {
    const AlignedBuffer<float> buffer(size);
    EXPECT_EQ(reinterpret_cast<uintptr_t>(buffer.data()) % 64, 0U);
    EXPECT_EQ(buffer.span().size(), size);
    EXPECT_EQ(std::ranges::count(buffer.span(), 0.0F), static_cast<int64_t>(size));
  }
}

TEST(AlignedBuffer, MayBeEmpty) {
  EXPECT_TRUE(AlignedBuffer<float>().span().empty());
  EXPECT_TRUE(AlignedBuffer<float>(0).span().empty());
}

}  // namespace
}  // namespace lockstep
