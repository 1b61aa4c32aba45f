#pragma once

#include <cstdint>
#include <functional>
#include <span>

#include "comm/communicator.h"
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
  // Collective over the node, as all of it. `layout` and `workers` must outlive this.
  WeightUpdate(const ParameterLayout& layout, const ClipOptions& clip, WorkerPool* workers,
               const comm::Communicator& communicator);

  // Of the gradient and the means behind it, what this rank is going to read.
  static Part PartToRead(const ParameterLayout& layout, const comm::Communicator& communicator);

  // The parameters and buffers for the steps' computations: what the last Apply has made of a
  // state, or Begin has been given.
  std::span<const float> weights() const { return weights_; }
  // Before the first step from `state`.
  void Begin(const TrainingState& state);

  // Writes the step's gradient from element `begin` on, as much as there is room for. Behind the
  // parameters follow the buffers, with the means of their statistics. Thread-safe.
  using ReadGradient = std::function<void(int64_t begin, std::span<float> gradient)>;

  // Reads the gradient, every element on one rank of a node; clips it; moves the parameters along
  // it, the buffers towards the means, and the average after both: stretch by stretch, while it is
  // in the cache, unless a norm must be known first.
  // `state->position` has been advanced to this step. Returns the norm that the gradient had before
  // all clipping.
  double Apply(double learning_rate, const ReadGradient& read, TrainingState* state);

  // Seconds spent waiting for the node's other ranks so far.
  double wait_seconds() const { return team_.wait_seconds(); }

 private:
  // Calls work(stretch) for stretches of kNormGrain numbers, the last shorter, each on one worker
  // of the node; returns when all are done.
  void ForEachStretch(const std::function<void(Part)>& work);

  // What is done to each stretch, in this order.
  void Fetch(const ReadGradient& read, Part stretch);  // reads the gradient, clips its elements
  void Move(const Update& update, Part stretch, TrainingState* state);
  void Follow(Part stretch, TrainingState* state);  // what follows the values: average, publication
  // What all ranks of the node read.
  void Publish(const TrainingState& state, Part stretch);

  const ParameterLayout& layout_;
  ClipOptions clip_;
  NodeTeam team_;
  // A copy of the state's values: those are read and written by the part's owner alone, which is a
  // matter of its own cache. None if there is but one rank.
  SharedArray<float> published_;
  std::span<const float> weights_;
  SharedArray<float> gradient_;          // and the means of the statistics
  SharedArray<double> squares_;          // sums over stretches of kNormGrain parameters
  SharedArray<double> clipped_squares_;  // the same after clipping by value
};

}  // namespace lockstep
