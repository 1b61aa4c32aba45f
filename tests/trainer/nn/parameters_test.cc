#include "trainer/nn/parameters.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

#include "trainer/base/check.h"

namespace lockstep {
namespace {

ParameterSpec Vector(int64_t size, Initializer initializer = {}, Fan fan = {}) {
  return {.name = "weight",
          .memory_dims = {size},
          .export_axes = {0},
          .export_dims = {size},
          .initializer = initializer,
          .fan = fan};
}

// 0, 1, 2, ... in memory.
std::vector<float> Counting(const ParameterLayout& layout) {
  std::vector<float> values(layout.size());
  std::iota(values.begin(), values.end(), 0.0F);
  return values;
}

std::vector<float> Initialized(const ParameterLayout& layout, uint64_t seed) {
  std::vector<float> values(layout.size());
  Initialize(layout, seed, values);
  return values;
}

struct Statistics {
  double mean = 0;
  double variance = 0;
  double largest = 0;  // absolute value
};

Statistics StatisticsOf(const std::vector<float>& values) {
  Statistics statistics;
  for (const float value : values) {
    statistics.mean += value / static_cast<double>(values.size());
    statistics.largest = std::max(statistics.largest, std::abs(double{value}));
  }
  for (const float value : values) {
    statistics.variance += std::pow(value - statistics.mean, 2) / double(values.size());
  }
  return statistics;
}

TEST(ParameterLayout, LaysParametersOneBehindTheOther) {
  ParameterLayout layout;
  const ParameterSlice first = layout.Add("conv1", Vector(7));
  const ParameterSlice second = layout.Add("conv2", Vector(3));
  EXPECT_EQ(first.offset, 0);
  EXPECT_EQ(second.offset, 7);
  EXPECT_EQ(second.size, 3);
  EXPECT_EQ(layout.size(), 10);
  EXPECT_EQ(layout.parameters()[1].name, "conv2.weight");
}

TEST(ParameterLayout, LaysBuffersBehindTheParameters) {
  ParameterLayout layout;
  layout.Add("conv1", Vector(7));
  layout.AddBuffer("bn1", {.name = "running_mean", .size = 2});
  const ParameterSlice second =
      layout.AddBuffer("bn2", {.name = "running_var", .size = 3, .initial = 1});
  layout.Add("conv2", Vector(4));
  EXPECT_EQ(second.offset, 2);
  EXPECT_EQ(layout.buffers()[1].name, "bn2.running_var");
  EXPECT_EQ(layout.size(), 11);
  EXPECT_EQ(layout.value_count(), 16);
  std::vector<float> values(16, NAN);
  Initialize(layout, 1, values);
  EXPECT_EQ(std::vector<float>(values.begin() + 11, values.end()),
            (std::vector<float>{0, 0, 1, 1, 1}));
}

TEST(ParameterLayout, AStepMovesBuffersTowardsItsMeans) {
  const std::vector<float> means{8, 0, 3};
  ParameterLayout layout;
  layout.AddBuffer("bn1", {.name = "running_mean", .size = 2, .momentum = 0.25});
  layout.AddBuffer("bn1", {.name = "running_var", .size = 1, .momentum = 1});
  std::vector<float> buffers{4, 8, 1};
  UpdateBuffers(layout, 0, means, buffers);
  EXPECT_EQ(buffers, (std::vector<float>{5, 6, 3}));
}

TEST(ParameterLayout, BuffersMoveInPartsAsTheyDoTogether) {
  const std::vector<float> means{8, 0, 3};
  ParameterLayout layout;
  layout.AddBuffer("bn1", {.name = "running_mean", .size = 2, .momentum = 0.25});
  layout.AddBuffer("bn1", {.name = "running_var", .size = 1, .momentum = 1});
  std::vector<float> buffers{4, 8, 1};
  UpdateBuffers(layout, 1, std::span(means).subspan(1), std::span(buffers).subspan(1));
  EXPECT_EQ(buffers, (std::vector<float>{4, 6, 3}));
  UpdateBuffers(layout, 0, std::span(means).first(1), std::span(buffers).first(1));
  EXPECT_EQ(buffers, (std::vector<float>{5, 6, 3}));
  EXPECT_THROW(UpdateBuffers(layout, 1, means, buffers), CheckFailure);
}

TEST(ParameterLayout, ChecksThatAxesAreAPermutation) {
  ParameterLayout layout;
  ParameterSpec twice{
      .name = "weight", .memory_dims = {2, 2}, .export_axes = {0, 0}, .export_dims = {4}};
  EXPECT_THROW(layout.Add("layer", twice), CheckFailure);
  ParameterSpec other_size{
      .name = "weight", .memory_dims = {2, 2}, .export_axes = {1, 0}, .export_dims = {3}};
  EXPECT_THROW(layout.Add("layer", other_size), CheckFailure);
}

// Height 2, width 1, 2 input channels, 3 output channels.
TEST(ExportParameter, WritesAConvolutionAsOutputInputHeightWidth) {
  ParameterLayout layout;
  layout.Add("other", Vector(1));
  layout.Add("conv", {.name = "weight",
                      .memory_dims = {2, 1, 2, 3},
                      .export_axes = {3, 2, 0, 1},
                      .export_dims = {3, 2, 2, 1}});
  // Element (h, i, o) has the value 1 + 6h + 3i + o.
  EXPECT_EQ(ExportParameter(layout.parameters()[1], Counting(layout)),
            (std::vector<float>{1, 7, 4, 10,  //
                                2, 8, 5, 11,  //
                                3, 9, 6, 12}));
}

// Height 1, width 2, 3 channels, 2 units.
TEST(ExportParameter, WritesALinearLayerAsUnitsOverChannelsHeightWidth) {
  ParameterLayout layout;
  layout.Add("fc", {.name = "weight",
                    .memory_dims = {1, 2, 3, 2},
                    .export_axes = {3, 2, 0, 1},
                    .export_dims = {2, 6}});
  // Element (w, c, unit) has the value 6w + 2c + unit.
  EXPECT_EQ(ExportParameter(layout.parameters()[0], Counting(layout)),
            (std::vector<float>{0, 6, 2, 8, 4, 10,  //
                                1, 7, 3, 9, 5, 11}));
}

TEST(ImportParameter, UndoesExportAndTouchesNothingElse) {
  ParameterLayout layout;
  layout.Add("first", Vector(2));
  layout.Add("conv", {.name = "weight",
                      .memory_dims = {3, 2, 4, 5},
                      .export_axes = {3, 2, 0, 1},
                      .export_dims = {5, 4, 3, 2}});
  layout.Add("last", Vector(2));
  const std::vector<float> values = Counting(layout);
  std::vector<float> copy(values.size(), -1);
  const Parameter& parameter = layout.parameters()[1];
  ImportParameter(parameter, ExportParameter(parameter, values), copy);
  for (int64_t i = 0; i < layout.size(); ++i) {
    const bool inside = i >= parameter.slice.offset && i < layout.size() - 2;
    EXPECT_EQ(copy[i], inside ? values[i] : -1) << i;
  }
}

TEST(ImportParameter, ChecksTheSize) {
  ParameterLayout layout;
  layout.Add("layer", Vector(3));
  std::vector<float> flat(3);
  EXPECT_THROW(ImportParameter(layout.parameters()[0], std::vector<float>(2), flat), CheckFailure);
}

TEST(Initialize, HasTheVarianceOfItsDistribution) {
  constexpr int64_t kSize = 40'000;
  constexpr Fan kFan{.in = 50, .out = 30};
  const std::vector<std::pair<Distribution, double>> cases = {
      {Distribution::kHeNormal, 2.0 / 50},
      {Distribution::kHeUniform, 2.0 / 50},
      {Distribution::kXavierNormal, 2.0 / 80},
      {Distribution::kXavierUniform, 2.0 / 80},
  };
  for (const auto& [distribution, variance] : cases) {
    ParameterLayout layout;
    layout.Add("layer", Vector(kSize, {.distribution = distribution}, kFan));
    const Statistics statistics = StatisticsOf(Initialized(layout, 1));
    EXPECT_NEAR(statistics.mean, 0, 5 * std::sqrt(variance / kSize));
    EXPECT_NEAR(statistics.variance / variance, 1, 0.04);
    const bool uniform =
        distribution == Distribution::kHeUniform || distribution == Distribution::kXavierUniform;
    if (uniform) {
      EXPECT_LE(statistics.largest, std::sqrt(3 * variance) * (1 + 1e-6));
      EXPECT_GT(statistics.largest, std::sqrt(3 * variance) * 0.99);
    } else {
      EXPECT_GT(statistics.largest, 3.5 * std::sqrt(variance));
    }
  }
}

TEST(Initialize, ConstantIsThatConstant) {
  ParameterLayout layout;
  layout.Add("layer", Vector(3, {.distribution = Distribution::kConstant, .constant = 0.5F}));
  EXPECT_EQ(Initialized(layout, 1), (std::vector<float>{0.5F, 0.5F, 0.5F}));
}

TEST(Initialize, SameSeedSameBits) {
  ParameterLayout layout;
  layout.Add("layer", Vector(100));
  EXPECT_EQ(Initialized(layout, 7), Initialized(layout, 7));
  EXPECT_NE(Initialized(layout, 7), Initialized(layout, 8));
}

TEST(Initialize, ParametersOfOneShapeDiffer) {
  ParameterLayout layout;
  layout.Add("first", Vector(100));
  layout.Add("second", Vector(100));
  const std::vector<float> values = Initialized(layout, 7);
  EXPECT_FALSE(std::equal(values.begin(), values.begin() + 100, values.begin() + 100));
}

TEST(Initialize, WhatFollowsDoesNotChangeWhatComesBefore) {
  ParameterLayout layout;
  layout.Add("first", Vector(100));
  const std::vector<float> alone = Initialized(layout, 7);
  layout.Add("second", Vector(50));
  std::vector<float> together = Initialized(layout, 7);
  together.resize(100);
  EXPECT_EQ(together, alone);
}

TEST(Initialize, DoesNotDependOnTheOrderInMemory) {
  ParameterLayout as_exported;
  as_exported.Add("conv", {.name = "weight",
                           .memory_dims = {5, 4, 3, 2},
                           .export_axes = {0, 1, 2, 3},
                           .export_dims = {5, 4, 3, 2}});
  ParameterLayout permuted;
  permuted.Add("conv", {.name = "weight",
                        .memory_dims = {3, 2, 4, 5},
                        .export_axes = {3, 2, 0, 1},
                        .export_dims = {5, 4, 3, 2}});
  const std::vector<float> values = Initialized(permuted, 7);
  EXPECT_NE(values, Initialized(as_exported, 7));
  EXPECT_EQ(ExportParameter(permuted.parameters()[0], values), Initialized(as_exported, 7));
}

}  // namespace
}  // namespace lockstep
