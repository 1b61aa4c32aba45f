#pragma once

#include "trainer/tensor/convolution/convolution.h"
#include "trainer/tensor/convolution/lowering.h"
#include "trainer/tensor/products.h"

namespace lockstep {

// Any convolution as matrix products over lowered blocks (see lowering.h). A block is as many
// images, or as many output rows of one image, as keep its matrix in the second-level cache. Blocks
// depend on the geometry and the batch alone.
class GemmConvolution : public ConvolutionAlgorithm {
 public:
  GemmConvolution(const ConvolutionGeometry& geometry, int max_batch);

  std::string_view name() const override { return "gemm"; }
  int64_t scratch_bytes() const override;
  void Forward(const ConvolutionWeights& weights, ConstTensor input, Tensor output,
               std::span<std::byte> scratch) const override;
  void Backward(const ConvolutionWeights& weights, ConstTensor input, ConstTensor output_gradient,
                const ConvolutionGradients& gradients, std::span<std::byte> scratch) const override;

 private:
  // A scratch, divided.
  struct Workspace {
    float* matrix;      // of a block
    float* rearranged;  // a block's output or its gradient, for one group, where rows interleave
    float* transposed;  // weights as (filters, kernel height, kernel width, group channels)
  };
  Workspace Divide(std::span<std::byte> scratch) const;

  // Calls visit(block, first_image) for each block of the batch.
  template <typename Visit>
  void ForEachBlock(int batch, Visit visit) const;

  // Input and output hold the block's images in what follows.
  void ForwardGroup(const OutputBlock& block, int group, const float* weights, ConstTensor input,
                    Tensor output, const Workspace& workspace) const;
  void BackwardGroup(const OutputBlock& block, int group, ConstTensor input,
                     ConstTensor output_gradient, const ConvolutionGradients& gradients,
                     const Workspace& workspace) const;
  void BackwardInput(const OutputBlock& block, int group, ConstMatrix output_gradient, Tensor input,
                     const Workspace& workspace) const;

  // The rows of a block's matrix that a product takes.
  Matrix ProductRows(const OutputBlock& block, int product, float* matrix) const;
  // Where the weights of a product and a group begin.
  int64_t WeightsOffset(int product, int group) const;

  ConvolutionGeometry geometry_;
  Shape output_;
  Lowering lowering_;
  OutputBlock block_;        // of a batch that is large enough
  int64_t matrix_size_;      // numbers of workspace.matrix, in whole cache lines
  int64_t rearranged_size_;  // likewise
};

}  // namespace lockstep
