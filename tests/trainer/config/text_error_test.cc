// Mistakes that keep a text from being read. Each error names the place of the field's own name.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/trainer/config/config_testing.h"

namespace lockstep {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::StartsWith;

TEST(TextError, AMisspeltFieldIsNamedWithItsPathAndANeighbour) {
  EXPECT_EQ(
      ErrorAfter("kernel: 3", "kernel: 3 strid: 1"),
      "job:3:54: model.layer[0].conv2d.strid: is unknown; did you mean stride? possible here: "
      "filters, kernel, kernel_height, kernel_width, stride, stride_height, stride_width, "
      "padding, padding_height, padding_width, groups, bias, initializer");
  EXPECT_THAT(
      ErrorAfter("name: \"small\"", "nmae: \"small\""),
      StartsWith("job:1:1: nmae: is unknown; did you mean name? possible here: name, seed,"));
}

TEST(TextError, TheFieldIsFoundWhateverStandsBehindIt) {
  const std::string text =
      "data {\n  mnist {\n    # digets: not this\n    digets # nor digets\n  : 1 }}";
  EXPECT_EQ(
      ErrorOf(text),
      "job:4:5: data.mnist.digets: is unknown; did you mean digest? possible here: directory, "
      "digest");
  EXPECT_THAT(ErrorOf("seed: 1\nreduce\n\n\n{}"), StartsWith("job:2:1: reduce: is unknown"));
}

TEST(TextError, AFieldThatBelongsDeeperIsToldWhere) {
  EXPECT_THAT(ErrorOf("learning_rate: 0.1"),
              StartsWith("job:1:1: learning_rate: is unknown; did you mean "
                         "optimizer.sgd.learning_rate? possible here: name,"));
  EXPECT_THAT(ErrorOf("model { layer { units: 3 } }"),
              StartsWith("job:1:17: model.layer[0].units: is unknown; did you mean linear.units?"));
}

TEST(TextError, NothingIsGuessedForAWordLikeNoOther) {
  EXPECT_THAT(ErrorOf("xyzzy: 1"), StartsWith("job:1:1: xyzzy: is unknown; possible here: name,"));
  EXPECT_EQ(ErrorAfter("relu {}", "relu { slope: 1 }"),
            "job:4:31: model.layer[1].relu.slope: is unknown; nothing can be set here");
}

TEST(TextError, HabitsOfOtherTrainersGetAHint) {
  EXPECT_EQ(
      ErrorAfter("relu {}", "flatten {}"),
      "job:4:24: model.layer[1].flatten: is unknown; leave it out: linear flattens its input by "
      "itself");
  EXPECT_EQ(
      ErrorAfter("epochs: 2", "batch_size: 2"),
      "job:9:1: batch_size: is unknown; global_batch counts the samples of one update, over all "
      "ranks");
}

TEST(TextError, AValueMustFitItsField) {
  EXPECT_EQ(ErrorAfter("epochs: 2", "epochs: two"),
            "job:9:1: epochs: must be a whole number below 2^63, is two");
  EXPECT_EQ(ErrorAfter("epochs: 2", "epochs: 1.5"),
            "job:9:1: epochs: must be a whole number below 2^63, is 1.5");
  EXPECT_EQ(ErrorAfter("filters: 4", "filters: 3000000000"),
            "job:3:33: model.layer[0].conv2d.filters: must be a whole number below 2^31, is "
            "3000000000");
  EXPECT_EQ(ErrorAfter("epochs: 2", "epochs: 2 seed: -1"),
            "job:9:11: seed: must be a whole number from 0 to 2^64 - 1, is -1");
  EXPECT_EQ(ErrorAfter("0.1", "fast"),
            "job:10:19: optimizer.sgd.learning_rate: must be a number, is fast");
  EXPECT_EQ(ErrorAfter("0.1", "0.1 nesterov: yes"),
            "job:10:38: optimizer.sgd.nesterov: must be true or false, is yes");
  EXPECT_EQ(ErrorAfter("\"small\"", "small"),
            "job:1:1: name: must be a string in quotes, is small");
  EXPECT_EQ(ErrorAfter("mnist {}", "mnist: 3"), "job:8:8: data.mnist: must be { ... }, is 3");
  EXPECT_EQ(ErrorAfter("epochs: 2", "epochs {}"),
            "job:9:1: epochs: must be a whole number below 2^63");
  EXPECT_EQ(ErrorAfter("epochs: 2", "epochs: 2 reduction: EXCAT"),
            "job:9:11: reduction: must be one of EXACT, FLOAT32, is EXCAT");
}

TEST(TextError, OctalNumbersAreNotTakenForDecimalOnes) {
  EXPECT_EQ(ErrorAfter("epochs: 2", "epochs: 010"),
            "job:9:1: epochs: must not start with 0, which would make it octal, is 010");
  EXPECT_EQ(ErrorAfter("epochs: 2", "epochs: 2 checkpoint { every_steps: 0x10 }"), "");
  EXPECT_EQ(ErrorAfter("epochs: 2", "epochs: 2 seed: 0"), "");
}

TEST(TextError, AFieldIsSetOnceOnly) {
  EXPECT_EQ(ErrorAfter("epochs: 2", "epochs: 2\nepochs: 3"),
            "job:10:1: epochs: must be set once only");
  EXPECT_EQ(ErrorAfter("data { mnist {} }", "data { mnist {} }\ndata {}"),
            "job:9:1: data: must be set once only");
}

TEST(TextError, OneMemberOfAOneofIsSet) {
  EXPECT_EQ(ErrorAfter("epochs: 2", "epochs: 2\nsteps: 3"),
            "job:10:1: steps: cannot be set together with epochs");
  EXPECT_EQ(ErrorAfter("mnist {}", "mnist {} digits {}"),
            "job:8:17: data.digits: cannot be set together with mnist");
  EXPECT_EQ(ErrorAfter("relu {}", "relu {} tanh {}"),
            "job:4:32: model.layer[1].tanh: cannot be set together with relu");
}

TEST(TextError, ABrokenTextIsPointedAtWhereItBreaks) {
  EXPECT_EQ(ErrorOf("seed: 1\nmodel {\n"),
            "job:3:1: is not protobuf text format: Expected identifier, got: the end of the text");
  EXPECT_THAT(ErrorOf("seed: 1\n}"), StartsWith("job:2:1: is not protobuf text format: "));
  EXPECT_THAT(ErrorOf("name \"small\""), StartsWith("job:1:6: is not protobuf text format: "));
  EXPECT_THAT(ErrorOf("name: \"small"), StartsWith("job:1:"));
  EXPECT_THAT(ErrorOf(std::string("seed: 1\n\0\1", 10)), StartsWith("job:2:1: "));
}

TEST(TextError, TheFirstMistakeIsReportedEvenIfLaterTextIsBroken) {
  EXPECT_THAT(ErrorOf("sede: 1\nmodel {"),
              StartsWith("job:1:1: sede: is unknown; did you mean seed?"));
}

TEST(TextError, DeepNestingIsRefusedWithoutHarm) {
  std::string text;
  for (int i = 0; i < 100'000; ++i) {
    text += "model {";
  }
  EXPECT_THAT(ErrorOf(text), StartsWith("job:1:8: model.model: is unknown"));
}

TEST(TextError, AHugeTextIsRefused) {
  EXPECT_EQ(ErrorOf(std::string(5 << 20, ' ')), "job: must be a job file of at most 4194304 bytes");
}

TEST(TextError, AFileThatCannotBeReadIsNamed) {
  EXPECT_THAT(
      [] { LoadJob("/nowhere/job.textproto"); },
      testing::ThrowsMessage<ConfigError>("/nowhere/job.textproto: cannot be read as a job file: "
                                          "No such file or directory; check the path"));
  EXPECT_THAT([] { LoadJob("/"); },
              testing::ThrowsMessage<ConfigError>(
                  "/: cannot be read as a job file: Is a directory; check the path"));
}

}  // namespace
}  // namespace lockstep
