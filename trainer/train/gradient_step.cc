#include "trainer/train/gradient_step.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <cmath>

#include "comm/exact_sum.h"
#include "trainer/base/check.h"

namespace lockstep {
namespace {

// Of a whole step; half of what comm::ToFixedPoint takes.
constexpr double kLargestLoss = 0x1p30;

// Statistics weigh more than gradients: variances are squares, and a term counts all samples of its
// microbatch. This power of two brings them into the range of the exact sums (for 64 samples, up to
// 2^19), with an error far below what is added to a variance anyway.
constexpr float kStatisticUnit = 0x1p-10F;

}  // namespace

GradientStep::GradientStep(const Net& net, uint64_t seed, const LossOptions& loss,
                           WorkerPool* workers, Prefetcher* prefetcher,
                           const comm::Communicator& communicator, comm::Reducer* reducer)
    : net_(net),
      seed_(seed),
      loss_(loss),
      workers_(*workers),
      prefetcher_(*prefetcher),
      reducer_(*reducer),
      plan_(net, Phase::kTraining),
      prepared_(plan_, workers, communicator) {
  for (int worker = 0; worker < workers_.size(); ++worker) {
    executors_.push_back(std::make_unique<NetExecutor>(plan_));
  }
}

StepSums GradientStep::Run(const StepShare& share, std::span<const float> values, bool stop,
                           const std::function<bool()>& meanwhile) {
  samples_ = share.samples;
  reducer_.Begin(share.own_microbatches, share.microbatches);
  prepared_.Prepare(values);
  std::atomic<int64_t> left = share.own_microbatches;
  workers_.Run([&](int worker) {
    executors_[worker]->SetParameters(values, prepared_.bytes());
    while (left.fetch_sub(1) > 0) {
      const auto microbatch = prefetcher_.Take();
      CHECK(microbatch.has_value());
      CHECK_EQ((*microbatch)->step, share.step);
      RunMicrobatch(worker, **microbatch, share.microbatches);
    }
  });
  if (stop) {
    reducer_.AddTally(static_cast<int64_t>(Tally::kStopRequests), 1);
  }
  std::array<int64_t, kTallies> tallies{};
  // First what all ranks wait for, then what only this one would have to do later: so it makes up
  // for being late another time.
  const bool in_range =
      reducer_.Await(tallies, [&] { return meanwhile() || prefetcher_.LoadSome(); });
  const auto tally = [&](Tally which) { return tallies[static_cast<size_t>(which)]; };
  const bool diverged = !in_range || tally(Tally::kBrokenLosses) > 0;
  if (diverged) {
    reducer_.Finish();
  }
  return {.loss = comm::FromFixedPoint(tally(Tally::kLoss)),
          .correct = tally(Tally::kCorrect),
          .diverged = diverged,
          .stop = tally(Tally::kStopRequests) > 0};
}

void GradientStep::ReadGradient(int64_t begin, std::span<float> gradient) const {
  reducer_.Read(begin, 1.0 / static_cast<double>(samples_), gradient);
  const auto parameters =
      static_cast<size_t>(std::clamp<int64_t>(layout().size() - begin, 0, std::ssize(gradient)));
  for (float& mean : gradient.subspan(parameters)) {
    mean *= 1 / kStatisticUnit;
  }
}

void GradientStep::RunMicrobatch(int worker, const Microbatch& microbatch, int64_t microbatches) {
  NetExecutor& executor = *executors_[worker];
  const MicrobatchContext context{.phase = Phase::kTraining,
                                  .seed = seed_,
                                  .step = microbatch.step,
                                  .sample_ids = microbatch.sample_ids};
  const ConstTensor images{microbatch.images.data(), static_cast<int>(microbatch.size()),
                           net_.input()};
  const ConstTensor logits = executor.Forward(context, images);
  AddStatistics(executor, microbatch.size());
  const LossSums sums = ComputeLoss(loss_.kind, logits,
                                    {.labels = microbatch.labels,
                                     .smoothing = loss_.smoothing,
                                     .other_labels = microbatch.other_labels,
                                     .shares = microbatch.shares},
                                    executor.output_gradient());
  // The bridge from gradients to communication. Only worker 0 may talk to MPI.
  executor.Backward(
      context,
      [&](int node) {
        const ParameterSlice& slice = net_.nodes()[node].parameters;
        if (slice.size > 0) {
          reducer_.Add(slice.offset,
                       executor.parameter_gradients().subspan(slice.offset, slice.size));
        }
      },
      [&] {
        if (worker == 0) {
          reducer_.Poll();
        }
      });
  // All microbatches' losses must fit the fixed-point sum. Written so that NaN does not.
  if (std::fabs(sums.loss) < kLargestLoss / static_cast<double>(microbatches)) {
    reducer_.AddTally(static_cast<int64_t>(Tally::kLoss), comm::ToFixedPoint(sums.loss));
  } else {
    reducer_.AddTally(static_cast<int64_t>(Tally::kBrokenLosses), 1);
  }
  reducer_.AddTally(static_cast<int64_t>(Tally::kCorrect), sums.correct);
}

void GradientStep::AddStatistics(const NetExecutor& executor, int64_t samples) {
  const std::span<float> statistics = executor.statistics();
  if (statistics.empty()) {
    return;
  }
  for (float& statistic : statistics) {
    statistic *= static_cast<float>(samples) * kStatisticUnit;
  }
  reducer_.Add(layout().size(), statistics);
}

}  // namespace lockstep
