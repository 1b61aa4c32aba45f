#pragma once

#include <cstdint>
#include <functional>
#include <span>

#include "comm/communicator.h"
#include "comm/range.h"
#include "trainer/nn/parameters.h"
#include "trainer/optim/clip.h"
#include "trainer/train/node_team.h"
#include "trainer/train/shared_array.h"
#include "trainer/train/training_state.h"

namespace lockstep {

// The second half of a step: from the sums of gradients to new weights. The workers of a node's
// ranks divide it among them, since they share all that it reads and writes; the weights' bits do
// not depend on how.
class WeightUpdate {
 public:
  // Collective over the node, as Begin and Finish. `layout` and `workers` must outlive this.
  WeightUpdate(const ParameterLayout& layout, const ClipOptions& clip, WorkerPool* workers,
               const comm::Communicator& communicator);

  // Of the gradient and the means behind it, what this rank is going to read if all are equally
  // fast.
  static Part PartToRead(const ParameterLayout& layout, const comm::Communicator& communicator);

  // The parameters and buffers for the steps' computations: what the last update has made of
  // a state, or Begin has been given.
  std::span<const float> weights() const { return weights_; }
  // Before the first step from `state`.
  void Begin(const TrainingState& state);

  // Where a step's gradient comes from. Behind the parameters follow the buffers, with the means of
  // their statistics.
  struct GradientSource {
    // Whether elements [begin, end) can be read, and nothing computes with the weights at these
    // places any more in this step, on any rank of the node. Main thread only, until Finish.
    std::function<bool(int64_t begin, int64_t end)> has;
    // Writes elements from `begin` on, as many as there is room for. Thread-safe.
    std::function<void(int64_t begin, std::span<float> gradient)> read;
  };

  // A step's update: reads the gradient, every element on one rank of a node; clips it; moves the
  // parameters along it, the buffers towards the means, and the average after both: stretch by
  // stretch, while it is in the cache, unless a norm must be known first. Start before the step's
  // computation; DoSome while it waits for other ranks, as often as one likes; Finish when all of
  // the gradient is there. In a step that has no Finish, because it diverged, `state` is lost.
  void Start(double learning_rate, GradientSource gradient, TrainingState* state);
  // Does a stretch whose gradient is there already. Returns whether there was one.
  bool DoSome();
  // Does what is left. Returns the norm that the gradient had before all clipping.
  double Finish();

  // Seconds spent waiting for the node's other ranks so far.
  double wait_seconds() const { return team_.wait_seconds(); }

 private:
  // The arrays are cut into stretches of kNormGrain numbers, the last shorter.
  static int64_t CountStretches(const ParameterLayout& layout);
  static Part Stretches(const ParameterLayout& layout, comm::Range numbers);
  Part Stretch(int64_t number) const;

  // A pass: calls work(stretch) for all stretches, or those that DoSome has left, each on one
  // worker of the node; returns when all are done.
  void ForEachStretch(const std::function<void(Part)>& work);

  // Of what is done to a stretch, all that can be done without a norm.
  void DoFirstPass(Part stretch);
  // Whether that is everything.
  bool TakesOnePass() const;

  // What is done to each stretch, in this order.
  void Fetch(Part stretch);   // reads the gradient, clips its elements
  void Move(Part stretch);    // moves parameters and buffers
  void Follow(Part stretch);  // what follows their values: average, publication
  // What all ranks of the node read.
  void Publish(const TrainingState& state, Part stretch);

  // The step between Start and Finish.
  struct Step {
    Update update;
    GradientSource gradient;
    TrainingState* state = nullptr;
  };

  const ParameterLayout& layout_;
  ClipOptions clip_;
  NodeTeam team_;
  // A copy of the state's values: those are read and written by one rank alone, for the most part,
  // which is a matter of its own cache. None if there is but one rank.
  SharedArray<float> published_;
  std::span<const float> weights_;
  SharedArray<float> gradient_;          // and the means of the statistics
  SharedArray<double> squares_;          // sums over stretches of kNormGrain parameters
  SharedArray<double> clipped_squares_;  // the same after clipping by value
  Step step_;
};

}  // namespace lockstep
