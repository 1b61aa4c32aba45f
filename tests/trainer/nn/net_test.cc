#include "trainer/nn/net.h"

#include <gtest/gtest.h>

#include "trainer/base/check.h"
#include "trainer/nn/layers/add.h"
#include "trainer/nn/layers/concat.h"
#include "trainer/nn/layers/linear.h"
#include "trainer/nn/layers/max_pool.h"
#include "trainer/nn/layers/relu.h"

namespace lockstep {
namespace {

constexpr PoolOptions kHalve{
    .kernel_height = 2, .kernel_width = 2, .stride_height = 2, .stride_width = 2};

TEST(Net, KnowsShapesParametersAndOperationsOfItsNodes) {
  Net net({.channels = 3, .height = 4, .width = 6}, 8);
  const int pool = net.Add("pool", std::make_unique<MaxPool>(kHalve), {Net::kInput});
  const int fc1 = net.Add("fc1", std::make_unique<Linear>(LinearOptions{.units = 5}), {pool});
  const int relu = net.Add("relu", std::make_unique<Relu>(), {fc1});
  const int fc2 = net.Add("fc2", std::make_unique<Linear>(LinearOptions{.units = 2}), {relu});

  EXPECT_EQ(ToString(net.shape(Net::kInput)), "3x4x6");
  EXPECT_EQ(ToString(net.shape(pool)), "3x2x3");
  EXPECT_EQ(ToString(net.output()), "2");
  EXPECT_EQ(net.flops(), 18 * 4 + 2 * 18 * 5 + 5 + 2 * 5 * 2);
  EXPECT_EQ(net.parameters().size(), 18 * 5 + 5 + 5 * 2 + 2);
  EXPECT_EQ(net.nodes()[fc2].parameters.offset, 18 * 5 + 5);
  EXPECT_EQ(net.nodes()[fc2].parameters.size, 5 * 2 + 2);
  EXPECT_EQ(net.nodes()[relu].parameters.size, 0);
  EXPECT_EQ(net.parameters().parameters()[2].name, "fc2.weight");
}

TEST(Net, ChecksThatInputsComeBeforeTheNode) {
  Net net({.channels = 3}, 1);
  EXPECT_THROW(net.Add("relu", std::make_unique<Relu>(), {0}), CheckFailure);
  EXPECT_THROW(net.Add("relu", std::make_unique<Relu>(), {-2}), CheckFailure);
}

TEST(Net, ALayerThatDoesNotFitIsNotAdded) {
  Net net({.channels = 3}, 1);
  EXPECT_THROW(net.Add("pool", std::make_unique<MaxPool>(kHalve), {Net::kInput}), LayerError);
  EXPECT_TRUE(net.nodes().empty());
}

TEST(Net, RefusesMoreNumbersThanAnIntCounts) {
  Net large({.channels = 65536, .height = 65536, .width = 65536}, 1);
  try {
    large.Add("relu", std::make_unique<Relu>(), {Net::kInput});
    FAIL() << "added";
  } catch (const LayerError& error) {
    EXPECT_STREQ(error.what(),
                 "input may have at most 2147483647 numbers a sample, is 65536x65536x65536");
  }
  Net doubling({.channels = 40'000, .height = 40'000}, 1);
  try {
    doubling.Add("concat", std::make_unique<Concat>(), {Net::kInput, Net::kInput});
    FAIL() << "added";
  } catch (const LayerError& error) {
    EXPECT_STREQ(error.what(),
                 "output may have at most 2147483647 numbers a sample, is 80000x40000x1");
  }
}

TEST(Net, KnowsWhetherEveryNodeIsUsed) {
  Net net({.channels = 3}, 1);
  const int first = net.Add("first", std::make_unique<Relu>(), {Net::kInput});
  EXPECT_TRUE(net.EveryNodeIsUsed());
  const int second = net.Add("second", std::make_unique<Relu>(), {Net::kInput});
  EXPECT_FALSE(net.EveryNodeIsUsed());
  net.Add("sum", std::make_unique<Add>(), {first, second});
  EXPECT_TRUE(net.EveryNodeIsUsed());
}

}  // namespace
}  // namespace lockstep
