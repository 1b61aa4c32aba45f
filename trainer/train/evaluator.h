#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "comm/communicator.h"
#include "trainer/data/batch_loader.h"
#include "trainer/nn/net_executor.h"
#include "trainer/train/stop_signal.h"
#include "trainer/train/worker_pool.h"

namespace lockstep {

// How a network does on a data set: exact counts, the same for every number of ranks and threads.
struct Evaluation {
  int classes = 0;
  int64_t samples = 0;
  int64_t correct = 0;
  double loss = 0;                   // mean cross-entropy, natural logarithm
  std::vector<int64_t> confusion{};  // classes x classes: row the label, column the answer

  double accuracy() const { return static_cast<double>(correct) / static_cast<double>(samples); }
};

// A trained network: what to compute, and with which parameters. Both must outlive the evaluation.
struct CommitteeMember {
  const Net* net;
  std::span<const float> values;
};

// Runs networks over a data set, dealt over all ranks and threads. Several networks are a
// committee: their probabilities are averaged, and the largest mean is the answer (Ciresan et al.
// 2012, section 2).
class Evaluator {
 public:
  // Collective. REQUIRES at least one member; all with the same input shape and classes. The
  // microbatch is the first member's.
  Evaluator(std::vector<CommitteeMember> members, comm::Communicator* communicator,
            WorkerPool* workers);

  // Collective. Evaluates on `samples` of `dataset`. Where `stop` is given and some rank is asked
  // to stop meanwhile, all ranks give up together and return nothing.
  std::optional<Evaluation> Run(const Dataset& dataset, const Normalizer& normalizer,
                                const std::vector<uint32_t>& samples, const StopSignal* stop);

 private:
  struct Counts;
  void AddMicrobatch(int worker, const Microbatch& microbatch, Counts* counts);

  std::vector<CommitteeMember> members_;
  comm::Communicator& communicator_;
  WorkerPool& workers_;
  std::vector<std::vector<std::unique_ptr<NetExecutor>>> executors_;  // worker, member
};

}  // namespace lockstep
