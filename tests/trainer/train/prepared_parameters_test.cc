#include "trainer/train/prepared_parameters.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "comm/node_barrier.h"
#include "tests/mpi/node_layouts.h"
#include "tests/trainer/nn/lone_executor.h"
#include "trainer/nn/layers/conv2d.h"
#include "trainer/nn/layers/linear.h"

namespace lockstep {
namespace {

Net NetOfConvolutions(int count) {
  Net net({.channels = 16, .height = 8, .width = 8}, 4);
  for (int i = 0; i < count; ++i) {
    net.Add("conv" + std::to_string(i),
            std::make_unique<Conv2d>(Conv2dOptions{.filters = 16 + 16 * i,
                                                   .kernel_height = 3,
                                                   .kernel_width = 3,
                                                   .padding_height = 1,
                                                   .padding_width = 1}),
            {i - 1});
  }
  net.Add("fc", std::make_unique<Linear>(LinearOptions{.units = 3}), {count - 1});
  return net;
}

std::vector<float> Values(const Net& net, uint64_t seed) {
  std::vector<float> values(static_cast<size_t>(net.parameters().value_count()));
  Initialize(net.parameters(), seed, values);
  return values;
}

std::vector<float> Output(NetExecutor* executor) {
  const Shape& shape = executor->plan().net().input();
  const std::vector<float> image(static_cast<size_t>(shape.size()), 0.5F);
  const auto output = executor->Forward({}, {image.data(), 1, shape}).values();
  return {output.begin(), output.end()};
}

class PreparedParametersTest : public testing::TestWithParam<NodeLayout> {
 protected:
  comm::Communicator world_ = comm::Communicator::World(GetParam().most_in_node);
};

INSTANTIATE_TEST_SUITE_P(On, PreparedParametersTest, testing::ValuesIn(kNodeLayouts),
                         NodeLayoutName);

// What an executor computes that nobody has prepared anything for but itself, is what all compute.
TEST_P(PreparedParametersTest, AllRanksComputeWithWhatTheyHavePreparedTogether) {
  const Net net = NetOfConvolutions(5);
  const ExecutionPlan plan(net, Phase::kTraining);
  ASSERT_GT(plan.prepared_bytes(), 0);
  LoneExecutor lone(net, Phase::kTraining);
  NetExecutor executor(plan);
  comm::NodeBarrier barrier(world_);
  for (const int threads : {1, 2, 1 + world_.rank()}) {
    WorkerPool workers(threads, [](int) {});
    PreparedParameters prepared(plan, &workers, world_);
    for (const uint64_t seed : {1, 2, 3}) {
      const std::vector<float> values = Values(net, seed);
      lone.SetParameters(values);
      prepared.Prepare(values);
      executor.SetParameters(values, prepared.bytes());
      EXPECT_EQ(Output(&executor), Output(&lone)) << threads << " threads, seed " << seed;
      barrier.Wait();  // before anybody prepares again
    }
  }
}

TEST_P(PreparedParametersTest, ANetMayHaveNothingToPrepare) {
  const Net net = NetOfConvolutions(0);
  const ExecutionPlan plan(net, Phase::kTraining);
  WorkerPool workers(1, [](int) {});
  PreparedParameters prepared(plan, &workers, world_);
  prepared.Prepare(Values(net, 1));
  EXPECT_TRUE(prepared.bytes().empty());
}

}  // namespace
}  // namespace lockstep
