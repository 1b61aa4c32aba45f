#include "trainer/train/evaluate_job.h"

#include <fmt/format.h>
#include <google/protobuf/util/message_differencer.h>

#include <memory>
#include <string>
#include <utility>

#include "storage/atomic_file.h"
#include "storage/checkpoint.h"
#include "storage/error.h"
#include "trainer/base/error.h"
#include "trainer/train/job_data.h"
#include "trainer/train/net_builder.h"
#include "trainer/train/optimizer_builder.h"
#include "trainer/train/rank_threads.h"
#include "trainer/train/together.h"
#include "trainer/train/training_state.h"

namespace lockstep {
namespace {

using google::protobuf::util::MessageDifferencer;

// A checkpoint that is ready to compute.
struct Member {
  LoadedJob job;
  std::unique_ptr<Net> net;
  std::vector<float> values;
};

// Every rank reads the file: evaluating is cheap to start again, and needs no state.
Member LoadMember(const storage::Checkpoint& checkpoint, const std::string& file,
                  const JobData& data) {
  Member member{.job = ParseJob(checkpoint.job, file + ": /job"), .net = nullptr, .values = {}};
  if (!MessageDifferencer::Equals(member.job.job.data().normalization(),
                                  data.resolved().normalization())) {
    throw ConfigError(file +
                      ": was trained on pixels normalised in another way than the first "
                      "checkpoint's; evaluate it by itself");
  }
  member.net = BuildNet(member.job, data.shape(), data.test().classes());
  member.values.resize(static_cast<size_t>(member.net->parameters().value_count()));
  RestoreValues(checkpoint, member.net->parameters(), file, member.values);
  return member;
}

// Every rank reads the files, perhaps of disks of different nodes.
void CheckSameWeights(const std::vector<storage::Checkpoint>& checkpoints,
                      comm::Communicator* communicator) {
  std::string own;
  for (const storage::Checkpoint& checkpoint : checkpoints) {
    own += storage::WeightsSha256(checkpoint);
  }
  const std::string first = communicator->Broadcast(own);
  RunTogether(communicator, [&] {
    if (own != first) {
      throw storage::Error(fmt::format(
          "the checkpoints on {} have other weights than those of the same names on {}; "
          "give all nodes the same files",
          communicator->HostName(), communicator->host_names()[0]));
    }
  });
}

}  // namespace

Evaluation EvaluateJob(const EvaluateRequest& request, comm::Communicator* communicator) {
  std::vector<storage::Checkpoint> checkpoints;
  v1::Data source;
  const bool predict = !request.predictions.empty();
  const bool write = predict && communicator->rank() == 0;
  RunTogether(communicator, [&] {
    if (write) {
      storage::CheckWritable(request.predictions);
    }
    for (const std::filesystem::path& path : request.checkpoints) {
      storage::Checkpoint& checkpoint = checkpoints.emplace_back(storage::ReadCheckpoint(path));
      if (!request.raw_weights && !checkpoint.average.empty()) {
        checkpoint.parameters = std::move(checkpoint.average);
      }
    }
    const v1::Data own =
        ParseJob(checkpoints[0].job, request.checkpoints[0].string() + ": /job").job.data();
    source = request.job ? request.job->job.data() : own;
    // The network expects what it was trained on, whatever data it is shown.
    *source.mutable_normalization() = own.normalization();
  });
  CheckSameWeights(checkpoints, communicator);
  const JobData data(source, request.data_directory, communicator);
  std::vector<Member> members;
  RunTogether(communicator, [&] {
    if (predict) {
      CheckPredictable(data.test().classes());
    }
    for (size_t i = 0; i < checkpoints.size(); ++i) {
      const std::string file = request.checkpoints[i].string();
      members.push_back(LoadMember(checkpoints[i], file, data));
      if (members[i].job.job.loss() != members[0].job.job.loss()) {
        throw ConfigError(file +
                          ": was trained by another loss than the first checkpoint, so their "
                          "outputs have no common mean; evaluate it by itself");
      }
    }
  });
  std::vector<CommitteeMember> committee;
  committee.reserve(members.size());
  for (const Member& member : members) {
    committee.push_back({.net = member.net.get(),
                         .values = member.values,
                         .loss = ToLossKind(member.job.job.loss())});
  }
  RankThreads threads(request.threads, communicator);
  Evaluator evaluator(std::move(committee), communicator, &threads.workers());
  Predictions predictions;
  const auto evaluation =
      evaluator.Run(data.test(), data.normalizer(), AllSamples(data.test().size()), nullptr,
                    predict ? &predictions : nullptr);
  RunTogether(communicator, [&] {
    if (write) {
      WritePredictions(request.predictions, predictions);
    }
  });
  return *evaluation;
}

}  // namespace lockstep
