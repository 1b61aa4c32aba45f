#include "trainer/tensor/convolution/window_convolution.h"

#include <algorithm>

#include "trainer/base/check.h"
#include "trainer/tensor/aligned_buffer.h"
#include "trainer/tensor/convolution/window_weights.h"

namespace lockstep {
namespace {

constexpr int kImageChannels = 4;

Framing InputFraming(const ConvolutionGeometry& geometry) {
  const Shape output = geometry.output();
  return {{.windows = output.height,
           .stride = geometry.stride_height,
           .size = geometry.kernel_height,
           .lead = geometry.padding_height},
          {.windows = output.width,
           .stride = geometry.stride_width,
           .size = geometry.kernel_width,
           .lead = geometry.padding_width},
          geometry.input.channels};
}

}  // namespace

bool WindowConvolution::Serves(const ConvolutionGeometry& geometry) {
  const int channels = geometry.input.channels;
  const bool fits = geometry.groups == 1 ? channels % kWindowUnit == 0 || channels <= kImageChannels
                                         : channels == geometry.filters &&
                                               kWindowUnit % geometry.group_channels() == 0;
  return fits && geometry.filters % kWindowUnit == 0;
}

WindowConvolution::WindowConvolution(const ConvolutionGeometry& geometry, int max_batch)
    : geometry_(geometry),
      max_batch_(max_batch),
      kernels_(geometry.groups == 1 ? *ActiveKernels().dense_windows
                                    : *ActiveKernels().grouped_windows),
      input_(InputFraming(geometry)),
      gradient_(GradientFraming(geometry)),
      phases_(StridePhases(geometry)),
      has_whole_vectors_(geometry.input.channels % kWindowUnit == 0) {
  CHECK(Serves(geometry));
}

WindowConvolution::Workspace WindowConvolution::Divide(ScratchDealer* dealer) const {
  float* const weight_gradient = dealer->Floats(geometry_.weights());
  float* const frame =
      dealer->Floats(std::max(input_.FrameSize(max_batch_), gradient_.FrameSize(max_batch_)));
  const int64_t inputs = std::min(max_batch_, gradient_.block().images) * gradient_.block().rows *
                         int64_t{gradient_.columns().windows};
  float* const channels =
      dealer->Floats(has_whole_vectors_ ? 0 : inputs * PhaseChannels(geometry_));
  return {.weight_gradient = weight_gradient, .frame = frame, .channels = channels};
}

WindowConvolution::Workspace WindowConvolution::Divide(std::span<std::byte> scratch) const {
  ScratchDealer dealer(scratch);
  return Divide(&dealer);
}

int64_t WindowConvolution::scratch_bytes() const {
  ScratchDealer counter;
  Divide(&counter);
  return counter.bytes();
}

int64_t WindowConvolution::prepared_bytes() const {
  return (WholeLines(geometry_.weights()) + PhaseWeights(geometry_)) *
         static_cast<int64_t>(sizeof(float));
}

void WindowConvolution::Prepare(const float* weights, std::span<std::byte> prepared) const {
  auto* const packed = reinterpret_cast<float*>(prepared.data());
  PackWeights(geometry_, weights, packed);
  for (const StridePhase& phase : phases_) {
    PackPhase(geometry_, phase, weights, packed + WholeLines(geometry_.weights()));
  }
}

Windows WindowConvolution::InputWindows(const OutputBlock& block) const {
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
                   .row = input_.rows().step() * input_.row_size(),
                   .column = int64_t{input_.columns().step()} * channels},
          .to = {.image = output.size(),
                 .row = int64_t{output.width} * output.channels,
                 .column = output.channels},
          .filters = geometry_.filters,
          .group = geometry_.group_channels()};
}

void WindowConvolution::Forward(const ConvolutionWeights& weights, ConstTensor input, Tensor output,
                                std::span<std::byte> scratch) const {
  const Workspace workspace = Divide(scratch);
  const auto* const packed = reinterpret_cast<const float*>(weights.prepared.data());
  input_.ForEachBlock(input.batch, [&](const OutputBlock& block, int image) {
    input_.CopyIntoFrame(block, input.samples(image, block.images), workspace.frame);
    const Windows windows = InputWindows(block);
    kernels_.correlate(windows, workspace.frame, packed,
                       output.sample(image) + block.first_row * windows.to.row);
  });
}

// Some images at a time, so that the output's gradient is still in a cache when it is read again.
void WindowConvolution::Backward(const ConvolutionWeights& weights, ConstTensor input,
                                 ConstTensor output_gradient, const ConvolutionGradients& gradients,
                                 std::span<std::byte> scratch) const {
  const Workspace workspace = Divide(scratch);
  const float* const phase_weights =
      reinterpret_cast<const float*>(weights.prepared.data()) + WholeLines(geometry_.weights());
  std::fill_n(workspace.weight_gradient, geometry_.weights(), 0.0F);
  const int together = std::max(input_.block().images, gradient_.block().images);
  for (int image = 0; image < input.batch; image += together) {
    const int count = std::min(together, input.batch - image);
    const ConstTensor some_gradients = output_gradient.samples(image, count);
    AddWeightGradient(input.samples(image, count), some_gradients, workspace);
    if (gradients.input) {
      WriteInputGradient(phase_weights, some_gradients, gradients.input.samples(image, count),
                         workspace);
    }
  }
  AddPackedWeights(geometry_, workspace.weight_gradient, gradients.weights);
}

void WindowConvolution::AddWeightGradient(ConstTensor input, ConstTensor output_gradient,
                                          const Workspace& workspace) const {
  input_.ForEachBlock(input.batch, [&](const OutputBlock& block, int image) {
    input_.CopyIntoFrame(block, input.samples(image, block.images), workspace.frame);
    const Windows windows = InputWindows(block);
    kernels_.add_weight_gradient(windows, workspace.frame,
                                 output_gradient.sample(image) + block.first_row * windows.to.row,
                                 workspace.weight_gradient);
  });
}

void WindowConvolution::WriteInputGradient(const float* phase_weights, ConstTensor output_gradient,
                                           Tensor gradient, const Workspace& workspace) const {
  // Inputs between the windows.
  if (geometry_.kernel_height < geometry_.stride_height ||
      geometry_.kernel_width < geometry_.stride_width) {
    std::ranges::fill(gradient.values(), 0.0F);
  }
  gradient_.ForEachBlock(gradient.batch, [&](const OutputBlock& block, int image) {
    gradient_.CopyIntoFrame(block, output_gradient.samples(image, block.images), workspace.frame);
    for (const StridePhase& phase : phases_) {
      const PhaseWindows part = WindowsOf(geometry_, phase, gradient_, block);
      if (part.windows.height > 0 && part.windows.width > 0) {
        WritePhase(part, workspace.frame + part.frame_offset, phase_weights + phase.first_weight,
                   gradient.sample(image) + part.input_offset, workspace.channels);
      }
    }
  });
}

void WindowConvolution::WritePhase(const PhaseWindows& part, const float* frame,
                                   const float* weights, float* gradient, float* channels) const {
  if (has_whole_vectors_) {
    kernels_.correlate(part.windows, frame, weights, gradient);
    return;
  }
  Windows windows = part.windows;
  windows.to.column = windows.filters;
  windows.to.row = windows.width * windows.to.column;
  windows.to.image = windows.height * windows.to.row;
  kernels_.correlate(windows, frame, weights, channels);
  for (int image = 0; image < windows.images; ++image) {
    for (int row = 0; row < windows.height; ++row) {
      CopyRows(windows.width, geometry_.input.channels,
               {channels + image * windows.to.image + row * windows.to.row, windows.filters},
               {gradient + image * part.windows.to.image + row * part.windows.to.row,
                static_cast<int>(part.windows.to.column)});
    }
  }
}

}  // namespace lockstep
