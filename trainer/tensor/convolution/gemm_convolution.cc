#include "trainer/tensor/convolution/gemm_convolution.h"

#include <algorithm>

#include "trainer/base/divide.h"
#include "trainer/tensor/aligned_buffer.h"

namespace lockstep {
namespace {

// Rows with which a product is as fast as it gets.
constexpr int64_t kEnoughPositions = 512;
// Numbers of a matrix that leaves room for a product's other operands in a second-level cache of
// 1 MiB. Only where weights are large may a matrix have more, for the sake of kEnoughPositions.
constexpr int64_t kMatrixSize = 1 << 16;
// A product that sums over fewer numbers spends its time loading and storing the sums, so that
// whole windows in one product are faster than a product for each kernel row.
constexpr int kEnoughDepth = 24;

int KernelRows(const ConvolutionGeometry& geometry) {
  const int kernel_row = geometry.kernel_width * geometry.group_channels();
  return kernel_row < kEnoughDepth ? geometry.kernel_height : 1;
}

OutputBlock ChooseBlock(const Lowering& lowering, const Shape& output) {
  const int64_t most = std::max(kMatrixSize, kEnoughPositions * lowering.depth());
  OutputBlock block{.images = 1, .first_row = 0, .rows = output.height};
  const int64_t image = lowering.MatrixSize(block);
  if (image <= most) {
    const int64_t enough = DivideUp(kEnoughPositions, lowering.Positions(block));
    block.images = static_cast<int>(std::min(enough, most / image));
    return block;
  }
  // Bands of rows, as equal as can be.
  for (int bands = 2; block.rows > 1 && lowering.MatrixSize(block) > most; ++bands) {
    block.rows = DivideUp(output.height, bands);
  }
  return block;
}

// Where an output row begins.
template <typename T>
T* RowOf(BasicTensor<T> output, int image, int row) {
  return output.sample(image) + int64_t{row} * output.shape.width * output.shape.channels;
}

// Calls visit(row, image) in the order in which interleaved rows stand.
template <typename Visit>
void ForEachInterleavedRow(const OutputBlock& block, Visit visit) {
  for (int row = 0; row < block.rows; ++row) {
    for (int image = 0; image < block.images; ++image) {
      visit(row, image);
    }
  }
}

}  // namespace

GemmConvolution::GemmConvolution(const ConvolutionGeometry& geometry, int max_batch)
    : geometry_(geometry),
      output_(geometry.output()),
      lowering_(geometry, KernelRows(geometry)),
      block_(ChooseBlock(lowering_, output_)) {
  OutputBlock largest = block_;
  largest.images = std::min(block_.images, max_batch);
  matrix_size_ = WholeLines(lowering_.MatrixSize(largest));
  rearranged_size_ = lowering_.Interleaves(largest)
                         ? WholeLines(lowering_.Positions(largest) * geometry.group_filters())
                         : 0;
}

int64_t GemmConvolution::scratch_bytes() const {
  return (matrix_size_ + rearranged_size_ + geometry_.weights()) *
         static_cast<int64_t>(sizeof(float));
}

GemmConvolution::Workspace GemmConvolution::Divide(std::span<std::byte> scratch) const {
  auto* const matrix = reinterpret_cast<float*>(scratch.data());
  return {.matrix = matrix,
          .rearranged = matrix + matrix_size_,
          .transposed = matrix + matrix_size_ + rearranged_size_};
}

template <typename Visit>
void GemmConvolution::ForEachBlock(int batch, Visit visit) const {
  for (int image = 0; image < batch; image += block_.images) {
    for (int row = 0; row < output_.height; row += block_.rows) {
      visit(OutputBlock{.images = std::min(block_.images, batch - image),
                        .first_row = row,
                        .rows = std::min(block_.rows, output_.height - row)},
            image);
    }
  }
}

Matrix GemmConvolution::ProductRows(const OutputBlock& block, int product, float* matrix) const {
  const int depth = lowering_.depth();
  return {matrix + lowering_.FirstRow(block, product) * depth, depth};
}

int64_t GemmConvolution::WeightsOffset(int product, int group) const {
  return int64_t{product} * lowering_.depth() * geometry_.filters +
         int64_t{group} * geometry_.group_filters();
}

void GemmConvolution::Forward(const ConvolutionWeights& weights, ConstTensor input, Tensor output,
                              std::span<std::byte> scratch) const {
  const Workspace workspace = Divide(scratch);
  ForEachBlock(input.batch, [&](const OutputBlock& block, int image) {
    for (int group = 0; group < geometry_.groups; ++group) {
      ForwardGroup(block, group, weights.values, input.samples(image, block.images),
                   output.samples(image, block.images), workspace);
    }
  });
}

void GemmConvolution::ForwardGroup(const OutputBlock& block, int group, const float* weights,
                                   ConstTensor input, Tensor output,
                                   const Workspace& workspace) const {
  const int filters = geometry_.group_filters();
  const int column = group * filters;
  const bool interleaves = lowering_.Interleaves(block);
  const Matrix result = interleaves
                            ? Matrix{workspace.rearranged, filters}
                            : Matrix{RowOf(output, 0, block.first_row) + column, geometry_.filters};
  lowering_.Lower(block, group, input, workspace.matrix);
  for (int product = 0; product < lowering_.products(); ++product) {
    MultiplyRows(lowering_.Positions(block), filters, lowering_.depth(),
                 ProductRows(block, product, workspace.matrix),
                 {weights + WeightsOffset(product, group), geometry_.filters},
                 product == 0 ? 0.0F : 1.0F, result);
  }
  if (interleaves) {
    const float* from = workspace.rearranged;
    ForEachInterleavedRow(block, [&](int row, int image) {
      CopyRows(output_.width, filters, {from, filters},
               {RowOf(output, image, row) + column, geometry_.filters});
      from += int64_t{output_.width} * filters;
    });
  }
}

void GemmConvolution::Backward(const ConvolutionWeights& weights, ConstTensor input,
                               ConstTensor output_gradient, const ConvolutionGradients& gradients,
                               std::span<std::byte> scratch) const {
  const Workspace workspace = Divide(scratch);
  if (gradients.input) {
    Transpose(weights.values, geometry_.filter_weights(), geometry_.filters, workspace.transposed);
  }
  ForEachBlock(input.batch, [&](const OutputBlock& block, int image) {
    const ConvolutionGradients block_gradients{
        .weights = gradients.weights, .input = gradients.input.samples(image, block.images)};
    if (gradients.input && block.first_row == 0) {
      std::ranges::fill(block_gradients.input.values(), 0.0F);
    }
    for (int group = 0; group < geometry_.groups; ++group) {
      BackwardGroup(block, group, input.samples(image, block.images),
                    output_gradient.samples(image, block.images), block_gradients, workspace);
    }
  });
}

void GemmConvolution::BackwardGroup(const OutputBlock& block, int group, ConstTensor input,
                                    ConstTensor output_gradient,
                                    const ConvolutionGradients& gradients,
                                    const Workspace& workspace) const {
  const int filters = geometry_.group_filters();
  const int column = group * filters;
  ConstMatrix gradient{RowOf(output_gradient, 0, block.first_row) + column, geometry_.filters};
  if (lowering_.Interleaves(block)) {
    float* to = workspace.rearranged;
    ForEachInterleavedRow(block, [&](int row, int image) {
      CopyRows(output_.width, filters,
               {RowOf(output_gradient, image, row) + column, geometry_.filters}, {to, filters});
      to += int64_t{output_.width} * filters;
    });
    gradient = {workspace.rearranged, filters};
  }
  lowering_.Lower(block, group, input, workspace.matrix);
  for (int product = 0; product < lowering_.products(); ++product) {
    AccumulateRows(lowering_.Positions(block), lowering_.depth(), filters,
                   ProductRows(block, product, workspace.matrix), gradient,
                   {gradients.weights + WeightsOffset(product, group), geometry_.filters});
  }
  if (gradients.input) {
    BackwardInput(block, group, gradient, gradients.input, workspace);
  }
}

void GemmConvolution::BackwardInput(const OutputBlock& block, int group,
                                    ConstMatrix output_gradient, Tensor input,
                                    const Workspace& workspace) const {
  const int depth = lowering_.depth();
  const int filters = geometry_.group_filters();
  const auto filter_weights = static_cast<int>(geometry_.filter_weights());
  // The matrix now takes the gradient by itself. Several products share rows of it.
  const bool shares = lowering_.products() > 1;
  if (shares) {
    std::fill_n(workspace.matrix, lowering_.MatrixSize(block), 0.0F);
  }
  for (int product = 0; product < lowering_.products(); ++product) {
    const float* weights =
        workspace.transposed + int64_t{group} * filters * filter_weights + int64_t{product} * depth;
    MultiplyRows(lowering_.Positions(block), depth, filters, output_gradient,
                 {weights, filter_weights}, shares ? 1.0F : 0.0F,
                 ProductRows(block, product, workspace.matrix));
  }
  lowering_.AddRaised(block, group, workspace.matrix, input);
}

}  // namespace lockstep
