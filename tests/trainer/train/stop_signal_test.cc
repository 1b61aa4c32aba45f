#include "trainer/train/stop_signal.h"

#include <gtest/gtest.h>

#include <csignal>

namespace lockstep {
namespace {

class StopSignalTest : public testing::TestWithParam<int> {};

TEST_P(StopSignalTest, ASignalSetsTheFlagAndTheProcessGoesOn) {
  const StopSignal stop;
  EXPECT_FALSE(stop.requested());
  std::raise(GetParam());
  EXPECT_TRUE(stop.requested());
}

INSTANTIATE_TEST_SUITE_P(AllThatAskToStop, StopSignalTest,
                         testing::Values(SIGUSR1, SIGTERM, SIGINT));

TEST(StopSignal, NamesTheSignal) {
  const StopSignal stop;
  std::raise(SIGUSR1);
  EXPECT_STREQ(stop.name(), "SIGUSR1");
}

TEST(StopSignal, ANewOneStartsClean) {
  {
    const StopSignal stop;
    std::raise(SIGTERM);
  }
  const StopSignal stop;
  EXPECT_FALSE(stop.requested());
}

TEST(StopSignalDeathTest, ASecondInterruptEndsTheProcess) {
  EXPECT_EXIT(
      {
        const StopSignal stop;
        std::raise(SIGINT);
        std::raise(SIGINT);
      },
      testing::KilledBySignal(SIGINT), "");
}

TEST(StopSignalDeathTest, TheFormerHandlersComeBack) {
  EXPECT_EXIT(
      {
        { const StopSignal stop; }
        std::raise(SIGTERM);
      },
      testing::KilledBySignal(SIGTERM), "");
}

}  // namespace
}  // namespace lockstep
