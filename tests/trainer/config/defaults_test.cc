#include "trainer/config/defaults.h"

#include <gmock/gmock.h>
#include <google/protobuf/util/message_differencer.h>
#include <gtest/gtest.h>

#include "tests/trainer/config/config_testing.h"

namespace lockstep {
namespace {

using google::protobuf::util::MessageDifferencer;
using testing::ElementsAre;

v1::Job SmallJob(const Overrides& overrides = {}) {
  return ParseJob(kSmallJob, "job", overrides).job;
}

TEST(Defaults, AreThoseOfTheBrackets) {
  const v1::Job job = SmallJob();
  EXPECT_EQ(job.seed(), 1);
  EXPECT_EQ(job.global_batch(), 128);
  EXPECT_EQ(job.reduction(), v1::Job::EXACT);
  EXPECT_EQ(job.loss(), v1::SOFTMAX_CROSS_ENTROPY);
  EXPECT_EQ(job.output_directory(), "runs");
  EXPECT_TRUE(job.schedule().has_constant());
  EXPECT_EQ(job.data().holdout().fraction(), 0.1);
  EXPECT_EQ(job.optimizer().sgd().learning_rate(), 0.1);
  EXPECT_EQ(job.checkpoint().keep_last(), 3);
}

TEST(Defaults, AreSetAndNotOnlyRead) {
  const v1::Job job = SmallJob();
  EXPECT_TRUE(job.has_seed());
  EXPECT_TRUE(job.optimizer().sgd().has_momentum());
  EXPECT_TRUE(job.evaluation().has_test_at_end());
}

TEST(Defaults, ALayerFollowsTheOneBeforeIt) {
  const v1::Model model = SmallJob().model();
  EXPECT_THAT(model.layer(0).input(), ElementsAre("data"));
  EXPECT_THAT(model.layer(1).input(), ElementsAre("conv"));
}

TEST(Defaults, ALayerIsNamedAfterItsKind) {
  const v1::Model model =
      SmallJob({"model={ layer { relu {} } layer { name: 'mine' relu {} } layer { relu {} } "
                "layer { linear { units: 10 } } }"})
          .model();
  EXPECT_EQ(model.layer(0).name(), "relu_1");
  EXPECT_EQ(model.layer(1).name(), "mine");
  EXPECT_EQ(model.layer(2).name(), "relu_3");
  EXPECT_THAT(model.layer(2).input(), ElementsAre("mine"));
  EXPECT_EQ(model.layer(3).name(), "linear_1");
}

TEST(Defaults, ShorthandsAreExpanded) {
  const v1::Conv2d convolution =
      SmallJob({"model.layer[0].conv2d={filters: 2 kernel: 5 stride_height: 2 padding: 1}"})
          .model()
          .layer(0)
          .conv2d();
  EXPECT_FALSE(convolution.has_kernel());
  EXPECT_EQ(convolution.kernel_height(), 5);
  EXPECT_EQ(convolution.kernel_width(), 5);
  EXPECT_EQ(convolution.stride_height(), 2);
  EXPECT_EQ(convolution.stride_width(), 1);
  EXPECT_EQ(convolution.padding_height(), 1);
  EXPECT_EQ(convolution.padding_width(), 1);
  EXPECT_TRUE(convolution.initializer().has_xavier_uniform());
}

TEST(Defaults, ABorderIsTheSameOnAllSides) {
  const auto pad = [](const std::string& text) {
    return SmallJob({"model.layer[1].pad={" + text + "}"}).model().layer(1).pad().DebugString();
  };
  EXPECT_EQ(pad("padding: 2"), "top: 2\nbottom: 2\nleft: 2\nright: 2\nvalue: 0\n");
  EXPECT_EQ(pad("left: 1 value: 3"), "top: 0\nbottom: 0\nleft: 1\nright: 0\nvalue: 3\n");
}

TEST(Defaults, PoolingWindowsTileTheirInput) {
  const v1::MaxPool pool = SmallJob({"model.layer[2].max_pool={kernel_height: 2 kernel_width: 3}"})
                               .model()
                               .layer(2)
                               .max_pool();
  EXPECT_EQ(pool.stride_height(), 2);
  EXPECT_EQ(pool.stride_width(), 3);
  const v1::AvgPool average =
      SmallJob({"model.layer[2].avg_pool={kernel: 3 stride: 1}"}).model().layer(2).avg_pool();
  EXPECT_EQ(average.kernel_width(), 3);
  EXPECT_EQ(average.stride_height(), 1);
}

TEST(Defaults, TheMicrobatchIsNoLargerThanTheGlobalBatch) {
  EXPECT_EQ(SmallJob().microbatch(), 32);
  EXPECT_EQ(SmallJob({"global_batch=20"}).microbatch(), 20);
}

TEST(Defaults, TheBestIsKeptIfThereIsSomethingToJudgeBy) {
  EXPECT_TRUE(SmallJob().checkpoint().keep_best());
  EXPECT_FALSE(SmallJob({"data.holdout.samples=0"}).checkpoint().keep_best());
  EXPECT_FALSE(SmallJob({"data.holdout.fraction=0"}).checkpoint().keep_best());
}

TEST(Defaults, FillingTwiceChangesNothing) {
  const v1::Job once = SmallJob();
  v1::Job twice = once;
  FillDefaults(&twice);
  EXPECT_TRUE(MessageDifferencer::Equals(once, twice));
}

}  // namespace
}  // namespace lockstep
