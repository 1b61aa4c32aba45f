#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>

#include "trainer/nn/parameters.h"
#include "trainer/tensor/convolution/convolution.h"
#include "trainer/tensor/tensor.h"

namespace lockstep {

// A layer cannot work on its inputs. `field` is the setting at fault as the job file spells it
// ("kernel"), empty when it is the inputs themselves.
class LayerError : public std::runtime_error {
 public:
  LayerError(std::string field, const std::string& what)
      : std::runtime_error(what), field_(std::move(field)) {}
  const std::string& field() const { return field_; }

 private:
  std::string field_;
};

// What a layer learns when it is built.
struct BuildContext {
  std::string_view name;          // of this layer in the net
  std::span<const Shape> inputs;  // of one sample
  int max_batch;                  // the microbatch: the most samples of one Forward
  ParameterLayout& parameters;    // where to add this layer's
  ConvolutionChoice convolutions = ConvolutionChoice::kAuto;
};

// What a layer answers.
struct LayerPlan {
  Shape output;
  // Bytes that Forward leaves for the same microbatch's Backward, and bytes that a single call of
  // either needs for itself.
  int64_t saved_bytes = 0;
  int64_t scratch_bytes = 0;
  // Bytes of what Prepare derives from the parameters.
  int64_t prepared_bytes = 0;
  // Whether a microbatch may go through in slices, one call of Forward and Backward for each:
  // samples do not know of each other, and what is saved lies sample by sample.
  bool by_sample = false;
  // Floating-point operations of Forward for one sample; a multiply-add counts as two.
  int64_t flops = 0;
  // Rows at the bottom and columns at the right of the input that no window sees.
  int unseen_rows = 0;
  int unseen_columns = 0;
  // For reports: how it computes, "winograd"; empty where there is but one way.
  std::string_view algorithm = {};
};

enum class Phase { kTraining, kEvaluation };

// The values that layers compute with, of the whole net.
struct NetValues {
  std::span<const float> parameters;
  std::span<const float> buffers;

  const float* Parameter(ParameterSlice slice) const { return parameters.data() + slice.offset; }
  const float* Buffer(ParameterSlice slice) const { return buffers.data() + slice.offset; }
};

// What a call of Forward or Backward may use. One per thread: nothing in it is shared with another
// thread but `values` and `prepared`, which nobody writes as long as they are used: a layer's
// parameters until its Backward, its buffers until its Forward, of a step's last microbatch, and
// what is prepared until both are done.
struct LayerContext {
  Phase phase = Phase::kEvaluation;
  uint64_t seed = 0;
  int64_t step = 0;                      // keys random draws, with the sample's id
  uint16_t layer = 0;                    // position in the net; keys random draws
  std::span<const uint32_t> sample_ids;  // one for each sample of the microbatch
  NetValues values;                      // no buffers in Backward
  std::span<float> parameter_gradients;  // of the whole net; Backward only
  std::span<float> statistics;          // of the whole net, as buffers; Forward while training only
  std::span<std::byte> saved;           // LayerPlan::saved_bytes; 64-byte aligned if not by_sample
  std::span<std::byte> scratch;         // LayerPlan::scratch_bytes, 64-byte aligned
  std::span<const std::byte> prepared;  // what Prepare has left

  const float* Value(ParameterSlice slice) const { return values.Parameter(slice); }
  float* Gradient(ParameterSlice slice) const { return parameter_gradients.data() + slice.offset; }
  float* Statistic(ParameterSlice slice) const { return statistics.data() + slice.offset; }
};

// One operation of a net. Build() once; afterwards a layer is constant, and any number of threads
// may call Forward and Backward, each with its own context. A layer sees one microbatch; it knows
// nothing of ranks, threads or other layers. Results depend on the arguments alone.
class Layer {
 public:
  virtual ~Layer() = default;

  // The type's name in a job file: "conv2d".
  virtual std::string_view kind() const = 0;

  // Checks that the layer fits its inputs, adds its parameters and buffers, says what it needs.
  // Throws LayerError.
  virtual LayerPlan Build(const BuildContext& context) = 0;

  // Called when the net has new values, before any Forward with them: derives from them what many
  // microbatches will use, on all threads, and leaves it in `prepared`: LayerPlan::prepared_bytes,
  // 64-byte aligned.
  virtual void Prepare(const NetValues& /*values*/, std::span<std::byte> /*prepared*/) const {}

  // Writes all of `output`. The inputs have the built shapes and the output's batch, which is
  // 1 to max_batch. Keeps in context.saved what Backward needs; only in Phase::kTraining, saved is
  // empty otherwise. In this phase, a layer with buffers overwrites the statistics that these are
  // running means of, of this microbatch. Every tensor but the net's own input begins on a 64-byte
  // boundary; parameters begin anywhere.
  virtual void Forward(const LayerContext& context, std::span<const ConstTensor> inputs,
                       Tensor output) const = 0;

  // After Forward of the same microbatch on the same thread: overwrites the input gradients and
  // adds to the parameter gradients. An input gradient without data is not wanted.
  virtual void Backward(const LayerContext& context, std::span<const ConstTensor> inputs,
                        ConstTensor output, ConstTensor output_gradient,
                        std::span<const Tensor> input_gradients) const = 0;
};

}  // namespace lockstep
