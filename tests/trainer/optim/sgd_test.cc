#include "trainer/optim/sgd.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

#include "tests/trainer/optim/optimizer_checks.h"

namespace lockstep {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(Sgd, PlainStepByHand) {
  Descent sgd(Sgd({}, OneBlock(2)), {1, -2});
  sgd.Step(0.25, {0.5, 4});
  EXPECT_THAT(sgd.values(), ElementsAre(0.875F, -3.0F));
}

TEST(Sgd, MomentumStepsByHand) {
  Descent sgd(Sgd({.momentum = 0.5}, OneBlock(1)), {1});
  sgd.Step(0.25, {2});  // velocity 2
  EXPECT_THAT(sgd.values(), ElementsAre(0.5F));
  sgd.Step(0.25, {2});  // velocity 0.5 * 2 + 2 = 3
  EXPECT_THAT(sgd.values(), ElementsAre(-0.25F));
}

TEST(Sgd, NesterovStepsByHand) {
  Descent sgd(Sgd({.momentum = 0.5, .nesterov = true}, OneBlock(1)), {1});
  sgd.Step(0.25, {2});  // velocity 2, direction 2 + 0.5 * 2 = 3
  EXPECT_THAT(sgd.values(), ElementsAre(0.25F));
  sgd.Step(0.25, {2});  // velocity 3, direction 2 + 0.5 * 3 = 3.5
  EXPECT_THAT(sgd.values(), ElementsAre(-0.625F));
}

TEST(Sgd, WeightDecayAddsToTheGradient) {
  Descent sgd(Sgd({.weight_decay = 0.5}, OneBlock(1)), {4});
  sgd.Step(0.25, {1});
  EXPECT_THAT(sgd.values(), ElementsAre(3.25F));  // 4 - 0.25 * (1 + 0.5 * 4)
}

TEST(Sgd, TenStepsAgreeWithDoublePrecision) {
  for (const bool nesterov : {false, true}) {
    const SgdOptions options{.momentum = 0.9, .nesterov = nesterov, .weight_decay = 0.01};
    std::vector<double> velocity(kParameters, 0.0);
    ExpectAgreement(Sgd(options, OneBlock(kParameters)), [&](size_t i, int64_t /*step*/,
                                                             double value, double gradient) {
      const double g = gradient + options.weight_decay * value;
      velocity[i] = options.momentum * velocity[i] + g;
      return kLearningRate * (nesterov ? g + options.momentum * velocity[i] : velocity[i]);
    });
  }
}

TEST(Sgd, WithoutMomentumThereIsNothingToRemember) {
  EXPECT_THAT(Sgd({}, OneBlock(5)).slot_names(), IsEmpty());
  EXPECT_THAT(Sgd({.momentum = 0.9}, {}).slot_names(), ElementsAre("velocity"));
}

TEST(Sgd, SlotsResumeToTheSameBits) {
  ExpectResumesExactly<Sgd>(SgdOptions{.momentum = 0.9, .nesterov = true, .weight_decay = 0.01},
                            OneBlock(kParameters));
}

// Plain, with momentum, Nesterov's.
std::vector<SgdOptions> SgdKinds() {
  return {{.weight_decay = 0.01},
          {.momentum = 0.9, .weight_decay = 0.01},
          {.momentum = 0.9, .nesterov = true, .weight_decay = 0.01}};
}

TEST(Sgd, AStepInPartsGivesTheBitsOfAWholeOne) {
  for (const SgdOptions& options : SgdKinds()) {
    ExpectSameBitsInParts<Sgd>(options);
  }
}

TEST(Sgd, KeepsToItsPart) {
  for (const SgdOptions& options : SgdKinds()) {
    ExpectKeepsToItsPart<Sgd>(options);
  }
}

TEST(Sgd, RefusesArraysOfAnotherSize) {
  for (const SgdOptions& options : SgdKinds()) {
    ExpectRefusesOtherSizes(Sgd(options, OneBlock(3)));
  }
}

}  // namespace
}  // namespace lockstep
