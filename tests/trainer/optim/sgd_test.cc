#include "trainer/optim/sgd.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

#include "tests/trainer/optim/optimizer_checks.h"
#include "trainer/base/check.h"

namespace lockstep {
namespace {

using testing::ElementsAre;

TEST(Sgd, PlainStepByHand) {
  std::vector<float> values{1, -2};
  const std::vector<float> gradient{0.5, 4};
  Sgd sgd({}, OneBlock(2));
  sgd.Step({.learning_rate = 0.25, .step = 1, .values = values, .gradient = gradient});
  EXPECT_THAT(values, ElementsAre(0.875F, -3.0F));
}

TEST(Sgd, MomentumStepsByHand) {
  std::vector<float> values{1};
  const std::vector<float> gradient{2};
  Sgd sgd({.momentum = 0.5}, OneBlock(1));
  sgd.Step({.learning_rate = 0.25, .step = 1, .values = values, .gradient = gradient});
  EXPECT_EQ(values[0], 0.5F);  // velocity 2
  sgd.Step({.learning_rate = 0.25, .step = 2, .values = values, .gradient = gradient});
  EXPECT_EQ(values[0], -0.25F);  // velocity 0.5 * 2 + 2 = 3
}

TEST(Sgd, NesterovStepsByHand) {
  std::vector<float> values{1};
  const std::vector<float> gradient{2};
  Sgd sgd({.momentum = 0.5, .nesterov = true}, OneBlock(1));
  sgd.Step({.learning_rate = 0.25, .step = 1, .values = values, .gradient = gradient});
  EXPECT_EQ(values[0], 0.25F);  // velocity 2, direction 2 + 0.5 * 2 = 3
  sgd.Step({.learning_rate = 0.25, .step = 2, .values = values, .gradient = gradient});
  EXPECT_EQ(values[0], -0.625F);  // velocity 3, direction 2 + 0.5 * 3 = 3.5
}

TEST(Sgd, WeightDecayAddsToTheGradient) {
  std::vector<float> values{4};
  const std::vector<float> gradient{1};
  Sgd sgd({.weight_decay = 0.5}, OneBlock(1));
  sgd.Step({.learning_rate = 0.25, .step = 1, .values = values, .gradient = gradient});
  EXPECT_EQ(values[0], 3.25F);  // 4 - 0.25 * (1 + 0.5 * 4)
}

TEST(Sgd, TenStepsAgreeWithDoublePrecision) {
  for (const bool nesterov : {false, true}) {
    const SgdOptions options{.momentum = 0.9, .nesterov = nesterov, .weight_decay = 0.01};
    Sgd sgd(options, OneBlock(kParameters));
    std::vector<double> velocity(kParameters, 0.0);
    ExpectAgreement(&sgd, [&](size_t i, int64_t /*step*/, double value, double gradient) {
      const double g = gradient + options.weight_decay * value;
      velocity[i] = options.momentum * velocity[i] + g;
      return kLearningRate * (nesterov ? g + options.momentum * velocity[i] : velocity[i]);
    });
  }
}

TEST(Sgd, SlotsResumeToTheSameBits) {
  const SgdOptions options{.momentum = 0.9, .nesterov = true, .weight_decay = 0.01};
  Sgd whole(options, OneBlock(kParameters));
  Sgd first(options, OneBlock(kParameters));
  Sgd second(options, OneBlock(kParameters));
  ExpectResumesExactly(&whole, &first, &second);
}

TEST(Sgd, WithoutMomentumThereIsNothingToRemember) {
  EXPECT_TRUE(Sgd({}, OneBlock(5)).slots().empty());
  Sgd sgd({.momentum = 0.9}, OneBlock(5));
  ASSERT_EQ(sgd.slots().size(), 1);
  EXPECT_EQ(sgd.slots()[0].name, "velocity");
  EXPECT_EQ(sgd.slots()[0].values.size(), 5);
}

TEST(Sgd, RefusesArraysOfAnotherSize) {
  std::vector<float> values(3);
  const std::vector<float> gradient(2);
  Sgd sgd({}, OneBlock(3));
  EXPECT_THROW(sgd.Step({.values = values, .gradient = gradient}), CheckFailure);
  EXPECT_THROW(Sgd({}, OneBlock(2)).Step({.values = values, .gradient = gradient}), CheckFailure);
}

}  // namespace
}  // namespace lockstep
