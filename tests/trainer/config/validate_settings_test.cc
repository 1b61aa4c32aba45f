// Settings that are wrong by themselves or contradict another.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/trainer/config/config_testing.h"

namespace lockstep {
namespace {

TEST(ValidateSettings, TheSmallJobIsValid) { EXPECT_EQ(ErrorOf(kSmallJob), ""); }

TEST(ValidateSettings, EverythingThatIsMissingIsReportedAtOnce) {
  EXPECT_EQ(ErrorOf("seed: 3"),
            "job:1:1: name: must be set\n"
            "job:1:1: model: must be set\n"
            "job:1:1: data: must be set\n"
            "job:1:1: optimizer: must be set\n"
            "job:1:1: must set one of epochs, steps");
}

TEST(ValidateSettings, WhatIsMissingInAMessageIsReportedAtTheMessage) {
  EXPECT_EQ(ErrorAfter("units: 10", ""), "job:6:22: model.layer[3].linear.units: must be set");
  EXPECT_EQ(ErrorAfter("relu {}", ""),
            "job:4:3: model.layer[1]: must set one of conv2d, linear, max_pool, avg_pool, "
            "global_avg_pool, relu, leaky_relu, elu, sigmoid, tanh, dropout, add, concat, "
            "batch_norm, relu6, softmax, local_response_norm, pad, global_max_pool");
  EXPECT_EQ(ErrorAfter("mnist {}", ""), "job:8:1: data: must set one of mnist, digits, hdf5");
  EXPECT_EQ(ErrorAfter("sgd { learning_rate: 0.1 }", ""),
            "job:10:1: optimizer: must set one of sgd, adam, adamw, rmsprop, lars, lamb");
  EXPECT_EQ(ErrorAfter("learning_rate: 0.1", ""),
            "job:10:13: optimizer.sgd.learning_rate: must be set");
  EXPECT_EQ(ErrorAfter("epochs: 2", "epochs: 2 schedule { step {} }"),
            "job:9:22: schedule.step: must set one of every_epochs, every_steps");
  EXPECT_EQ(ErrorAfter("mnist {}", "hdf5 { train_file: 'a.h5' }"),
            "job:8:8: data.hdf5.test_file: must be set");
}

TEST(ValidateSettings, LimitsAreKeptOnBothSides) {
  EXPECT_EQ(ErrorAfter("kernel: 3", "kernel: 3 stride: 0"),
            "job:3:54: model.layer[0].conv2d.stride: must be at least 1, is 0");
  EXPECT_EQ(ErrorAfter("kernel: 3", "kernel: -3"),
            "job:3:44: model.layer[0].conv2d.kernel: must be at least 1, is -3");
  EXPECT_EQ(ErrorAfter("epochs: 2", "epochs: 2 global_batch: 99999999"),
            "job:9:11: global_batch: must be at most 16777216, is 99999999");
  EXPECT_EQ(ErrorAfter("0.1", "0"),
            "job:10:19: optimizer.sgd.learning_rate: must be greater than 0, is 0");
  EXPECT_EQ(ErrorAfter("0.1", "0.1 momentum: 1"),
            "job:10:38: optimizer.sgd.momentum: must be less than 1, is 1");
  EXPECT_EQ(ErrorAfter("relu {}", "dropout { rate: 1 }"),
            "job:4:34: model.layer[1].dropout.rate: must be less than 1, is 1");
  EXPECT_EQ(ErrorAfter("relu {}", "dropout { rate: 0 }"), "");
  EXPECT_EQ(ErrorAfter("epochs: 2", "epochs: 0"), "job:9:1: epochs: must be at least 1, is 0");
  EXPECT_EQ(ErrorAfter("epochs: 2", "steps: -7"), "job:9:1: steps: must be at least 1, is -7");
}

TEST(ValidateSettings, NumbersMustBeFinite) {
  EXPECT_EQ(ErrorAfter("0.1", "nan"),
            "job:10:19: optimizer.sgd.learning_rate: must be finite, is nan");
  EXPECT_EQ(ErrorAfter("0.1", "inf"),
            "job:10:19: optimizer.sgd.learning_rate: must be finite, is inf");
  EXPECT_EQ(ErrorAfter("0.1", "1e999"),
            "job:10:19: optimizer.sgd.learning_rate: must be finite, is inf");
  EXPECT_EQ(ErrorAfter("0.1", "0.1 momentum: -infinity"),
            "job:10:38: optimizer.sgd.momentum: must be finite, is -inf");
}

TEST(ValidateSettings, EachValueOfAListIsHeldAgainstTheLimits) {
  EXPECT_EQ(
      ErrorAfter("mnist {}",
                 "mnist {} normalization { fixed {\n"
                 "mean: [0, nan] standard_deviation: [1, 0] } }"),
      "job:9:11: data.normalization.fixed.mean[1]: must be finite, is nan\n"
      "job:9:40: data.normalization.fixed.standard_deviation[1]: must be greater than 0, is 0");
}

TEST(ValidateSettings, EnumsAreKnownAndSpecified) {
  EXPECT_EQ(ErrorAfter("epochs: 2", "epochs: 2 reduction: 99"),
            "job:9:11: reduction: must be one of EXACT, FLOAT32, is 99");
  EXPECT_EQ(ErrorAfter("epochs: 2", "epochs: 2 reduction: REDUCTION_UNSPECIFIED"),
            "job:9:11: reduction: must be one of EXACT, FLOAT32, is REDUCTION_UNSPECIFIED");
  EXPECT_EQ(ErrorAfter("mnist {}", "mnist { digest: 0 }"),
            "job:8:16: data.mnist.digest: must be one of REQUIRED, IGNORED, is DIGEST_UNSPECIFIED");
}

TEST(ValidateSettings, StringsHoldSomethingPrintable) {
  EXPECT_EQ(ErrorAfter("epochs: 2", "epochs: 2 output_directory: ''"),
            "job:9:11: output_directory: must not be empty");
  EXPECT_EQ(ErrorAfter("mnist {}", R"(mnist { directory: "a\000b" })"),
            "job:8:16: data.mnist.directory: must not contain control characters");
  EXPECT_EQ(ErrorAfter("mnist {}", "mnist { directory: '/daten/z\u00fcrich' }"), "");
}

TEST(ValidateSettings, TheNameMakesAGoodDirectory) {
  EXPECT_EQ(ErrorAfter("\"small\"", "''"), "job:1:1: name: must not be empty");
  EXPECT_EQ(ErrorAfter("small", "a/b"),
            "job:1:1: name: must consist of letters, digits, '.', '_' and '-', is a/b");
  EXPECT_EQ(ErrorAfter("small", ".."), "job:1:1: name: must begin with a letter or a digit, is ..");
  EXPECT_EQ(ErrorAfter("small", "-rf"),
            "job:1:1: name: must begin with a letter or a digit, is -rf");
  EXPECT_EQ(ErrorAfter("small", std::string(101, 'x')),
            "job:1:1: name: must have at most 100 characters, has 101");
  EXPECT_EQ(ErrorAfter("small", "Run_1.seed-2"), "");
}

TEST(ValidateJob, AMicrobatchFitsIntoTheGlobalBatch) {
  EXPECT_EQ(ErrorAfter("epochs: 2", "epochs: 2\nglobal_batch: 16\nmicrobatch: 32"),
            "job:11:1: microbatch: must be at most global_batch (16), is 32");
  EXPECT_EQ(ErrorAfter("epochs: 2", "epochs: 2 global_batch: 16"), "");
  EXPECT_EQ(ErrorAfter("epochs: 2", "epochs: 2 global_batch: 50"), "");  // no multiple of 32
}

TEST(ValidateJob, SomethingIsLeftToTrainOn) {
  EXPECT_EQ(ErrorAfter("mnist {}", "digits { train_samples: 100 } holdout { samples: 100 }"),
            "job:8:48: data.holdout.samples: must be less than data.digits.train_samples (100), is "
            "100");
  EXPECT_EQ(ErrorAfter("mnist {}", "mnist {} holdout { fraction: 1 }"),
            "job:8:27: data.holdout.fraction: must be less than 1, is 1");
}

TEST(ValidateJob, MeanAndStandardDeviationAreOfAsManyChannels) {
  EXPECT_EQ(
      ErrorAfter("mnist {}",
                 "mnist {} normalization { fixed {\nmean: 0\nstandard_deviation: [1, 2] } }"),
      "job:10:22: data.normalization.fixed.standard_deviation: must have as many numbers as mean "
      "(1), has 2");
}

TEST(ValidateJob, AugmentationSaysHowMuch) {
  EXPECT_EQ(ErrorAfter("mnist {}", "mnist {} augment { rotation {} elastic {} flip {} }"),
            "job:8:27: data.augment.rotation.degrees: must be set");
  EXPECT_EQ(ErrorAfter("mnist {}", "mnist {} augment { rotation { degrees: 200 } }"),
            "job:8:38: data.augment.rotation.degrees: must be at most 180, is 200");
  EXPECT_EQ(ErrorAfter("mnist {}", "mnist {} augment { elastic { sigma: 0 } }"),
            "job:8:37: data.augment.elastic.sigma: must be at least 0.5, is 0");
  EXPECT_EQ(ErrorAfter("mnist {}", "mnist {} augment { elastic {} cutout { size: 8 } }"), "");
}

TEST(ValidateJob, TheRangeOfScalesIsNotEmpty) {
  EXPECT_EQ(ErrorAfter("mnist {}", "mnist {} augment { scale { lowest: 1.2 highest: 1.1 } }"),
            "job:8:35: data.augment.scale.lowest: must be at most highest (1.1), is 1.2");
  EXPECT_EQ(ErrorAfter("mnist {}", "mnist {} augment { scale { lowest: 1.1 highest: 1.1 } }"), "");
}

TEST(ValidateJob, TheBestIsChosenByHoldOutSamples) {
  EXPECT_EQ(ErrorAfter("mnist {}", "mnist {} holdout { samples: 0 }"), "");
  EXPECT_EQ(ErrorOf(std::string(kSmallJob) + "checkpoint { keep_best: true }",
                    {"data.holdout.fraction=0"}),
            "job:11:14: checkpoint.keep_best: needs samples to judge by: data.holdout holds out "
            "nothing");
}

TEST(ValidateJob, TheLossHasASoftmaxOfItsOwn) {
  EXPECT_EQ(ErrorAfter("linear { units: 10 } }", "linear { units: 10 } }\nlayer { softmax {} }"),
            "job:7:9: model.layer[4].softmax: must not be the last layer: leave it out, the loss "
            "contains it");
}

TEST(ValidateJob, HoldOutSamplesSayWhenToStopEarly) {
  EXPECT_EQ(ErrorOf(std::string(kSmallJob) + "evaluation { early_stopping { patience: 3 } }"), "");
  EXPECT_EQ(ErrorOf(std::string(kSmallJob) + "evaluation { early_stopping { patience: 3 } }",
                    {"data.holdout.samples=0"}),
            "job:11:14: evaluation.early_stopping: needs samples to judge by: data.holdout holds "
            "out nothing");
  EXPECT_EQ(ErrorOf(std::string(kSmallJob) + "evaluation { early_stopping {} }"),
            "job:11:14: evaluation.early_stopping.patience: must be set");
}

TEST(ValidateJob, NesterovNeedsMomentum) {
  EXPECT_EQ(ErrorAfter("0.1", "0.1 nesterov: true"),
            "job:10:38: optimizer.sgd.nesterov: needs a momentum greater than 0");
  EXPECT_EQ(ErrorAfter("0.1", "0.1 nesterov: true momentum: 0.9"), "");
}

TEST(ValidateJob, MilestonesAreOfOneKindAndAscend) {
  EXPECT_EQ(ErrorAfter("epochs: 2", "epochs: 2 schedule { multi_step { epochs: [3, 5] } }"), "");
  EXPECT_EQ(ErrorAfter("epochs: 2", "epochs: 2 schedule { multi_step {} }"),
            "job:9:22: schedule.multi_step: must set one of epochs, steps");
  EXPECT_EQ(ErrorAfter("epochs: 2", "epochs: 2 schedule { multi_step { epochs: 3 steps: 9 } }"),
            "job:9:22: schedule.multi_step: must set one of epochs, steps");
  EXPECT_EQ(ErrorAfter("epochs: 2", "epochs: 2 schedule { multi_step { steps: [3, 5, 5] } }"),
            "job:9:49: schedule.multi_step.steps[2]: must be greater than the one before it (5), "
            "is 5");
}

TEST(ValidateJob, ScalingStatesItsReference) {
  EXPECT_EQ(ErrorAfter("epochs: 2", "epochs: 2 schedule { scaling { reference_batch: 64 } }"), "");
  EXPECT_EQ(ErrorAfter("epochs: 2", "epochs: 2 schedule { scaling { rule: LINEAR } }"),
            "job:9:22: schedule.scaling.reference_batch: must be set: the global batch that the "
            "optimizer's learning_rate suits");
}

TEST(ValidateJob, TheWarmupFitsIntoTheRun) {
  EXPECT_EQ(ErrorAfter("epochs: 2", "epochs: 2 schedule { warmup { epochs: 3 } }"),
            "job:9:31: schedule.warmup.epochs: must be at most the job's epochs (2), is 3");
  EXPECT_EQ(ErrorAfter("epochs: 2", "steps: 20 schedule { warmup { steps: 21 } }"),
            "job:9:31: schedule.warmup.steps: must be at most the job's steps (20), is 21");
}

}  // namespace
}  // namespace lockstep
