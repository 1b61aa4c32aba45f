#include "trainer/config/overrides.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/trainer/config/config_testing.h"

namespace lockstep {
namespace {

using testing::ElementsAre;
using testing::StartsWith;

v1::Job With(const Overrides& overrides) { return ParseJob(kSmallJob, "job", overrides).job; }
std::string ErrorWith(const std::string& override_argument) {
  return ErrorOf(kSmallJob, {override_argument});
}

TEST(Override, SetsAScalarAnywhere) {
  EXPECT_EQ(With({"seed=18446744073709551615"}).seed(), 18446744073709551615U);
  EXPECT_EQ(With({"optimizer.sgd.learning_rate=2.5e-3"}).optimizer().sgd().learning_rate(), 2.5e-3);
  EXPECT_EQ(With({"reduction=FLOAT32"}).reduction(), v1::Job::FLOAT32);
  EXPECT_FALSE(With({"evaluation.test_at_end=false"}).evaluation().test_at_end());
}

TEST(Override, PicksAnElementOfAList) {
  EXPECT_EQ(With({"model.layer[0].conv2d.stride=2"}).model().layer(0).conv2d().stride_height(), 2);
}

TEST(Override, TakesStringsWithAndWithoutQuotes) {
  EXPECT_EQ(With({"name=other"}).name(), "other");
  EXPECT_EQ(With({"name=\"other\""}).name(), "other");
  EXPECT_EQ(With({"output_directory=/scratch/my runs"}).output_directory(), "/scratch/my runs");
  EXPECT_EQ(With({"data.mnist.directory=a=b"}).data().mnist().directory(), "a=b");
}

TEST(Override, ReplacesTheMemberOfAOneof) {
  const v1::Job digits = With({"data.digits={}"});
  EXPECT_TRUE(digits.data().has_digits());
  EXPECT_EQ(digits.data().digits().train_samples(), 60'000);
  EXPECT_TRUE(With({"data.digits.noise=0"}).data().has_digits());
  EXPECT_EQ(With({"steps=7"}).steps(), 7);
  const v1::Optimizer optimizer = With({"optimizer.adam={}"}).optimizer();
  EXPECT_TRUE(optimizer.has_adam());
  EXPECT_FALSE(optimizer.has_sgd());
}

TEST(Override, ReplacesAWholeMessage) {
  const v1::Job job = With({"data={ digits { test_samples: 5 } holdout { samples: 3 } }"});
  EXPECT_EQ(job.data().digits().test_samples(), 5);
  EXPECT_EQ(job.data().holdout().samples(), 3);
  EXPECT_EQ(
      With({"model.layer[1]={ name: 'relu' elu { alpha: 2 } }"}).model().layer(1).elu().alpha(), 2);
}

TEST(Override, ReplacesAWholeList) {
  const v1::Job job = With({"data.normalization.fixed.mean=[0.5, 0.25]",
                            "data.normalization.fixed.standard_deviation=[1, 2]"});
  EXPECT_THAT(job.data().normalization().fixed().mean(), ElementsAre(0.5, 0.25));
  EXPECT_EQ(With({"model.layer[1].input=conv"}).model().layer(1).input_size(), 1);
  EXPECT_EQ(With({"model.layer=[{ linear { units: 10 } }]"}).model().layer_size(), 1);
}

TEST(Override, ReplacesOneElementOfAListOfValues) {
  EXPECT_THAT(With({"model.layer[1].input=[\"data\"]", "model.layer[1].input[0]=conv"})
                  .model()
                  .layer(1)
                  .input(),
              ElementsAre("conv"));
}

TEST(Override, TheLastOneWins) {
  EXPECT_EQ(With({"seed=1", "seed=2", "seed=3"}).seed(), 3);
  EXPECT_EQ(ErrorOf(kSmallJob, {"epochs=0", "epochs=-1"}),
            "--set epochs=-1: epochs: must be at least 1, is -1");
}

TEST(Override, CanCompleteAFileThatIsNot) {
  const std::string text = Replaced(kSmallJob, "epochs: 2\n", "");
  EXPECT_EQ(ErrorOf(text, {"epochs=3"}), "");
}

TEST(OverrideError, AnArgumentHasAPathAndAValue) {
  EXPECT_EQ(ErrorWith("seed"), "--set seed: must be path.to.field=value");
  EXPECT_EQ(ErrorWith("=3"), "--set =3: must be path.to.field=value");
  EXPECT_EQ(ErrorWith(""), "--set : must be path.to.field=value");
}

TEST(OverrideError, AMisspeltFieldGetsANeighbour) {
  EXPECT_EQ(ErrorWith("optimizer.sgd.learning_rat=0.1"),
            "--set optimizer.sgd.learning_rat=0.1: optimizer.sgd.learning_rat: is unknown; did you "
            "mean learning_rate? possible here: learning_rate, momentum, nesterov");
  EXPECT_EQ(
      ErrorWith("optimiser.sgd.momentum=0"),
      "--set optimiser.sgd.momentum=0: optimiser: is unknown; did you mean optimizer? possible "
      "here: name, seed, model, data, loss, global_batch, microbatch, epochs, steps, optimizer, "
      "schedule, regularization, weight_average, reduction, evaluation, checkpoint, metrics, "
      "output_directory");
  EXPECT_THAT(ErrorWith("data..seed=1"), StartsWith("--set data..seed=1: data.: is unknown;"));
  EXPECT_EQ(ErrorWith("data={ digits { nose: 1 } }"),
            "--set data={ digits { nose: 1 } }: data.digits.nose: is unknown; did you mean noise? "
            "possible here: train_samples, test_samples, noise, seed");
}

TEST(OverrideError, IndicesExist) {
  EXPECT_EQ(ErrorWith("model.layer[4].relu={}"),
            "--set model.layer[4].relu={}: model.layer[4]: must be from [0] to [3]");
  EXPECT_EQ(ErrorWith("model.layer[-1].relu={}"),
            "--set model.layer[-1].relu={}: model.layer[-1]: must be from [0] to [3]");
  EXPECT_EQ(
      ErrorWith("model.layer[1].input[0]=conv"),
      "--set model.layer[1].input[0]=conv: model.layer[1].input[0]: is beyond the list, which is "
      "empty");
  for (const char* index : {"[]", "[x]", "[1", "[1x]", "[99999999999]"}) {
    const std::string argument = std::string("model.layer") + index + ".name=x";
    EXPECT_EQ(
        ErrorWith(argument),
        "--set " + argument + ": model.layer: must have a whole number in brackets, has " + index);
  }
}

TEST(OverrideError, APathFitsTheKindOfEachField) {
  EXPECT_EQ(ErrorWith("model.layer.name=x"),
            "--set model.layer.name=x: model.layer: is a list: say which element, as in "
            "model.layer[0]");
  EXPECT_EQ(ErrorWith("epochs[0]=1"), "--set epochs[0]=1: epochs: is not a list: leave out [0]");
  EXPECT_EQ(ErrorWith("seed.x=1"), "--set seed.x=1: seed: is a value and has no fields");
}

TEST(OverrideError, TheValueFitsTheField) {
  EXPECT_EQ(ErrorWith("epochs="), "--set epochs=: epochs: must be a whole number below 2^63");
  EXPECT_EQ(ErrorWith("epochs=ten"),
            "--set epochs=ten: epochs: must be a whole number below 2^63, is ten");
  EXPECT_EQ(ErrorWith("data.mnist=5"), "--set data.mnist=5: data.mnist: must be { ... }, is 5");
  EXPECT_EQ(ErrorWith("reduction=EXCAT"),
            "--set reduction=EXCAT: reduction: must be one of EXACT, FLOAT32, is EXCAT");
  EXPECT_EQ(
      ErrorWith("model.layer[1].relu={"),
      "--set model.layer[1].relu={: model.layer[1].relu: is not protobuf text format: Expected "
      "identifier, got: the end of the text");
  EXPECT_EQ(
      ErrorWith("model.layer[0]={ conv2d { filters: x } }"),
      "--set model.layer[0]={ conv2d { filters: x } }: model.layer[0].conv2d.filters: must be a "
      "whole number below 2^31, is x");
}

TEST(OverrideError, OneArgumentSetsOneField) {
  EXPECT_EQ(ErrorWith("epochs=3 seed: 4"),
            "--set epochs=3 seed: 4: epochs: must be one value, is 3 seed: 4");
  EXPECT_EQ(ErrorWith("model.layer[0]={} layer {}"),
            "--set model.layer[0]={} layer {}: model.layer[0]: must be one value, is {} layer {}");
}

TEST(OverrideError, WhatIsFoundLaterNamesTheArgument) {
  EXPECT_EQ(
      ErrorWith("optimizer.sgd.learning_rate=-1"),
      "--set optimizer.sgd.learning_rate=-1: optimizer.sgd.learning_rate: must be greater than "
      "0, is -1");
  EXPECT_EQ(ErrorWith("reduction=99"),
            "--set reduction=99: reduction: must be one of EXACT, FLOAT32, is 99");
  EXPECT_EQ(ErrorWith("data.hdf5.train_file=a.h5"),
            "--set data.hdf5.train_file=a.h5: data.hdf5.test_file: must be set");
}

}  // namespace
}  // namespace lockstep
