#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "comm/communicator.h"
#include "comm/reducer.h"
#include "trainer/data/prefetcher.h"
#include "trainer/nn/loss.h"
#include "trainer/nn/net_executor.h"
#include "trainer/train/prepared_parameters.h"
#include "trainer/train/worker_pool.h"

namespace lockstep {

// What a step's reduction carries besides the gradient, summed over all ranks.
enum class Tally : uint8_t {
  kLoss,          // in fixed point
  kCorrect,       // samples
  kBrokenLosses,  // microbatches whose loss is not a number in range
  kStopRequests,  // ranks that were asked to stop
};
constexpr int64_t kTallies = 4;

// Which microbatches a step has, and which of them are this rank's.
struct StepShare {
  int64_t step = 0;
  int64_t samples = 0;           // of all ranks
  int64_t microbatches = 0;      // of all ranks
  int64_t own_microbatches = 0;  // dealt to this rank; the prefetcher delivers just these
};

// Sums over the step's global batch, the same on every rank.
struct StepSums {
  double loss = 0;  // summed over samples
  int64_t correct = 0;
  bool diverged = false;  // a loss or a gradient was not finite or out of range, on any rank
  bool stop = false;      // some rank was asked to stop
};

// Forward, loss, backward and the sum over all ranks: the gradient of the mean loss over a step's
// global batch, and the means of the statistics for the net's buffers, weighted by samples; bit for
// bit the same for every number of ranks and threads (with an exact reducer). A step: Run; unless
// that diverged, any number of ReadGradient, and Finish. What HasGradient finds earlier can be read
// while Run waits; if the step then diverges, it was meaningless.
class GradientStep {
 public:
  // Collective over the node. All must outlive the step. Every worker gets an executor of its own.
  GradientStep(const Net& net, uint64_t seed, const LossOptions& loss, WorkerPool* workers,
               Prefetcher* prefetcher, const comm::Communicator& communicator,
               comm::Reducer* reducer);

  // Collective. `values`: the parameters and buffers. `stop`: this rank was asked to stop. While it
  // waits for other ranks, calls meanwhile() over and over, for what can be done in some
  // microseconds; that returns whether there was something to do. Else it loads samples.
  StepSums Run(const StepShare& share, std::span<const float> values, bool stop,
               const std::function<bool()>& meanwhile);

  // Whether the elements [begin, end) of the gradient can be read, and no computation of this step
  // uses the values at these places any more, on any rank of this node: maybe while Run still
  // waits, and for all of them when it has returned.
  bool HasGradient(int64_t begin, int64_t end) const { return reducer_.Has(begin, end); }

  // Writes the gradient's elements from `begin` on, as many as there is room for. Behind the
  // parameters follow the buffers, with the means of their statistics. REQUIRES HasGradient.
  // Thread-safe.
  void ReadGradient(int64_t begin, std::span<float> gradient) const;

  // This rank needs the gradient no more.
  void Finish() { reducer_.Finish(); }

  const ParameterLayout& layout() const { return net_.parameters(); }
  // Seconds spent waiting for other ranks so far, with nothing to do.
  double wait_seconds() const { return reducer_.wait_seconds() + prepared_.wait_seconds(); }
  // One for each worker: activations, and the time spent in every stage.
  std::span<const std::unique_ptr<NetExecutor>> executors() const { return executors_; }

 private:
  // `microbatches`: of the step, on all ranks.
  void RunMicrobatch(int worker, const Microbatch& microbatch, int64_t microbatches);

  // Adds what the executor's last microbatch of `samples` gives the buffers.
  void AddStatistics(const NetExecutor& executor, int64_t samples);

  const Net& net_;
  uint64_t seed_;
  LossOptions loss_;
  WorkerPool& workers_;
  Prefetcher& prefetcher_;
  comm::Reducer& reducer_;
  int64_t samples_ = 0;  // of the last step, on all ranks
  ExecutionPlan plan_;
  PreparedParameters prepared_;
  std::vector<std::unique_ptr<NetExecutor>> executors_;
};

}  // namespace lockstep
