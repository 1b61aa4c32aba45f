#include <gtest/gtest.h>

#include <cstdlib>
#include <memory>
#include <new>
#include <numeric>
#include <vector>

#include "tests/trainer/nn/lone_executor.h"
#include "trainer/nn/layers/add.h"
#include "trainer/nn/layers/avg_pool.h"
#include "trainer/nn/layers/concat.h"
#include "trainer/nn/layers/dropout.h"
#include "trainer/nn/layers/elu.h"
#include "trainer/nn/layers/global_avg_pool.h"
#include "trainer/nn/layers/linear.h"
#include "trainer/nn/layers/max_pool.h"
#include "trainer/nn/layers/relu.h"
#include "trainer/nn/loss.h"

// This program counts its allocations, so it is one of its own.

namespace {

int allocations = 0;

void* Allocate(std::size_t size, std::size_t alignment) {
  ++allocations;
  void* const memory = std::aligned_alloc(alignment, (size + alignment) / alignment * alignment);
  if (memory == nullptr) {
    throw std::bad_alloc();
  }
  return memory;
}

// Not inlined: g++ would see a free of what came from new, and warn.
[[gnu::noinline]] void Free(void* memory) { std::free(memory); }

}  // namespace

void* operator new(std::size_t size) { return Allocate(size, alignof(std::max_align_t)); }
void* operator new(std::size_t size, const std::nothrow_t& /*tag*/) noexcept {
  return Allocate(size, alignof(std::max_align_t));  // std::stable_sort asks for memory so
}
void* operator new(std::size_t size, std::align_val_t alignment) {
  return Allocate(size, static_cast<std::size_t>(alignment));
}
void operator delete(void* memory) noexcept { Free(memory); }
void operator delete(void* memory, std::size_t /*size*/) noexcept { Free(memory); }
void operator delete(void* memory, std::align_val_t /*alignment*/) noexcept { Free(memory); }
void operator delete(void* memory, std::size_t /*size*/, std::align_val_t /*alignment*/) noexcept {
  Free(memory);
}

namespace lockstep {
namespace {

constexpr PoolOptions kHalve{
    .kernel_height = 2, .kernel_width = 2, .stride_height = 2, .stride_width = 2};

TEST(NetExecutor, AllocatesNothingInAStep) {
  Net net({.channels = 3, .height = 8, .width = 8}, 4);
  net.Add("max_pool", std::make_unique<MaxPool>(kHalve), {Net::kInput});
  net.Add("avg_pool", std::make_unique<AvgPool>(kHalve), {Net::kInput});
  net.Add("add", std::make_unique<Add>(), {0, 1, 0});
  net.Add("elu", std::make_unique<Elu>(), {2});
  net.Add("concat", std::make_unique<Concat>(), {2, 3});
  net.Add("dropout", std::make_unique<Dropout>(DropoutOptions()), {4});
  net.Add("mean", std::make_unique<GlobalAvgPool>(), {5});
  net.Add("relu", std::make_unique<Relu>(), {6});
  net.Add("fc", std::make_unique<Linear>(LinearOptions{.units = 5}), {7});
  LoneExecutor executor(net, Phase::kTraining);
  std::vector<float> parameters(net.parameters().size());
  Initialize(net.parameters(), 1, parameters);
  const std::vector<float> input(4 * net.input().size(), 0.5F);
  const std::vector<uint32_t> sample_ids = {1, 2, 3, 4};
  const std::vector<int32_t> labels = {0, 1, 2, 3};
  const MicrobatchContext context{
      .phase = Phase::kTraining, .seed = 1, .step = 1, .sample_ids = sample_ids};
  int nodes = 0;
  const NetExecutor::NodeDone node_done = [&nodes](int) { ++nodes; };
  const auto step = [&] {
    executor.SetParameters(parameters);
    const ConstTensor logits = executor.Forward(context, {input.data(), 4, net.input()});
    SoftmaxCrossEntropy(logits, {.labels = labels}, executor.output_gradient());
    executor.Backward(context, node_done);
  };
  step();  // BLAS may set itself up
  const int before = allocations;
  step();
  step();
  EXPECT_EQ(allocations, before);
  EXPECT_GT(before, 0);
  EXPECT_EQ(nodes, 27);
}

}  // namespace
}  // namespace lockstep
