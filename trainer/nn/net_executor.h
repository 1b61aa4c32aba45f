#pragma once

#include <cstddef>
#include <functional>
#include <span>
#include <vector>

#include "trainer/nn/execution_plan.h"
#include "trainer/tensor/aligned_buffer.h"

namespace lockstep {

// One microbatch on its way through the net.
struct MicrobatchContext {
  Phase phase = Phase::kEvaluation;
  uint64_t seed = 0;
  int64_t step = 0;
  std::span<const uint32_t> sample_ids;  // one for each sample; may be empty in evaluation
};

// Time spent in one stage since the executor was made, in seconds.
struct StageSeconds {
  double forward = 0;
  double backward = 0;
};

// Runs microbatches through a net on one thread. Owns that thread's activations, their gradients
// and its parameter gradients; allocates nothing after construction.
class NetExecutor {
 public:
  // Called during Backward as soon as the gradient of a node's parameters is final, with that
  // node's number, for every node in reverse order, with or without parameters.
  using NodeDone = std::function<void(int node)>;
  // Called now and then during Backward, for what should go on meanwhile.
  using Pause = std::function<void()>;

  // `plan` must outlive the executor. One for Phase::kEvaluation cannot go backward.
  explicit NetExecutor(const ExecutionPlan& plan);

  // The values of the whole net's parameters and buffers, and what the plan's stages have prepared
  // of them, for all microbatches until the next call. They must stay valid until then, and the
  // same as long as a layer needs them, until node_done of the last Backward.
  void SetParameters(std::span<const float> values, std::span<const std::byte> prepared);

  // After SetParameters. Returns the output of the last node, valid until the next call.
  // REQUIRES 1 <= input.batch <= the net's max_batch(); `input` must stay valid until Backward
  // returns.
  ConstTensor Forward(const MicrobatchContext& context, ConstTensor input);

  // Where the caller writes the gradient of the loss by Forward's output, before Backward.
  Tensor output_gradient();

  // After Forward with the same context, in Phase::kTraining, and once only. Overwrites
  // parameter_gradients().
  void Backward(
      const MicrobatchContext& context, const NodeDone& node_done, const Pause& pause = [] {});

  // Gradient by every parameter, summed over the microbatch's samples.
  std::span<const float> parameter_gradients() const { return ParameterGradients(); }

  // What layers with buffers took of the microbatch of the last Forward, in Phase::kTraining; the
  // caller may overwrite it until the next. Laid out as the net's buffers.
  std::span<float> statistics() const;

  const ExecutionPlan& plan() const { return plan_; }
  // Of each of the plan's stages.
  std::span<const StageSeconds> seconds() const { return seconds_; }

 private:
  void Check(const MicrobatchContext& context) const;
  enum class Direction { kForward, kBackward };
  // Samples of the microbatch that go through a run together.
  struct Slice {
    int begin;
    int size;
  };
  // Calls visit(slice) for the slices of a run, in order.
  template <typename Visit>
  void ForEachSlice(const StageRun& run, const Visit& visit) const;
  Slice Whole() const { return {0, batch_}; }
  LayerContext ContextOf(const MicrobatchContext& context, int stage, Slice slice,
                         Direction direction) const;
  Tensor ActivationOfStage(int stage, Slice slice) const;
  ConstTensor Activation(int node, Slice slice) const;
  Tensor Gradient(int node, Slice slice) const;
  std::span<float> ParameterGradients() const;
  float* FloatsAt(const ArenaBlock& block) const;
  std::span<std::byte> BytesAt(const ArenaBlock& block) const;
  void CollectInputs(int stage, Slice slice);
  void ForwardStage(const MicrobatchContext& context, int stage, Slice slice);
  void BackwardStage(const MicrobatchContext& context, int stage, Slice slice);

  const ExecutionPlan& plan_;
  // The plan's.
  const Net& net_;
  const std::vector<Stage>& stages_;
  const MemoryPlan& memory_;
  bool trains_;

  AlignedBuffer<std::byte> arena_;
  std::vector<int> stage_of_node_;  // of the last node of a stage
  std::span<const float> parameters_;
  std::span<const std::byte> prepared_;
  ConstTensor input_;
  int batch_ = 0;
  bool forward_kept_ = false;  // a training Forward awaits its Backward
  // For each input of each stage: whether another stage has written the gradient by it before.
  std::vector<std::vector<char>> shares_gradient_;
  // The tensors of the stage that runs now; members so that their memory is kept.
  struct Share {
    Tensor total;
    const float* spare;
  };
  std::vector<ConstTensor> node_inputs_;
  std::vector<Tensor> node_input_gradients_;
  std::vector<Share> shares_;
  std::vector<StageSeconds> seconds_;
};

}  // namespace lockstep
