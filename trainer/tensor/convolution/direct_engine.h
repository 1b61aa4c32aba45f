#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>

#include "trainer/tensor/convolution/convolution.h"
#include "trainer/tensor/kernels/kernels.h"
#include "trainer/tensor/scratch.h"

namespace lockstep {

// Convolutions tap by tap: outputs of some positions are summed up in registers, one image after
// the other. For layers with too few channels or filters for matrix products.
//
// Outputs and their gradients lie with gaps (kernels/direct.h). What becomes of the outputs, and
// where their gradient comes from, is the caller's business: what lies between stays in the nearest
// cache.
class DirectEngine {
 public:
  // One group, and few enough weights for the nearest caches.
  static bool Serves(const ConvolutionGeometry& geometry);

  // REQUIRES Serves(geometry).
  explicit DirectEngine(const ConvolutionGeometry& geometry);

  const Kernels& kernels() const { return kernels_; }
  const TailRow& row() const { return row_; }
  int64_t scratch_bytes() const {
    ScratchDealer counter;
    Divide(&counter);
    return counter.bytes();
  }

  // The weights with gaps, and those transposed for the way back.
  int64_t prepared_bytes() const;
  void Prepare(const float* weights, std::span<std::byte> prepared) const;

  // Calls take(image, first output row, how many rows, their numbers) for pieces of
  // `rows_at_once` rows, the last of an image perhaps fewer. `bias` may be nullptr.
  template <typename Take>
  void Forward(std::span<const std::byte> prepared, const float* bias, ConstTensor input,
               int rows_at_once, std::span<std::byte> scratch, const Take& take) const {
    const Workspace workspace = Divide(scratch);
    SpreadBias(bias, workspace);
    for (int image = 0; image < input.batch; ++image) {
      const float* const frame = Frame(input.sample(image), workspace);
      for (int first = 0; first < shape_.output_height; first += rows_at_once) {
        const int count = std::min(rows_at_once, shape_.output_height - first);
        kernels_.direct->forward(shape_, {.first = first, .count = count}, frame, Weights(prepared),
                                 workspace.bias, workspace.outputs);
        take(image, first, count, workspace.outputs);
      }
    }
  }

  // Whether ForwardPooled can serve.
  bool PoolsPlanes() const;
  // Convolution, bias, relu and 2x2 max pooling of whole images, where too few filters for a vector
  // would leave Forward's lanes empty: the same bits. `kept`: see FusedConvolution; may be empty.
  // REQUIRES PoolsPlanes().
  void ForwardPooled(std::span<const std::byte> prepared, const float* bias, ConstTensor input,
                     Tensor output, std::span<std::byte> kept, std::span<std::byte> scratch) const;

  // Calls give(image, where to write the gradient of all its outputs, where to add that of the
  // bias). `bias_gradient` may be nullptr.
  template <typename Give>
  void Backward(std::span<const std::byte> prepared, ConstTensor input,
                const ConvolutionGradients& gradients, float* bias_gradient,
                std::span<std::byte> scratch, const Give& give) const {
    const Workspace workspace = Divide(scratch);
    ClearGradients(workspace);
    for (int image = 0; image < input.batch; ++image) {
      give(image, workspace.outputs, workspace.bias);
      AddWeightGradient(Frame(input.sample(image), workspace), workspace);
      if (gradients.input) {
        WriteInputGradient(workspace, TransposedWeights(prepared), gradients.input.sample(image));
      }
    }
    AddGradients(workspace, gradients.weights, bias_gradient);
  }

 private:
  // All with gaps.
  struct Workspace {
    float* weight_gradient;
    float* bias;  // or its gradient
    float* frame;
    float* frame_row;  // of the input's gradient
    float* outputs;    // or their gradient
  };
  int64_t taps() const { return geometry_.filter_weights(); }
  bool framed() const { return geometry_.padding_height + geometry_.padding_width > 0; }
  Workspace Divide(ScratchDealer* dealer) const;
  // With zeros where the frame is not image.
  Workspace Divide(std::span<std::byte> scratch) const;
  // What Prepare has left.
  const float* Weights(std::span<const std::byte> prepared) const;
  const float* TransposedWeights(std::span<const std::byte> prepared) const;
  // The image with its padding.
  const float* Frame(const float* image, const Workspace& workspace) const;
  void SpreadWeights(const float* weights, float* spread) const;
  void TransposeWeights(const float* weights, float* transposed) const;
  void SpreadBias(const float* bias, const Workspace& workspace) const;
  void ClearGradients(const Workspace& workspace) const;
  void AddGradients(const Workspace& workspace, float* weights, float* bias) const;
  void AddWeightGradient(const float* frame, const Workspace& workspace) const;
  void WriteInputGradient(const Workspace& workspace, const float* transposed_weights,
                          float* gradient) const;

  ConvolutionGeometry geometry_;
  const Kernels& kernels_;
  DirectShape shape_;
  TailRow row_;  // of the output
};

}  // namespace lockstep
