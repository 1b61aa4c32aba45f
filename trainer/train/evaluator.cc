#include "trainer/train/evaluator.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstring>
#include <functional>
#include <limits>
#include <utility>

#include "comm/exact_sum.h"
#include "trainer/base/check.h"
#include "trainer/base/divide.h"

namespace lockstep {
namespace {

// Microbatches a worker computes between two looks at the stop signal.
constexpr int64_t kMicrobatchesPerRound = 16;

// The probabilities that belong to scores.
class Softmax {
 public:
  template <typename T>
  explicit Softmax(std::span<const T> scores) : largest_(*std::ranges::max_element(scores)) {
    for (const T score : scores) {
      sum_ += std::exp(score - largest_);
    }
  }

  double operator()(double score) const { return std::exp(score - largest_) / sum_; }

 private:
  double largest_;
  double sum_ = 0;
};

void AddProbabilities(std::span<const float> logits, std::span<double> sums) {
  const Softmax softmax(logits);
  for (size_t k = 0; k < logits.size(); ++k) {
    sums[k] += softmax(logits[k]);
  }
}

void AddScores(LossKind loss, std::span<const float> outputs, std::span<double> sums) {
  if (loss == LossKind::kMeanSquaredError) {
    std::ranges::transform(outputs, sums, sums.begin(), std::plus<>());
    return;
  }
  AddProbabilities(outputs, sums);
}

// A probability of zero has an infinite loss; the smallest positive one stands in for it, so that
// one hopeless sample does not hide the others. Written so that NaN counts as hopeless too.
double Log(double probability) {
  constexpr double kSmallest = std::numeric_limits<double>::min();
  return std::log(probability > kSmallest ? probability : kSmallest);
}

double LossOf(LossKind kind, int32_t label, std::span<const double> scores) {
  if (kind == LossKind::kSoftmaxCrossEntropy) {
    return -Log(Softmax(scores)(scores[label]));
  }
  double squares = 0;
  for (size_t k = 0; k < scores.size(); ++k) {
    const double error = scores[k] - (static_cast<int32_t>(k) == label ? 1 : 0);
    squares += error * error;
  }
  // As hopeless as a sample can be, for the same reason.
  constexpr double kMost = 1000;
  const double loss = squares / static_cast<double>(scores.size());
  return loss < kMost ? loss : kMost;
}

}  // namespace

// What one worker works with and has counted: the confusion matrix, then the loss in fixed point.
struct Evaluator::Worker {
  void Count(LossKind loss, int32_t label, std::span<const double> scores_of_sample) {
    const auto row = static_cast<size_t>(label) * scores_of_sample.size();
    ++counts[row + static_cast<size_t>(Answer(scores_of_sample))];
    counts.back() += comm::ToFixedPoint(LossOf(loss, label, scores_of_sample));
  }

  BatchLoader loader;
  std::vector<int64_t> counts;
  Microbatch microbatch = {};
  std::vector<double> scores = {};  // of the microbatch: N x classes
};

// This rank's part of one evaluation: consecutive microbatches, and so consecutive samples.
struct Evaluator::Share {
  StepPlan plan;
  IndexRange microbatches;
  IndexRange samples;  // positions in the list of all samples
  std::vector<Worker> workers = {};
  std::vector<double> scores = {};  // samples x classes; empty: not asked for
};

Evaluator::Evaluator(std::vector<CommitteeMember> members, comm::Communicator* communicator,
                     WorkerPool* workers)
    : members_(std::move(members)), communicator_(*communicator), workers_(*workers) {
  CHECK(!members_.empty());
  executors_.resize(workers_.size());
  for (const CommitteeMember& member : members_) {
    CHECK(member.net->input() == members_[0].net->input());
    CHECK(member.net->output() == members_[0].net->output());
    CHECK(member.loss == members_[0].loss);
    ready_.push_back(std::make_unique<Ready>(*member.net, workers, *communicator));
    for (auto& executors : executors_) {
      executors.push_back(std::make_unique<NetExecutor>(ready_.back()->plan));
    }
  }
}

std::optional<Evaluation> Evaluator::Run(const Dataset& dataset, const Normalizer& normalizer,
                                         const std::vector<uint32_t>& samples,
                                         const StopSignal* stop, Predictions* predictions) {
  Share share = Deal(static_cast<int64_t>(samples.size()));
  for (int worker = 0; worker < workers_.size(); ++worker) {
    share.workers.push_back({.loader = BatchLoader(dataset, normalizer, Sampler::InOrder(samples)),
                             .counts = std::vector<int64_t>(classes() * classes() + 1)});
  }
  for (size_t i = 0; i < members_.size(); ++i) {
    ready_[i]->prepared.Prepare(members_[i].values);
    for (auto& executors : executors_) {
      executors[i]->SetParameters(members_[i].values, ready_[i]->prepared.bytes());
    }
  }
  if (predictions != nullptr) {
    share.scores.resize(static_cast<size_t>(share.samples.size()) * classes());
  }
  if (!Compute(stop, &share)) {
    return std::nullopt;
  }
  if (predictions != nullptr) {
    const std::vector<std::byte> scores =
        communicator_.Gather(std::as_bytes(std::span(share.scores)));
    if (communicator_.rank() == 0) {
      *predictions = Predict(dataset, samples, scores);
    }
  }
  return Sum(share);
}

Evaluator::Share Evaluator::Deal(int64_t samples) const {
  const StepPlan plan(samples, samples, members_[0].net->max_batch());
  const IndexRange own =
      DealMicrobatches(plan.MicrobatchCount(0), communicator_.rank(), communicator_.size());
  return {
      .plan = plan,
      .microbatches = own,
      .samples = {own.begin * plan.microbatch(), std::min(own.end * plan.microbatch(), samples)}};
}

bool Evaluator::Compute(const StopSignal* stop, Share* share) {
  // The largest share, and the rank with the fewest threads, set the number of rounds, so that all
  // ranks make the same calls.
  const int ranks = communicator_.size();
  const int64_t largest_share = DivideUp(share->plan.MicrobatchCount(0), ranks);
  const int64_t round_size = kMicrobatchesPerRound * workers_.size();
  const IndexRange own = share->microbatches;
  int64_t rounds = DivideUp(largest_share, round_size);
  communicator_.AllReduceMax({&rounds, 1});
  for (int64_t round = 0; round < rounds; ++round) {
    const int64_t begin = own.begin + round * round_size;
    std::atomic<int64_t> next = begin;
    const int64_t end = std::min(own.end, begin + round_size);
    workers_.Run([&](int worker) {
      for (int64_t index = next++; index < end; index = next++) {
        ComputeMicrobatch(worker, index, share);
      }
    });
    while_running_();
    int64_t asked = stop != nullptr && stop->requested() ? 1 : 0;
    communicator_.AllReduceMax({&asked, 1});
    if (asked != 0) {
      return false;
    }
  }
  return true;
}

void Evaluator::ComputeMicrobatch(int worker, int64_t index, Share* share) {
  Worker& own = share->workers[worker];
  const MicrobatchRequest request = RequestFor(share->plan, 0, index);
  own.loader.Load(request, &own.microbatch);
  Score(worker, own.microbatch, &own.scores);
  const std::span<const double> scores = own.scores;
  for (size_t n = 0; n < own.microbatch.labels.size(); ++n) {
    own.Count(members_[0].loss, own.microbatch.labels[n], scores.subspan(n * classes(), classes()));
  }
  if (!share->scores.empty()) {
    const auto row = static_cast<size_t>(request.positions.begin - share->samples.begin);
    std::ranges::copy(scores, std::span(share->scores).subspan(row * classes()).begin());
  }
}

void Evaluator::Score(int worker, const Microbatch& microbatch, std::vector<double>* scores) {
  const auto batch = static_cast<int>(microbatch.size());
  const ConstTensor images{microbatch.images.data(), batch, members_[0].net->input()};
  scores->assign(static_cast<size_t>(batch) * classes(), 0);
  for (size_t i = 0; i < members_.size(); ++i) {
    const MicrobatchContext context{.phase = Phase::kEvaluation,
                                    .sample_ids = microbatch.sample_ids};
    const ConstTensor logits = executors_[worker][i]->Forward(context, images);
    if (members_.size() == 1) {
      std::ranges::copy(logits.values(), scores->begin());
      return;
    }
    for (int n = 0; n < batch; ++n) {
      AddScores(members_[0].loss, {logits.sample(n), classes()},
                std::span(*scores).subspan(static_cast<size_t>(n) * classes(), classes()));
    }
  }
  for (double& score : *scores) {
    score /= static_cast<double>(members_.size());
    score = members_[0].loss == LossKind::kMeanSquaredError ? score : Log(score);
  }
}

Predictions Evaluator::Predict(const Dataset& dataset, const std::vector<uint32_t>& samples,
                               std::span<const std::byte> scores) const {
  Predictions predictions{.classes = static_cast<int>(classes()), .samples = samples};
  for (const uint32_t sample : samples) {
    predictions.labels.push_back(dataset.label(sample));
  }
  predictions.scores.resize(samples.size() * classes());
  CHECK_EQ(scores.size(), std::as_bytes(std::span(predictions.scores)).size());
  std::memcpy(predictions.scores.data(), scores.data(), scores.size());
  return predictions;
}

Evaluation Evaluator::Sum(const Share& share) {
  std::vector<int64_t> sums(share.workers[0].counts.size());
  for (const Worker& worker : share.workers) {
    std::ranges::transform(sums, worker.counts, sums.begin(), std::plus<>());
  }
  communicator_.AllReduceSum(sums);
  const auto samples = share.plan.samples();
  Evaluation result{.classes = static_cast<int>(classes()), .samples = samples};
  result.loss = comm::FromFixedPoint(sums.back()) / static_cast<double>(samples);
  sums.pop_back();
  for (size_t k = 0; k < classes(); ++k) {
    result.correct += sums[k * (classes() + 1)];
  }
  result.confusion = std::move(sums);
  return result;
}

}  // namespace lockstep
