#include <gmock/gmock.h>
#include <google/protobuf/util/message_differencer.h>
#include <gtest/gtest.h>

#include "tests/trainer/config/config_testing.h"

namespace lockstep {
namespace {

using google::protobuf::util::MessageDifferencer;
using testing::HasSubstr;
using testing::StartsWith;

void ExpectRoundTrip(const Overrides& overrides) {
  const v1::Job job = ParseJob(kSmallJob, "job", overrides).job;
  const v1::Job again = ParseJob(EffectiveText(job), "effective").job;
  EXPECT_TRUE(MessageDifferencer::Equals(job, again)) << EffectiveText(job);
}

TEST(EffectiveText, ParsesBackToTheSameMessage) {
  ExpectRoundTrip({});
  ExpectRoundTrip({"data.digits={}", "data.holdout.samples=0", "steps=5", "global_batch=7"});
  ExpectRoundTrip({"data.normalization.fixed={ mean: [0.1307] standard_deviation: [0.3081] }",
                   "schedule={ cosine {} warmup { steps: 1 } }", "checkpoint.every_steps=3"});
  ExpectRoundTrip(
      {"model={ layer { relu {} } layer { tanh {} input: 'data' } layer { concat {} input: "
       "['relu_1', 'tanh_1'] } layer { linear { units: 2 initializer { constant: -0.5 } } } "
       "}"});
}

TEST(EffectiveText, KeepsEveryBitOfANumber) {
  ExpectRoundTrip({"optimizer.sgd.learning_rate=0.1000000000000000055511151231257827"});
  ExpectRoundTrip({"optimizer.sgd.learning_rate=1e-300"});
  ExpectRoundTrip({"optimizer.sgd.momentum=0.99999999999999989"});
  ExpectRoundTrip({"seed=18446744073709551615"});
}

TEST(EffectiveText, KeepsUnusualStrings) {
  ExpectRoundTrip({"output_directory=/tmp/a \"b\" 'c' \\d"});
  ExpectRoundTrip({"output_directory=/daten/z\u00fcrich"});
  ExpectRoundTrip({"output_directory=/latin1/z\xfcrich"});
}

TEST(EffectiveText, SaysWhatItIsAndReadsLikeAJobFile) {
  const std::string text = EffectiveText(ParseJob(kSmallJob, "job").job);
  EXPECT_THAT(text, StartsWith("# proto-file: trainer/config/job.proto\n"
                               "# proto-message: lockstep.v1.Job\n"
                               "\n"
                               "name: \"small\"\n"
                               "seed: 1\n"));
  EXPECT_THAT(text, HasSubstr("\noptimizer {\n"
                              "  sgd {\n"
                              "    learning_rate: 0.1\n"
                              "    momentum: 0\n"
                              "    nesterov: false\n"
                              "  }\n"
                              "}\n"));
}

}  // namespace
}  // namespace lockstep
