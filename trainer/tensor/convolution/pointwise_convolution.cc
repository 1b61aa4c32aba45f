#include "trainer/tensor/convolution/pointwise_convolution.h"

#include "trainer/base/check.h"
#include "trainer/tensor/products.h"

namespace lockstep {
namespace {

int64_t Positions(ConstTensor tensor) {
  return int64_t{tensor.batch} * tensor.shape.height * tensor.shape.width;
}

}  // namespace

bool PointwiseConvolution::Serves(const ConvolutionGeometry& geometry) {
  return geometry.kernel_height == 1 && geometry.kernel_width == 1 && geometry.stride_height == 1 &&
         geometry.stride_width == 1 && geometry.padding_height == 0 && geometry.padding_width == 0;
}

PointwiseConvolution::PointwiseConvolution(const ConvolutionGeometry& geometry)
    : geometry_(geometry) {
  CHECK(Serves(geometry));
}

// Backward's transposed weights.
int64_t PointwiseConvolution::scratch_bytes() const {
  return geometry_.weights() * static_cast<int64_t>(sizeof(float));
}

void PointwiseConvolution::Forward(const ConvolutionWeights& weights, ConstTensor input,
                                   Tensor output, std::span<std::byte> /*scratch*/) const {
  const int channels = geometry_.group_channels();
  const int filters = geometry_.group_filters();
  for (int group = 0; group < geometry_.groups; ++group) {
    MultiplyRows(Positions(input), filters, channels,
                 {input.data + group * channels, geometry_.input.channels},
                 {weights.values + group * filters, geometry_.filters}, 0,
                 {output.data + group * filters, geometry_.filters});
  }
}

void PointwiseConvolution::Backward(const ConvolutionWeights& weights, ConstTensor input,
                                    ConstTensor output_gradient,
                                    const ConvolutionGradients& gradients,
                                    std::span<std::byte> scratch) const {
  const int channels = geometry_.group_channels();
  const int filters = geometry_.group_filters();
  for (int group = 0; group < geometry_.groups; ++group) {
    AccumulateRows(Positions(input), channels, filters,
                   {input.data + group * channels, geometry_.input.channels},
                   {output_gradient.data + group * filters, geometry_.filters},
                   {gradients.weights + group * filters, geometry_.filters});
  }
  if (!gradients.input) {
    return;
  }
  auto* transposed = reinterpret_cast<float*>(scratch.data());  // filters x channels of a group
  Transpose(weights.values, channels, geometry_.filters, transposed);
  for (int group = 0; group < geometry_.groups; ++group) {
    MultiplyRows(Positions(input), channels, filters,
                 {output_gradient.data + group * filters, geometry_.filters},
                 {transposed + int64_t{group} * filters * channels, channels}, 0,
                 {gradients.input.data + group * channels, geometry_.input.channels});
  }
}

}  // namespace lockstep
