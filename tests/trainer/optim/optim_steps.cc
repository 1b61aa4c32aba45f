// Takes optimiser steps on numbers from standard input, for torch_test.py to compare:
//
//   optim_steps LEARNING_RATE WEIGHT_DECAY sgd MOMENTUM NESTEROV
//   optim_steps LEARNING_RATE WEIGHT_DECAY adam|adamw BETA1 BETA2 EPSILON
//   optim_steps LEARNING_RATE WEIGHT_DECAY rmsprop SMOOTHING EPSILON MOMENTUM CENTERED
//   optim_steps LEARNING_RATE WEIGHT_DECAY lars MOMENTUM TRUST_COEFFICIENT
//   optim_steps LEARNING_RATE WEIGHT_DECAY lamb BETA1 BETA2 EPSILON
//
// Reads the number of tensors, for each its size and whether it decays, then the values of all, and
// gradients until the end; prints the values after each gradient's step on a line.

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <iostream>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "trainer/optim/adam.h"
#include "trainer/optim/lamb.h"
#include "trainer/optim/lars.h"
#include "trainer/optim/rmsprop.h"
#include "trainer/optim/sgd.h"

namespace lockstep {
namespace {

std::unique_ptr<Optimizer> MakeOptimizer(const std::vector<std::string>& arguments,
                                         const Blocks& blocks) {
  const auto number = [&arguments](size_t i) { return std::stod(arguments.at(i)); };
  const std::string& kind = arguments.at(2);
  if (kind == "adam" || kind == "adamw") {
    const AdamOptions options{.beta1 = number(3),
                              .beta2 = number(4),
                              .epsilon = number(5),
                              .weight_decay = number(1),
                              .decay = kind == "adam" ? AdamDecay::kL2 : AdamDecay::kDecoupled};
    return std::make_unique<Adam>(options, blocks);
  }
  if (kind == "rmsprop") {
    const RmspropOptions options{.smoothing = number(3),
                                 .epsilon = number(4),
                                 .momentum = number(5),
                                 .centered = number(6) != 0,
                                 .weight_decay = number(1)};
    return std::make_unique<Rmsprop>(options, blocks);
  }
  if (kind == "lars") {
    const LarsOptions options{
        .momentum = number(3), .trust_coefficient = number(4), .weight_decay = number(1)};
    return std::make_unique<Lars>(options, blocks);
  }
  if (kind == "lamb") {
    const LambOptions options{
        .beta1 = number(3), .beta2 = number(4), .epsilon = number(5), .weight_decay = number(1)};
    return std::make_unique<Lamb>(options, blocks);
  }
  const SgdOptions options{
      .momentum = number(3), .nesterov = number(4) != 0, .weight_decay = number(1)};
  return std::make_unique<Sgd>(options, blocks);
}

Blocks ReadBlocks() {
  size_t count = 0;
  std::cin >> count;
  Blocks blocks(count);
  size_t begin = 0;
  for (Block& block : blocks) {
    block.begin = begin;
    std::cin >> block.size >> block.decays;
    begin += block.size;
  }
  return blocks;
}

bool Read(std::vector<float>* numbers) {
  for (float& number : *numbers) {
    std::cin >> number;
  }
  return static_cast<bool>(std::cin);
}

void Run(const std::vector<std::string>& arguments) {
  const Blocks blocks = ReadBlocks();
  const size_t parameters = TotalSize(blocks);
  std::vector<float> values(parameters);
  std::vector<float> gradient(parameters);
  const std::unique_ptr<Optimizer> optimizer = MakeOptimizer(arguments, blocks);
  std::vector<std::vector<float>> memory(optimizer->slot_names().size(),
                                         std::vector<float>(parameters));
  const std::vector<std::span<float>> slots(memory.begin(), memory.end());
  Read(&values);
  for (int64_t step = 1; Read(&gradient); ++step) {
    optimizer->Step({.learning_rate = std::stod(arguments.at(0)),
                     .step = step,
                     .values = values,
                     .gradient = gradient,
                     .slots = slots},
                    {.begin = 0, .end = parameters});
    fmt::print("{}\n", fmt::join(values, " "));
  }
}

}  // namespace
}  // namespace lockstep

int main(int argc, char** argv) { lockstep::Run({argv + 1, argv + argc}); }
