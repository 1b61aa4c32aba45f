#include "trainer/train/cpu_set.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace lockstep {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

TEST(PlanThreads, UnboundRanksDivideTheNode) {
  const ThreadPlan plan = PlanThreads(
      {.threads = 0, .node_rank = 1, .node_ranks = 2, .node_cpus = 4, .allowed = {0, 1, 2, 3}});
  EXPECT_EQ(plan.threads, 2);
  EXPECT_THAT(plan.cpus, ElementsAre(2, 3));
  EXPECT_THAT(plan.warning, IsEmpty());
}

TEST(PlanThreads, ABoundRankUsesItsOwnCpus) {
  const ThreadPlan plan = PlanThreads(
      {.threads = 0, .node_rank = 1, .node_ranks = 2, .node_cpus = 8, .allowed = {4, 6}});
  EXPECT_EQ(plan.threads, 2);
  EXPECT_THAT(plan.cpus, ElementsAre(4, 6));
}

TEST(PlanThreads, FewerThreadsThanCpusLeaveSomeFree) {
  const ThreadPlan plan = PlanThreads(
      {.threads = 1, .node_rank = 1, .node_ranks = 2, .node_cpus = 4, .allowed = {0, 1, 2, 3}});
  EXPECT_EQ(plan.threads, 1);
  EXPECT_THAT(plan.cpus, ElementsAre(2));
}

TEST(PlanThreads, MoreThreadsThanCpusRunUnpinnedWithAWarning) {
  const ThreadPlan plan = PlanThreads(
      {.threads = 4, .node_rank = 0, .node_ranks = 2, .node_cpus = 2, .allowed = {0, 1}});
  EXPECT_EQ(plan.threads, 4);
  EXPECT_THAT(plan.cpus, IsEmpty());
  EXPECT_THAT(plan.warning, HasSubstr("4 threads in each of 2 ranks on a node, but only 2 CPUs"));
}

TEST(PlanThreads, MoreRanksThanCpusStillGetAThreadEach) {
  const ThreadPlan plan = PlanThreads(
      {.threads = 0, .node_rank = 3, .node_ranks = 4, .node_cpus = 2, .allowed = {0, 1}});
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
