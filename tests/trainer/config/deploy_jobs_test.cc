#include <gmock/gmock.h>
#include <google/protobuf/util/message_differencer.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "trainer/config/job_file.h"

namespace lockstep {
namespace {

using google::protobuf::util::MessageDifferencer;

std::vector<std::filesystem::path> JobFiles() {
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(LOCKSTEP_JOBS_DIR)) {
    if (entry.path().extension() == ".textproto") {
      files.push_back(entry.path());
    }
  }
  return files;
}

class DeployedJob : public testing::TestWithParam<std::filesystem::path> {};

TEST_P(DeployedJob, IsValidAndNamedLikeItsFile) {
  EXPECT_EQ(LoadJob(GetParam()).job.name(), GetParam().stem());
}

TEST_P(DeployedJob, SaysInItsHeaderWhatItIs) {
  std::ifstream stream(GetParam());
  std::string first;
  std::string second;
  std::getline(stream, first);
  std::getline(stream, second);
  EXPECT_EQ(first, "# proto-file: trainer/config/job.proto");
  EXPECT_EQ(second, "# proto-message: lockstep.v1.Job");
}

TEST_P(DeployedJob, ItsEffectiveTextMeansTheSame) {
  const v1::Job job = LoadJob(GetParam()).job;
  const std::string text = EffectiveText(job);
  const v1::Job again = ParseJob(text, "effective").job;
  EXPECT_TRUE(MessageDifferencer::Equals(job, again));
  EXPECT_EQ(EffectiveText(again), text);
}

INSTANTIATE_TEST_SUITE_P(All, DeployedJob, testing::ValuesIn(JobFiles()), [](const auto& job) {
  std::string name = job.param.stem();
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
});

}  // namespace
}  // namespace lockstep
