#include "trainer/tensor/convolution/framed_convolution.h"

#include <algorithm>

#include "trainer/base/check.h"
#include "trainer/tensor/convolution/row_products.h"

namespace lockstep {
namespace {

constexpr int kUnit = 16;

int64_t RoundUp(int64_t number) { return (number + kUnit - 1) / kUnit * kUnit; }
int DivideUp(int a, int b) { return (a + b - 1) / b; }

// Windows of the input.
FrameSide InputSide(int output, int kernel, int stride, int padding) {
  return {.windows = output, .step = stride, .size = kernel, .lead = padding};
}

// Windows of the output's gradient: those of all inputs with the same quotient by the stride begin
// at the same place, the widest with all taps of remainder 0.
FrameSide GradientSide(int input, int kernel, int stride, int padding) {
  const int taps = DivideUp(kernel, stride);
  return {.windows = (input - 1 + padding) / stride + 1, .step = 1, .size = taps, .lead = taps - 1};
}

// Inputs of one remainder along one side, in terms of quotients.
struct Range {
  int first_quotient;
  int count;
  int first_input;
};

// Those with quotients [begin, end): the input is quotient * stride + remainder - padding.
Range InputsOf(int begin, int end, int remainder, int input, int stride, int padding) {
  const int first = std::max(begin, DivideUp(std::max(padding - remainder, 0), stride));
  const int last = input - 1 + padding - remainder;
  const int past = last < 0 ? 0 : std::min(end, last / stride + 1);
  return {.first_quotient = first,
          .count = std::max(0, past - first),
          .first_input = first * stride + remainder - padding};
}

// Calls visit(first filter, filters, where its weights begin) for each of the blocks that kernels
// want `rows` x `filters` weights in.
template <typename Visit>
void ForEachFilterBlock(const ConvolutionGeometry& geometry, int64_t rows, int filters,
                        const Visit& visit) {
  const int block = geometry.groups == 1 ? kFilterBlock : filters;
  for (int first = 0; first < filters; first += block) {
    visit(first, std::min(block, filters - first), first * rows);
  }
}

// The batch from an image on.
template <typename T>
BasicTensor<T> ImagesFrom(BasicTensor<T> tensor, int image) {
  return {.data = tensor.sample(image), .batch = tensor.batch - image, .shape = tensor.shape};
}

}  // namespace

bool FramedConvolution::Serves(const ConvolutionGeometry& geometry) {
  const int channels = geometry.group_channels();
  if (geometry.groups == 1) {
    return geometry.filters % kUnit == 0;
  }
  return geometry.filters == geometry.input.channels && geometry.filters % kUnit == 0 &&
         kUnit % channels == 0;
}

FramedConvolution::FramedConvolution(const ConvolutionGeometry& geometry, int max_batch)
    : geometry_(geometry),
      max_batch_(max_batch),
      kernels_(geometry.groups == 1 ? *ActiveKernels().dense_windows
                                    : *ActiveKernels().grouped_windows),
      input_(InputSide(geometry.output().height, geometry.kernel_height, geometry.stride_height,
                       geometry.padding_height),
             InputSide(geometry.output().width, geometry.kernel_width, geometry.stride_width,
                       geometry.padding_width),
             geometry.input.channels),
      output_gradient_(GradientSide(geometry.input.height, geometry.kernel_height,
                                    geometry.stride_height, geometry.padding_height),
                       GradientSide(geometry.input.width, geometry.kernel_width,
                                    geometry.stride_width, geometry.padding_width),
                       geometry.filters),
      padded_channels_(static_cast<int>(RoundUp(geometry.input.channels))) {
  CHECK(Serves(geometry));
}

int64_t FramedConvolution::scratch_bytes() const {
  const int64_t padded = padded_channels_ == geometry_.input.channels
                             ? 0
                             : int64_t{std::min(max_batch_, output_gradient_.block().images)} *
                                   output_gradient_.block().rows *
                                   output_gradient_.columns().windows * padded_channels_;
  return (PackedSize() + FrameSize() + padded) * static_cast<int64_t>(sizeof(float));
}

int64_t FramedConvolution::PackedSize() const {
  return geometry_.weights() / geometry_.input.channels * padded_channels_;
}

int64_t FramedConvolution::FrameSize() const {
  return RoundUp(std::max(input_.FrameSize(max_batch_), output_gradient_.FrameSize(max_batch_)));
}

FramedConvolution::Workspace FramedConvolution::Divide(std::span<std::byte> scratch) const {
  auto* const weights = reinterpret_cast<float*>(scratch.data());
  float* const frame = weights + PackedSize();
  return {.weights = weights, .frame = frame, .padded = frame + FrameSize()};
}

Windows FramedConvolution::InputWindows(const OutputBlock& block) const {
  const Shape output = geometry_.output();
  const int channels = geometry_.input.channels;
  return {.rows = geometry_.kernel_height,
          .columns = geometry_.kernel_width,
          .depth = channels,
          .frame_row = input_.row_size(),
          .images = block.images,
          .height = block.rows,
          .width = output.width,
          .from = {.image = input_.ImageSize(block),
                   .row = geometry_.stride_height * input_.row_size(),
                   .column = int64_t{geometry_.stride_width} * channels},
          .to = {.image = output.size(),
                 .row = int64_t{output.width} * output.channels,
                 .column = output.channels},
          .filters = geometry_.filters,
          .group = geometry_.group_channels()};
}

void FramedConvolution::Forward(const float* weights, ConstTensor input, Tensor output,
                                std::span<std::byte> scratch) const {
  const Workspace workspace = Divide(scratch);
  const int64_t rows = geometry_.filter_weights();
  ForEachFilterBlock(geometry_, rows, geometry_.filters, [&](int first, int count, int64_t offset) {
    CopyRows(rows, count, {weights + first, geometry_.filters},
             {workspace.weights + offset, count});
  });
  input_.ForEachBlock(input.batch, [&](const OutputBlock& block, int image) {
    input_.CopyIntoFrame(block, ImagesFrom(input, image), workspace.frame);
    const Windows windows = InputWindows(block);
    kernels_.correlate(windows, workspace.frame, workspace.weights,
                       output.sample(image) + block.first_row * windows.to.row);
  });
}

void FramedConvolution::Backward(const float* weights, ConstTensor input,
                                 ConstTensor output_gradient, const ConvolutionGradients& gradients,
                                 std::span<std::byte> scratch) const {
  const Workspace workspace = Divide(scratch);
  AddWeightGradient(input, output_gradient, gradients.weights, workspace);
  if (gradients.input) {
    WriteInputGradient(weights, output_gradient, gradients.input, workspace);
  }
}

void FramedConvolution::AddWeightGradient(ConstTensor input, ConstTensor output_gradient,
                                          float* gradient, const Workspace& workspace) const {
  std::fill_n(workspace.weights, geometry_.weights(), 0.0F);
  input_.ForEachBlock(input.batch, [&](const OutputBlock& block, int image) {
    input_.CopyIntoFrame(block, ImagesFrom(input, image), workspace.frame);
    const Windows windows = InputWindows(block);
    kernels_.add_weight_gradient(windows, workspace.frame,
                                 output_gradient.sample(image) + block.first_row * windows.to.row,
                                 workspace.weights);
  });
  const int64_t rows = geometry_.filter_weights();
  ForEachFilterBlock(geometry_, rows, geometry_.filters, [&](int first, int count, int64_t offset) {
    for (int64_t row = 0; row < rows; ++row) {
      const float* const from = workspace.weights + offset + row * count;
      float* const to = gradient + row * geometry_.filters + first;
      for (int i = 0; i < count; ++i) {
        to[i] += from[i];
      }
    }
  });
}

template <typename Visit>
void FramedConvolution::ForEachPhase(const Visit& visit) const {
  int64_t offset = 0;
  for (int row = 0; row < std::min(geometry_.stride_height, geometry_.kernel_height); ++row) {
    for (int column = 0; column < std::min(geometry_.stride_width, geometry_.kernel_width);
         ++column) {
      const Phase phase{
          .row = row,
          .column = column,
          .rows = DivideUp(geometry_.kernel_height - row, geometry_.stride_height),
          .columns = DivideUp(geometry_.kernel_width - column, geometry_.stride_width),
          .offset = offset};
      visit(phase);
      offset += int64_t{phase.rows} * phase.columns * geometry_.group_filters() * padded_channels_;
    }
  }
}

void FramedConvolution::WriteInputGradient(const float* weights, ConstTensor output_gradient,
                                           Tensor gradient, const Workspace& workspace) const {
  std::fill_n(workspace.weights, PackedSize(), 0.0F);
  ForEachPhase([&](const Phase& phase) { PackPhase(phase, weights, workspace.weights); });
  // Inputs between the windows.
  if (geometry_.kernel_height < geometry_.stride_height ||
      geometry_.kernel_width < geometry_.stride_width) {
    std::ranges::fill(gradient.values(), 0.0F);
  }
  output_gradient_.ForEachBlock(gradient.batch, [&](const OutputBlock& block, int image) {
    output_gradient_.CopyIntoFrame(block, ImagesFrom(output_gradient, image), workspace.frame);
    ForEachPhase([&](const Phase& phase) {
      WritePhase(phase, block, ImagesFrom(gradient, image), workspace);
    });
  });
}

// Transposed, and the taps in reverse.
void FramedConvolution::PackPhase(const Phase& phase, const float* weights, float* packed) const {
  const int channels = geometry_.group_channels();
  const int filters = geometry_.group_filters();
  const int taps = phase.rows * phase.columns;
  ForEachFilterBlock(
      geometry_, int64_t{taps} * filters, padded_channels_,
      [&](int first, int count, int64_t offset) {
        const int past = std::min(first + count, geometry_.input.channels);
        for (int tap = 0; tap < taps; ++tap) {
          const int kernel_row =
              phase.row + (phase.rows - 1 - tap / phase.columns) * geometry_.stride_height;
          const int kernel_column =
              phase.column + (phase.columns - 1 - tap % phase.columns) * geometry_.stride_width;
          const float* const from =
              weights + int64_t{kernel_row * geometry_.kernel_width + kernel_column} * channels *
                            geometry_.filters;
          float* const to = packed + phase.offset + offset + int64_t{tap} * filters * count - first;
          // A few filters at a time, so that both sides stay in the nearest cache.
          for (int begin = 0; begin < filters; begin += kUnit) {
            for (int channel = first; channel < past; ++channel) {
              const float* const row = from + int64_t{channel % channels} * geometry_.filters +
                                       channel / channels * filters;
              for (int filter = begin; filter < std::min(begin + kUnit, filters); ++filter) {
                to[int64_t{filter} * count + channel] = row[filter];
              }
            }
          }
        }
      });
}

void FramedConvolution::WritePhase(const Phase& phase, const OutputBlock& block, Tensor gradient,
                                   const Workspace& workspace) const {
  const Shape& input = geometry_.input;
  const Range rows = InputsOf(block.first_row, block.first_row + block.rows, phase.row,
                              input.height, geometry_.stride_height, geometry_.padding_height);
  const Range columns = InputsOf(0, output_gradient_.columns().windows, phase.column, input.width,
                                 geometry_.stride_width, geometry_.padding_width);
  if (rows.count == 0 || columns.count == 0) {
    return;
  }
  const int filters = geometry_.filters;
  Windows windows{.rows = phase.rows,
                  .columns = phase.columns,
                  .depth = filters,
                  .frame_row = output_gradient_.row_size(),
                  .images = block.images,
                  .height = rows.count,
                  .width = columns.count,
                  .from = {.image = output_gradient_.ImageSize(block),
                           .row = output_gradient_.row_size(),
                           .column = filters},
                  .to = {.image = input.size(),
                         .row = int64_t{geometry_.stride_height} * input.width * input.channels,
                         .column = int64_t{geometry_.stride_width} * input.channels},
                  .filters = padded_channels_,
                  .group = geometry_.group_filters()};
  const int first_row =
      rows.first_quotient - block.first_row + output_gradient_.rows().size - phase.rows;
  const int first_column = columns.first_quotient + output_gradient_.columns().size - phase.columns;
  const float* const frame =
      workspace.frame + first_row * windows.frame_row + int64_t{first_column} * windows.depth;
  float* const output =
      gradient.data +
      (int64_t{rows.first_input} * input.width + columns.first_input) * input.channels;
  const float* const weights = workspace.weights + phase.offset;
  if (padded_channels_ == input.channels) {
    kernels_.correlate(windows, frame, weights, output);
    return;
  }
  const WindowSteps to = windows.to;
  windows.to = {.image = int64_t{rows.count} * columns.count * padded_channels_,
                .row = int64_t{columns.count} * padded_channels_,
                .column = padded_channels_};
  kernels_.correlate(windows, frame, weights, workspace.padded);
  for (int image = 0; image < block.images; ++image) {
    for (int row = 0; row < rows.count; ++row) {
      CopyRows(
          columns.count, input.channels,
          {workspace.padded + image * windows.to.image + row * windows.to.row, padded_channels_},
          {output + image * to.image + row * to.row, static_cast<int>(to.column)});
    }
  }
}

}  // namespace lockstep
