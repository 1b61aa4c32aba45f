// Takes optimiser steps on numbers from standard input, for torch_test.py to compare:
//
//   optim_steps LEARNING_RATE WEIGHT_DECAY sgd MOMENTUM NESTEROV
//   optim_steps LEARNING_RATE WEIGHT_DECAY adam BETA1 BETA2 EPSILON
//
// Reads the number of parameters, their values, and gradients until the end; prints the values
// after each gradient's step on a line.

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <iostream>
#include <memory>
#include <string>
#include <vector>

#include "trainer/optim/adam.h"
#include "trainer/optim/sgd.h"

namespace lockstep {
namespace {

std::unique_ptr<Optimizer> MakeOptimizer(const std::vector<std::string>& arguments,
                                         size_t parameters) {
  const auto number = [&arguments](size_t i) { return std::stod(arguments.at(i)); };
  if (arguments.at(2) == "adam") {
    return std::make_unique<Adam>(AdamOptions{.beta1 = number(3),
                                              .beta2 = number(4),
                                              .epsilon = number(5),
                                              .weight_decay = number(1)},
                                  parameters);
  }
  return std::make_unique<Sgd>(
      SgdOptions{.momentum = number(3), .nesterov = number(4) != 0, .weight_decay = number(1)},
      parameters);
}

bool Read(std::vector<float>* numbers) {
  for (float& number : *numbers) {
    std::cin >> number;
  }
  return static_cast<bool>(std::cin);
}

void Run(const std::vector<std::string>& arguments) {
  size_t parameters = 0;
  std::cin >> parameters;
  std::vector<float> values(parameters);
  std::vector<float> gradient(parameters);
  const std::unique_ptr<Optimizer> optimizer = MakeOptimizer(arguments, parameters);
  Read(&values);
  for (int64_t step = 1; Read(&gradient); ++step) {
    optimizer->Step({.learning_rate = std::stod(arguments.at(0)),
                     .step = step,
                     .values = values,
                     .gradient = gradient});
    fmt::print("{}\n", fmt::join(values, " "));
  }
}

}  // namespace
}  // namespace lockstep

int main(int argc, char** argv) { lockstep::Run({argv + 1, argv + argc}); }
