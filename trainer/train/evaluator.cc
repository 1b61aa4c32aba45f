#include "trainer/train/evaluator.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <limits>
#include <utility>

#include "comm/exact_sum.h"
#include "trainer/base/check.h"

namespace lockstep {
namespace {

// Microbatches a worker computes between two looks at the stop signal.
constexpr int64_t kMicrobatchesPerRound = 16;

// probabilities += softmax(logits)
void AddSoftmax(std::span<const float> logits, std::vector<double>* probabilities) {
  const float largest = *std::ranges::max_element(logits);
  double sum = 0;
  for (const float z : logits) {
    sum += std::exp(double{z} - largest);
  }
  for (size_t k = 0; k < logits.size(); ++k) {
    (*probabilities)[k] += std::exp(double{logits[k]} - largest) / sum;
  }
}

}  // namespace

// What one worker has counted: the confusion matrix, then the loss in fixed point.
struct Evaluator::Counts {
  explicit Counts(int class_count)
      : classes(class_count), values(static_cast<size_t>(class_count) * class_count + 1) {}

  void Add(int32_t label, size_t answer, double loss) {
    ++values[label * static_cast<size_t>(classes) + answer];
    values.back() += comm::ToFixedPoint(loss);
  }

  int classes;
  std::vector<int64_t> values;
};

Evaluator::Evaluator(std::vector<CommitteeMember> members, comm::Communicator* communicator,
                     WorkerPool* workers)
    : members_(std::move(members)), communicator_(*communicator), workers_(*workers) {
  CHECK(!members_.empty());
  executors_.resize(workers_.size());
  for (auto& executors : executors_) {
    for (const CommitteeMember& member : members_) {
      CHECK(member.net->input() == members_[0].net->input());
      CHECK(member.net->output() == members_[0].net->output());
      executors.push_back(std::make_unique<NetExecutor>(*member.net, Phase::kEvaluation));
    }
  }
}

std::optional<Evaluation> Evaluator::Run(const Dataset& dataset, const Normalizer& normalizer,
                                         const std::vector<uint32_t>& samples,
                                         const StopSignal* stop) {
  const auto total = static_cast<int64_t>(samples.size());
  const StepPlan plan(total, total, members_[0].net->max_batch());
  const int64_t count = plan.MicrobatchCount(0);
  const IndexRange own = DealMicrobatches(count, communicator_.rank(), communicator_.size());
  // The largest share sets the number of rounds, so that all ranks make the same calls.
  const int64_t largest_share = (count + communicator_.size() - 1) / communicator_.size();
  const int64_t round_size = kMicrobatchesPerRound * workers_.size();

  const int classes = members_[0].net->output().channels;
  std::vector<Counts> counts(workers_.size(), Counts(classes));
  std::vector<BatchLoader> loaders;
  loaders.reserve(workers_.size());
  for (int worker = 0; worker < workers_.size(); ++worker) {
    loaders.emplace_back(dataset, normalizer, Sampler::InOrder(samples));
  }
  for (int64_t begin = 0; begin < largest_share; begin += round_size) {
    std::atomic<int64_t> next = own.begin + begin;
    const int64_t end = std::min(own.end, own.begin + begin + round_size);
    workers_.Run([&](int worker) {
      Microbatch microbatch;
      for (int64_t index = next++; index < end; index = next++) {
        loaders[worker].Load(RequestFor(plan, 0, index), &microbatch);
        AddMicrobatch(worker, microbatch, &counts[worker]);
      }
    });
    int64_t asked = stop != nullptr && stop->requested() ? 1 : 0;
    communicator_.AllReduceMax({&asked, 1});
    if (asked != 0) {
      return std::nullopt;
    }
  }
  std::vector<int64_t> sums(counts[0].values.size());
  for (const Counts& part : counts) {
    std::ranges::transform(sums, part.values, sums.begin(), std::plus<>());
  }
  communicator_.AllReduceSum(sums);

  Evaluation result{.classes = classes, .samples = total};
  result.loss = comm::FromFixedPoint(sums.back()) / static_cast<double>(total);
  sums.pop_back();
  for (int k = 0; k < classes; ++k) {
    result.correct += sums[k * (static_cast<size_t>(classes) + 1)];
  }
  result.confusion = std::move(sums);
  return result;
}

void Evaluator::AddMicrobatch(int worker, const Microbatch& microbatch, Counts* counts) {
  const auto batch = static_cast<int>(microbatch.size());
  const ConstTensor images{microbatch.images.data(), batch, members_[0].net->input()};
  const auto classes = static_cast<size_t>(counts->classes);
  std::vector<std::vector<double>> sums(batch, std::vector<double>(classes));
  for (size_t i = 0; i < members_.size(); ++i) {
    const MicrobatchContext context{.phase = Phase::kEvaluation,
                                    .sample_ids = microbatch.sample_ids,
                                    .parameters = members_[i].values};
    const ConstTensor logits = executors_[worker][i]->Forward(context, images);
    for (int n = 0; n < batch; ++n) {
      AddSoftmax({logits.sample(n), classes}, &sums[n]);
    }
  }
  // A probability of zero has an infinite loss; the smallest positive one stands in for it, so that
  // one hopeless sample does not hide the others.
  constexpr double kSmallest = std::numeric_limits<double>::min();
  for (int n = 0; n < batch; ++n) {
    const std::vector<double>& mean = sums[n];
    const auto answer = static_cast<size_t>(std::ranges::max_element(mean) - mean.begin());
    const double probability = mean[microbatch.labels[n]] / static_cast<double>(members_.size());
    // Written so that NaN counts as hopeless too.
    counts->Add(microbatch.labels[n], answer,
                -std::log(probability > kSmallest ? probability : kSmallest));
  }
}

}  // namespace lockstep
