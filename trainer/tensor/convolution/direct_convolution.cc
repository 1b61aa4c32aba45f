#include "trainer/tensor/convolution/direct_convolution.h"

#include <algorithm>

#include "trainer/base/check.h"

namespace lockstep {
namespace {

constexpr int kMostChannels = 4;
constexpr int kFilterUnit = 16;

// Rounds up so that what follows begins on a cache line.
int64_t WholeLines(int64_t floats) { return (floats + 15) / 16 * 16; }

}  // namespace

bool FusedDirectConvolution::Serves(const ConvolutionGeometry& geometry) {
  return geometry.input.channels <= kMostChannels && geometry.filters % kFilterUnit == 0 &&
         geometry.stride_height == 1 && geometry.stride_width == 1 && geometry.groups == 1;
}

FusedDirectConvolution::FusedDirectConvolution(const ConvolutionGeometry& geometry, Pooling pooling)
    : FusedConvolution(geometry, pooling),
      kernels_(ActiveKernels()),
      shape_{.frame_width = geometry.input.width + 2 * geometry.padding_width,
             .channels = geometry.input.channels,
             .kernel_height = geometry.kernel_height,
             .kernel_width = geometry.kernel_width,
             .output_width = geometry.output().width,
             .filters = geometry.filters},
      frame_size_(WholeLines(int64_t{geometry.input.height + 2 * geometry.padding_height} *
                             shape_.frame_width * shape_.channels)) {
  CHECK(Serves(geometry));
}

int64_t FusedDirectConvolution::scratch_bytes() const {
  return (frame_size_ + geometry().output().size()) * static_cast<int64_t>(sizeof(float));
}

FusedDirectConvolution::Workspace FusedDirectConvolution::Divide(
    std::span<std::byte> scratch) const {
  auto* const frame = reinterpret_cast<float*>(scratch.data());
  std::fill_n(frame, frame_size_, 0.0F);
  return {.frame = frame, .convolved = frame + frame_size_};
}

void FusedDirectConvolution::CopyIntoFrame(const float* image, float* frame) const {
  const Shape& input = geometry().input;
  const int64_t row_size = int64_t{input.width} * input.channels;
  for (int row = 0; row < input.height; ++row) {
    const int64_t first =
        int64_t{row + geometry().padding_height} * shape_.frame_width + geometry().padding_width;
    std::copy_n(image + row * row_size, row_size, frame + first * input.channels);
  }
}

void FusedDirectConvolution::Forward(const FusedParameters& parameters, ConstTensor input,
                                     Tensor output, std::span<std::byte> kept,
                                     std::span<std::byte> scratch) const {
  const Workspace workspace = Divide(scratch);
  auto* const positions = reinterpret_cast<uint8_t*>(kept.data());
  for (int image = 0; image < input.batch; ++image) {
    CopyIntoFrame(input.sample(image), workspace.frame);
    if (pooling() == Pooling::kMax2x2) {
      ForwardPooled(parameters, workspace, output.sample(image),
                    kept.empty() ? nullptr : positions + image * output.shape.size());
      continue;
    }
    kernels_.direct->forward(shape_, {.first = 0, .count = output.shape.height}, workspace.frame,
                             parameters.weights, parameters.bias, output.sample(image));
    kernels_.tail->rectify(output.shape.size(), output.sample(image));
  }
}

// Two rows at a time.
void FusedDirectConvolution::ForwardPooled(const FusedParameters& parameters,
                                           const Workspace& workspace, float* output,
                                           uint8_t* kept) const {
  const Shape pooled = this->output();
  const int64_t row_size = int64_t{pooled.width} * pooled.channels;
  for (int row = 0; row < pooled.height; ++row) {
    kernels_.direct->forward(shape_, {.first = 2 * row, .count = 2}, workspace.frame,
                             parameters.weights, parameters.bias, workspace.convolved);
    kernels_.tail->pool_rows(shape_.output_width, shape_.filters, workspace.convolved,
                             output + row * row_size,
                             kept == nullptr ? nullptr : kept + row * row_size);
  }
}

void FusedDirectConvolution::Backward(const FusedParameters& /*parameters*/, ConstTensor input,
                                      ConstTensor output, std::span<const std::byte> kept,
                                      ConstTensor output_gradient, const FusedGradients& gradients,
                                      std::span<std::byte> scratch) const {
  CHECK(!gradients.convolution.input);
  const Workspace workspace = Divide(scratch);
  const Shape convolved = geometry().output();
  const auto* const positions = reinterpret_cast<const uint8_t*>(kept.data());
  for (int image = 0; image < input.batch; ++image) {
    CopyIntoFrame(input.sample(image), workspace.frame);
    if (pooling() == Pooling::kMax2x2) {
      kernels_.tail->unpooled_gradient(convolved.height, convolved.width, convolved.channels,
                                       positions + image * output.shape.size(),
                                       output_gradient.sample(image), workspace.convolved,
                                       gradients.bias);
    } else {
      kernels_.tail->rectified_gradient(
          int64_t{convolved.height} * convolved.width, convolved.channels, output.sample(image),
          output_gradient.sample(image), workspace.convolved, gradients.bias);
    }
    kernels_.direct->add_weight_gradient(shape_, convolved.height, workspace.frame,
                                         workspace.convolved, gradients.convolution.weights);
  }
}

}  // namespace lockstep
