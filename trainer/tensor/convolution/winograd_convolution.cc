#include "trainer/tensor/convolution/winograd_convolution.h"

#include "trainer/base/divide.h"
#include "trainer/tensor/aligned_buffer.h"
#include "trainer/tensor/convolution/pooled_image.h"

namespace lockstep {

void WinogradConvolution::Forward(const ConvolutionWeights& weights, ConstTensor input,
                                  Tensor output, std::span<std::byte> scratch) const {
  engine_.Forward(weights.prepared, input, output, scratch,
                  [&](const WinogradBlock& block, int image, const float* from, int64_t stride) {
                    engine_.kernels().transform_output(engine_.tiles(), block, from, stride,
                                                       output.sample(image));
                  });
}

void WinogradConvolution::Backward(const ConvolutionWeights& weights, ConstTensor input,
                                   ConstTensor output_gradient,
                                   const ConvolutionGradients& gradients,
                                   std::span<std::byte> scratch) const {
  engine_.Backward(weights.prepared, input, output_gradient, gradients, scratch,
                   [&](const WinogradBlock& block, int image, float* to, int64_t stride) {
                     engine_.kernels().transform_output_gradient(
                         engine_.tiles(), block, output_gradient.sample(image), stride, to);
                   });
}

int64_t FusedWinogradConvolution::scratch_bytes() const {
  const int64_t images = PoolsImages() ? engine_.most_images() * geometry().output().size() : 0;
  return RoundUp(engine_.scratch_bytes(), kLineBytes) +
         images * static_cast<int64_t>(sizeof(float));
}

Tensor FusedWinogradConvolution::Images(std::span<std::byte> scratch) const {
  return {reinterpret_cast<float*>(scratch.data() + RoundUp(engine_.scratch_bytes(), kLineBytes)),
          engine_.most_images(), geometry().output()};
}

TailRow FusedWinogradConvolution::row() const {
  const Shape output = geometry().output();
  return {.width = output.width, .filters = output.channels, .filter_room = output.channels};
}

void FusedWinogradConvolution::Forward(const FusedParameters& parameters, ConstTensor input,
                                       Tensor output, std::span<std::byte> kept,
                                       std::span<std::byte> scratch) const {
  auto* const positions = reinterpret_cast<uint8_t*>(kept.data());
  engine_.Forward(parameters.weights.prepared, input, output, scratch,
                  [&](const WinogradBlock& block, int image, const float* from, int64_t stride) {
                    if (PoolsImages()) {
                      PoolOutput(block, image, from, stride, parameters.bias, Images(scratch),
                                 output, positions);
                    } else {
                      TransformOutput(block, image, from, stride, parameters.bias, output,
                                      positions);
                    }
                  });
}

void FusedWinogradConvolution::TransformOutput(const WinogradBlock& block, int image,
                                               const float* transformed, int64_t stride,
                                               const float* bias, Tensor output,
                                               uint8_t* kept) const {
  const int64_t offset = image * output.shape.size();
  engine_.kernels().transform_output_tail(
      engine_.tiles(), block, transformed, stride,
      {.bias = bias,
       .output = output.data + offset,
       .kept = pooled() && kept != nullptr ? kept + offset : nullptr,
       .pooled = pooled()});
}

void FusedWinogradConvolution::PoolOutput(const WinogradBlock& block, int image,
                                          const float* transformed, int64_t stride,
                                          const float* bias, Tensor images, Tensor output,
                                          uint8_t* kept) const {
  engine_.kernels().transform_output_tail(
      engine_.tiles(), block, transformed, stride,
      {.bias = bias, .output = images.data, .kept = nullptr, .pooled = false});
  for (int i = 0; engine_.Completes(block) && i < block.images; ++i) {
    const int64_t offset = (image + i) * output.shape.size();
    PoolImage(*ActiveKernels().tail, row(), images.shape.height, images.sample(i),
              output.data + offset, kept == nullptr ? nullptr : kept + offset);
  }
}

void FusedWinogradConvolution::Backward(const FusedParameters& parameters, ConstTensor input,
                                        ConstTensor output, std::span<const std::byte> kept,
                                        ConstTensor output_gradient,
                                        const FusedGradients& gradients,
                                        std::span<std::byte> scratch) const {
  const auto* const positions = reinterpret_cast<const uint8_t*>(kept.data());
  engine_.Backward(parameters.weights.prepared, input, output_gradient, gradients.convolution,
                   scratch, [&](const WinogradBlock& block, int image, float* to, int64_t stride) {
                     if (PoolsImages()) {
                       PoolGradient(block, image, positions, output_gradient, gradients.bias,
                                    Images(scratch), stride, to);
                     } else {
                       TransformGradient(block, image, output, positions, output_gradient,
                                         gradients.bias, stride, to);
                     }
                   });
}

void FusedWinogradConvolution::TransformGradient(const WinogradBlock& block, int image,
                                                 ConstTensor output, const uint8_t* kept,
                                                 ConstTensor output_gradient, float* bias_gradient,
                                                 int64_t stride, float* transformed) const {
  const int64_t offset = image * output.shape.size();
  engine_.kernels().transform_tail_gradient(engine_.tiles(), block,
                                            {.gradient = output_gradient.data + offset,
                                             .output = output.data + offset,
                                             .kept = pooled() ? kept + offset : nullptr,
                                             .bias_gradient = bias_gradient,
                                             .pooled = pooled()},
                                            stride, transformed);
}

void FusedWinogradConvolution::PoolGradient(const WinogradBlock& block, int image,
                                            const uint8_t* kept, ConstTensor output_gradient,
                                            float* bias_gradient, Tensor images, int64_t stride,
                                            float* transformed) const {
  for (int i = 0; block.first_row == 0 && i < block.images; ++i) {
    PoolImageBack(*ActiveKernels().tail, row(), images.shape.height,
                  kept + (image + i) * output_gradient.shape.size(),
                  output_gradient.sample(image + i), images.sample(i), bias_gradient);
  }
  engine_.kernels().transform_output_gradient(engine_.tiles(), block, images.data, stride,
                                              transformed);
}

}  // namespace lockstep
