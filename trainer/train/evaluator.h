#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "comm/communicator.h"
#include "trainer/data/batch_loader.h"
#include "trainer/nn/loss.h"
#include "trainer/nn/net_executor.h"
#include "trainer/train/predictions.h"
#include "trainer/train/prepared_parameters.h"
#include "trainer/train/stop_signal.h"
#include "trainer/train/worker_pool.h"

namespace lockstep {

// How a network does on a data set: exact counts, the same for every number of ranks and threads.
struct Evaluation {
  int classes = 0;
  int64_t samples = 0;
  int64_t correct = 0;
  double loss = 0;                   // mean of the members' kind of loss, without smoothing
  std::vector<int64_t> confusion{};  // classes x classes: row the label, column the answer

  double accuracy() const { return static_cast<double>(correct) / static_cast<double>(samples); }
};

// A trained network: what to compute, and with which parameters. Both must outlive the evaluation.
struct CommitteeMember {
  const Net* net;
  std::span<const float> values;
  LossKind loss = LossKind::kSoftmaxCrossEntropy;  // what it was trained to minimise
};

// Runs networks over a data set, dealt over all ranks and threads. Several networks are a
// committee: their probabilities are averaged (of networks trained by squared error, their
// outputs), and the largest mean is the answer (Ciresan et al. 2012, section 2).
class Evaluator {
 public:
  // Collective. REQUIRES at least one member; all with the same input shape, classes and loss. The
  // microbatch is the first member's.
  Evaluator(std::vector<CommitteeMember> members, comm::Communicator* communicator,
            WorkerPool* workers);

  // Collective. Evaluates on `samples` of `dataset`. Where `stop` is given and some rank is asked
  // to stop meanwhile, all ranks give up together and return nothing. Where `predictions` is given,
  // on all ranks, rank 0's is overwritten, with the same bytes for every number of ranks and
  // threads.
  std::optional<Evaluation> Run(const Dataset& dataset, const Normalizer& normalizer,
                                const std::vector<uint32_t>& samples, const StopSignal* stop,
                                Predictions* predictions = nullptr);

  // `call` is called now and then while Run computes.
  void WhileRunning(std::function<void()> call) { while_running_ = std::move(call); }

  // Of every worker and member: what runs, and for how long it did.
  std::span<const std::vector<std::unique_ptr<NetExecutor>>> executors() const {
    return executors_;
  }

 private:
  struct Worker;
  struct Share;

  size_t classes() const { return static_cast<size_t>(members_[0].net->output().channels); }
  Share Deal(int64_t samples) const;
  // Collective. Computes and counts the share; returns false when told to stop.
  bool Compute(const StopSignal* stop, Share* share);
  void ComputeMicrobatch(int worker, int64_t index, Share* share);
  // Fills `scores`: N x classes.
  void Score(int worker, const Microbatch& microbatch, std::vector<double>* scores);
  // From the gathered scores.
  Predictions Predict(const Dataset& dataset, const std::vector<uint32_t>& samples,
                      std::span<const std::byte> scores) const;
  // Collective. The counts of all ranks and threads.
  Evaluation Sum(const Share& share);

  // What the executors of a member share.
  struct Ready {
    Ready(const Net& net, WorkerPool* workers, const comm::Communicator& communicator)
        : plan(net, Phase::kEvaluation), prepared(plan, workers, communicator) {}
    ExecutionPlan plan;
    PreparedParameters prepared;
  };

  std::vector<CommitteeMember> members_;
  comm::Communicator& communicator_;
  WorkerPool& workers_;
  std::vector<std::unique_ptr<Ready>> ready_;                         // member
  std::vector<std::vector<std::unique_ptr<NetExecutor>>> executors_;  // worker, member
  std::function<void()> while_running_ = [] {};
};

}  // namespace lockstep
