#include "trainer/train/cpu_set.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace lockstep {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

TEST(PlanThreads, RanksWithTheSameCpusDivideThem) {
  const ThreadPlan plan =
      PlanThreads({.threads = 0, .allowed = {0, 1, 2, 3}, .sharers = 2, .position = 1});
  EXPECT_EQ(plan.threads, 2);
  EXPECT_THAT(plan.cpus, ElementsAre(2, 3));
  EXPECT_THAT(plan.warning, IsEmpty());
}

TEST(PlanThreads, ARankWithCpusOfItsOwnUsesThemAll) {
  const ThreadPlan plan = PlanThreads({.threads = 0, .allowed = {4, 6}});
  EXPECT_EQ(plan.threads, 2);
  EXPECT_THAT(plan.cpus, ElementsAre(4, 6));
}

TEST(PlanThreads, FewerThreadsThanCpusLeaveSomeFree) {
  const ThreadPlan plan =
      PlanThreads({.threads = 1, .allowed = {0, 1, 2, 3}, .sharers = 2, .position = 1});
  EXPECT_EQ(plan.threads, 1);
  EXPECT_THAT(plan.cpus, ElementsAre(2));
  EXPECT_THAT(plan.rank_cpus, ElementsAre(2, 3));
}

TEST(PlanThreads, MoreThreadsThanCpusRunUnpinnedWithAWarning) {
  const ThreadPlan plan = PlanThreads({.threads = 4, .allowed = {0, 1}, .sharers = 2});
  EXPECT_EQ(plan.threads, 4);
  EXPECT_THAT(plan.cpus, IsEmpty());
  EXPECT_THAT(plan.rank_cpus, IsEmpty());
  EXPECT_THAT(plan.warning, HasSubstr("4 threads in each of 2 ranks, but only 2 CPUs"));
}

TEST(PlanThreads, MoreRanksThanCpusStillGetAThreadEach) {
  const ThreadPlan plan =
      PlanThreads({.threads = 0, .allowed = {0, 1}, .sharers = 4, .position = 3});
  EXPECT_EQ(plan.threads, 1);
  EXPECT_THAT(plan.cpus, IsEmpty());
  EXPECT_THAT(plan.warning, HasSubstr("share CPUs"));
}

TEST(PinThread, LeavesTheThreadOnThatCpu) {
  const std::vector<int> before = AllowedCpus();
  ASSERT_FALSE(before.empty());
  PinThread({before.back()});
  EXPECT_THAT(AllowedCpus(), ElementsAre(before.back()));
  PinThread(before);
  EXPECT_EQ(AllowedCpus(), before);
}

}  // namespace
}  // namespace lockstep
