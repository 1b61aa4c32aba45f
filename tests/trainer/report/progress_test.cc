#include "trainer/report/progress.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <string>

namespace lockstep {
namespace {

std::string Contents(std::FILE* file) {
  std::rewind(file);
  std::string text(4096, '\0');
  text.resize(std::fread(text.data(), 1, text.size(), file));
  return text;
}

TEST(FormatProgress, SaysWhereTheRunIsAndHowLongItTakes) {
  EXPECT_EQ(
      FormatProgress({.step = 1201,
                      .plan = {.total_steps = 4690, .steps_per_epoch = 469},
                      .loss = 0.04214,
                      .accuracy = 0.98712,
                      .images_per_second = 12345.4,
                      .seconds_left = 32}),
      "epoch 3/10  step 1201/4690  loss 0.0421  accuracy 98.71 %  12,345 images/s  0:32 left");
}

TEST(FormatProgress, TheLastStepOfAnEpochBelongsToIt) {
  const std::string text =
      FormatProgress({.step = 20, .plan = {.total_steps = 30, .steps_per_epoch = 10}});
  EXPECT_EQ(text.substr(0, 9), "epoch 2/3");
}

TEST(FormatDuration, GrowsFromSecondsToHours) {
  EXPECT_EQ(FormatDuration(0), "0:00");
  EXPECT_EQ(FormatDuration(59.6), "1:00");
  EXPECT_EQ(FormatDuration(725), "12:05");
  EXPECT_EQ(FormatDuration(11261), "3:07:41");
}

TEST(ProgressReporter, WithoutATerminalTheLastStepIsAPlainLineWithTheMeansSinceTheLastLine) {
  std::FILE* file = std::tmpfile();
  {
    ProgressReporter progress(file, {.total_steps = 2, .steps_per_epoch = 2}, 0);
    progress.OnStep(1, 10, 20.0, 4);
    progress.OnStep(2, 30, 20.0, 16);
  }
  const std::string text = Contents(file);
  EXPECT_EQ(text.substr(0, text.find("%")), "epoch 1/1  step 2/2  loss 1.0000  accuracy 50.00 ");
  EXPECT_EQ(text.back(), '\n');
  EXPECT_EQ(text.find('\r'), std::string::npos);
  std::fclose(file);
}

}  // namespace
}  // namespace lockstep
