#include "trainer/tensor/convolution/direct_engine.h"

#include "trainer/base/check.h"
#include "trainer/base/divide.h"
#include "trainer/tensor/aligned_buffer.h"

namespace lockstep {
namespace {

// Weights beyond what the second-level cache holds are read again for every few positions.
constexpr int64_t kMostWeights = 100'000;

// Numbers of the output's gradient that are gone through again and again, for some taps each time.
constexpr int64_t kGradientBand = 16384;

DirectShape ToDirectShape(const ConvolutionGeometry& geometry) {
  const Shape output = geometry.output();
  return {.frame_width = geometry.input.width + 2 * geometry.padding_width,
          .channels = geometry.input.channels,
          .kernel_height = geometry.kernel_height,
          .kernel_width = geometry.kernel_width,
          .stride_height = geometry.stride_height,
          .stride_width = geometry.stride_width,
          .output_height = output.height,
          .output_width = output.width,
          .filters = geometry.filters,
          .filter_room = RoundUp(geometry.filters, kDirectUnit),
          .row_tap_room = RoundUp(geometry.kernel_width * geometry.input.channels, kDirectUnit)};
}

}  // namespace

bool DirectEngine::Serves(const ConvolutionGeometry& geometry) {
  return geometry.groups == 1 && geometry.weights() <= kMostWeights;
}

DirectEngine::DirectEngine(const ConvolutionGeometry& geometry)
    : geometry_(geometry),
      kernels_(ActiveKernels()),
      shape_(ToDirectShape(geometry)),
      row_{.width = shape_.output_width,
           .filters = shape_.filters,
           .filter_room = shape_.filter_room} {
  CHECK(Serves(geometry));
}

DirectEngine::Workspace DirectEngine::Divide(ScratchDealer* dealer) const {
  const int64_t frame_rows = geometry_.input.height + 2 * geometry_.padding_height;
  return {
      .weight_gradient = dealer->Floats(taps() * shape_.filter_room),
      .bias = dealer->Floats(shape_.filter_room),
      .frame = dealer->Floats(framed() ? frame_rows * shape_.frame_width * shape_.channels : 0),
      .frame_row =
          dealer->Floats(int64_t{shape_.frame_width} * shape_.channels + int64_t{2} * kDirectUnit),
      .outputs =
          dealer->Floats(int64_t{shape_.output_height} * shape_.output_width * shape_.filter_room)};
}

DirectEngine::Workspace DirectEngine::Divide(std::span<std::byte> scratch) const {
  ScratchDealer dealer(scratch);
  const Workspace workspace = Divide(&dealer);
  std::fill(workspace.frame, workspace.frame_row, 0.0F);
  return workspace;
}

const float* DirectEngine::Frame(const float* image, const Workspace& workspace) const {
  if (!framed()) {
    return image;
  }
  const Shape& input = geometry_.input;
  const int64_t row_size = int64_t{input.width} * input.channels;
  for (int row = 0; row < input.height; ++row) {
    const int64_t first =
        int64_t{row + geometry_.padding_height} * shape_.frame_width + geometry_.padding_width;
    std::copy_n(image + row * row_size, row_size, workspace.frame + first * input.channels);
  }
  return workspace.frame;
}

int64_t DirectEngine::prepared_bytes() const {
  const int64_t transposed = int64_t{shape_.kernel_height} * shape_.filters * shape_.row_tap_room;
  return (WholeLines(taps() * shape_.filter_room) + transposed) *
         static_cast<int64_t>(sizeof(float));
}

const float* DirectEngine::Weights(std::span<const std::byte> prepared) const {
  return reinterpret_cast<const float*>(prepared.data());
}

const float* DirectEngine::TransposedWeights(std::span<const std::byte> prepared) const {
  return Weights(prepared) + WholeLines(taps() * shape_.filter_room);
}

void DirectEngine::Prepare(const float* weights, std::span<std::byte> prepared) const {
  auto* const spread = reinterpret_cast<float*>(prepared.data());
  SpreadWeights(weights, spread);
  TransposeWeights(weights, spread + WholeLines(taps() * shape_.filter_room));
}

bool DirectEngine::PoolsPlanes() const {
  return shape_.channels == 1 && shape_.stride_height == 1 && shape_.stride_width == 1 &&
         shape_.filters < kDirectUnit && shape_.output_width >= kPlaneColumns;
}

void DirectEngine::ForwardPooled(std::span<const std::byte> prepared, const float* bias,
                                 ConstTensor input, Tensor output, std::span<std::byte> kept,
                                 std::span<std::byte> scratch) const {
  CHECK(PoolsPlanes());
  const Workspace workspace = Divide(scratch);
  SpreadBias(bias, workspace);
  const int64_t row_size = int64_t{output.shape.width} * output.shape.channels;
  auto* const positions = reinterpret_cast<uint8_t*>(kept.data());
  for (int image = 0; image < input.batch; ++image) {
    const float* const frame = Frame(input.sample(image), workspace);
    for (int row = 0; row < output.shape.height; ++row) {
      const int64_t first = image * output.shape.size() + row * row_size;
      kernels_.planes->pooled_row(shape_, 2 * row, frame, Weights(prepared), workspace.bias,
                                  output.data + first, kept.empty() ? nullptr : positions + first);
    }
  }
}

void DirectEngine::SpreadWeights(const float* weights, float* spread) const {
  std::fill_n(spread, taps() * shape_.filter_room, 0.0F);
  for (int64_t tap = 0; tap < taps(); ++tap) {
    std::copy_n(weights + tap * shape_.filters, shape_.filters, spread + tap * shape_.filter_room);
  }
}

void DirectEngine::SpreadBias(const float* bias, const Workspace& workspace) const {
  std::fill_n(workspace.bias, shape_.filter_room, 0.0F);
  if (bias != nullptr) {
    std::copy_n(bias, shape_.filters, workspace.bias);
  }
}

// As DirectKernels::input_gradient_row wants them.
void DirectEngine::TransposeWeights(const float* weights, float* transposed) const {
  const int row_taps = shape_.kernel_width * shape_.channels;
  float* to = transposed;
  for (int row = 0; row < shape_.kernel_height; ++row) {
    const float* const from = weights + int64_t{row} * row_taps * shape_.filters;
    for (int filter = 0; filter < shape_.filters; ++filter) {
      for (int tap = 0; tap < shape_.row_tap_room; ++tap) {
        *to++ = tap < row_taps ? from[int64_t{tap} * shape_.filters + filter] : 0.0F;
      }
    }
  }
}

void DirectEngine::ClearGradients(const Workspace& workspace) const {
  std::fill_n(workspace.weight_gradient, taps() * shape_.filter_room, 0.0F);
  std::fill_n(workspace.bias, shape_.filter_room, 0.0F);
}

void DirectEngine::AddGradients(const Workspace& workspace, float* weights, float* bias) const {
  for (int64_t tap = 0; tap < taps(); ++tap) {
    for (int filter = 0; filter < shape_.filters; ++filter) {
      weights[tap * shape_.filters + filter] +=
          workspace.weight_gradient[tap * shape_.filter_room + filter];
    }
  }
  for (int filter = 0; bias != nullptr && filter < shape_.filters; ++filter) {
    bias[filter] += workspace.bias[filter];
  }
}

void DirectEngine::AddWeightGradient(const float* frame, const Workspace& workspace) const {
  const int64_t row_room = int64_t{shape_.output_width} * shape_.filter_room;
  const int rows = static_cast<int>(std::max<int64_t>(1, kGradientBand / row_room));
  for (int row = 0; row < shape_.output_height; row += rows) {
    kernels_.direct->add_weight_gradient(
        shape_, {.first = row, .count = std::min(rows, shape_.output_height - row)}, frame,
        workspace.outputs + row * row_room, workspace.weight_gradient);
  }
}

void DirectEngine::WriteInputGradient(const Workspace& workspace, const float* transposed_weights,
                                      float* gradient) const {
  const Shape& input = geometry_.input;
  const int64_t row_size = int64_t{input.width} * input.channels;
  for (int row = 0; row < input.height; ++row) {
    kernels_.direct->input_gradient_row(shape_, row + geometry_.padding_height, workspace.outputs,
                                        transposed_weights, workspace.frame_row);
    std::copy_n(workspace.frame_row + int64_t{geometry_.padding_width} * input.channels, row_size,
                gradient + row * row_size);
  }
}

}  // namespace lockstep
