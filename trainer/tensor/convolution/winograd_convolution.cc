#include "trainer/tensor/convolution/winograd_convolution.h"

#include "trainer/tensor/convolution/image_tail.h"

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

FusedWinogradConvolution::FusedWinogradConvolution(const ConvolutionGeometry& geometry,
                                                   Pooling pooling, int max_batch, int output_size)
    : FusedConvolution(geometry, pooling),
      engine_(geometry, max_batch, output_size),
      row_{.width = geometry.output().width,
           .filters = geometry.filters,
           .filter_room = geometry.filters} {}

int64_t FusedWinogradConvolution::scratch_bytes() const {
  const int64_t image = PoolsImages() ? geometry().output().size() : 0;
  return engine_.scratch_bytes() + image * static_cast<int64_t>(sizeof(float));
}

float* FusedWinogradConvolution::Image(std::span<std::byte> scratch) const {
  return reinterpret_cast<float*>(scratch.data() + engine_.scratch_bytes());
}

void FusedWinogradConvolution::Forward(const FusedParameters& parameters, ConstTensor input,
                                       Tensor output, std::span<std::byte> kept,
                                       std::span<std::byte> scratch) const {
  auto* const positions =
      pooled() && !kept.empty() ? reinterpret_cast<uint8_t*>(kept.data()) : nullptr;
  engine_.Forward(parameters.weights.prepared, input, output, scratch,
                  [&](const WinogradBlock& block, int image, const float* from, int64_t stride) {
                    if (PoolsImages()) {
                      PoolImages(block, image, from, stride, parameters.bias, output, positions,
                                 Image(scratch));
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
  engine_.kernels().transform_output_tail(engine_.tiles(), block, transformed, stride,
                                          {.bias = bias,
                                           .output = output.data + offset,
                                           .kept = kept == nullptr ? nullptr : kept + offset,
                                           .pooled = pooled()});
}

void FusedWinogradConvolution::PoolImages(const WinogradBlock& block, int first,
                                          const float* transformed, int64_t stride,
                                          const float* bias, Tensor output, uint8_t* kept,
                                          float* image) const {
  engine_.ForEachImage(block, [&](const WinogradBlock& part, int i, int64_t row) {
    engine_.kernels().transform_output_tail(
        engine_.tiles(), part, transformed + row * geometry().filters, stride,
        {.bias = bias, .output = image, .kept = nullptr, .pooled = false});
    if (engine_.EndsImage(part)) {
      const int64_t offset = (first + i) * output.shape.size();
      PoolImage(*ActiveKernels().tail, row_, geometry().output().height, image,
                output.data + offset, kept == nullptr ? nullptr : kept + offset);
    }
  });
}

void FusedWinogradConvolution::Backward(const FusedParameters& parameters, ConstTensor input,
                                        ConstTensor output, std::span<const std::byte> kept,
                                        ConstTensor output_gradient,
                                        const FusedGradients& gradients,
                                        std::span<std::byte> scratch) const {
  const auto* const positions = pooled() ? reinterpret_cast<const uint8_t*>(kept.data()) : nullptr;
  engine_.Backward(parameters.weights.prepared, input, output_gradient, gradients.convolution,
                   scratch, [&](const WinogradBlock& block, int image, float* to, int64_t stride) {
                     if (PoolsImages()) {
                       PoolImagesBack(block, image, output_gradient, positions, gradients.bias,
                                      Image(scratch), stride, to);
                     } else {
                       TransformGradient(block, image, output, output_gradient, positions,
                                         gradients.bias, stride, to);
                     }
                   });
}

void FusedWinogradConvolution::TransformGradient(const WinogradBlock& block, int image,
                                                 ConstTensor output, ConstTensor output_gradient,
                                                 const uint8_t* kept, float* bias_gradient,
                                                 int64_t stride, float* transformed) const {
  const int64_t offset = image * output.shape.size();
  engine_.kernels().transform_tail_gradient(engine_.tiles(), block,
                                            {.gradient = output_gradient.data + offset,
                                             .output = output.data + offset,
                                             .kept = kept == nullptr ? nullptr : kept + offset,
                                             .bias_gradient = bias_gradient,
                                             .pooled = pooled()},
                                            stride, transformed);
}

void FusedWinogradConvolution::PoolImagesBack(const WinogradBlock& block, int first,
                                              ConstTensor output_gradient, const uint8_t* kept,
                                              float* bias_gradient, float* image, int64_t stride,
                                              float* transformed) const {
  engine_.ForEachImage(block, [&](const WinogradBlock& part, int i, int64_t row) {
    if (engine_.BeginsImage(part)) {
      PoolImageBack(*ActiveKernels().tail, row_, geometry().output().height,
                    kept + (first + i) * output_gradient.shape.size(),
                    output_gradient.sample(first + i), image, bias_gradient);
    }
    engine_.kernels().transform_output_gradient(engine_.tiles(), part, image, stride,
                                                transformed + row * geometry().filters);
  });
}

}  // namespace lockstep
