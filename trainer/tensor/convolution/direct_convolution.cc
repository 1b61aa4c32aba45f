#include "trainer/tensor/convolution/direct_convolution.h"

#include "trainer/tensor/convolution/image_tail.h"

namespace lockstep {

void DirectConvolution::Forward(const ConvolutionWeights& weights, ConstTensor input, Tensor output,
                                std::span<std::byte> scratch) const {
  const TailRow& row = engine_.row();
  engine_.Forward(weights.prepared, nullptr, input, 1, scratch,
                  [&](int image, int first, int /*count*/, const float* outputs) {
                    engine_.kernels().tail->copy_row(row, outputs,
                                                     output.sample(image) + first * RowSize(row));
                  });
}

void DirectConvolution::Backward(const ConvolutionWeights& weights, ConstTensor input,
                                 ConstTensor output_gradient, const ConvolutionGradients& gradients,
                                 std::span<std::byte> scratch) const {
  const TailRow& row = engine_.row();
  engine_.Backward(weights.prepared, input, gradients, nullptr, scratch,
                   [&](int image, float* gradient, float* /*bias_gradient*/) {
                     for (int y = 0; y < output_gradient.shape.height; ++y) {
                       engine_.kernels().tail->copy_row_back(
                           row, output_gradient.sample(image) + y * RowSize(row),
                           gradient + y * RowRoom(row));
                     }
                   });
}

void FusedDirectConvolution::Forward(const FusedParameters& parameters, ConstTensor input,
                                     Tensor output, std::span<std::byte> kept,
                                     std::span<std::byte> scratch) const {
  if (pooling() == Pooling::kMax2x2 && engine_.PoolsPlanes()) {
    engine_.ForwardPooled(parameters.weights.prepared, parameters.bias, input, output, kept,
                          scratch);
    return;
  }
  const TailRow& row = engine_.row();
  const TailKernels& tail = *engine_.kernels().tail;
  const bool pooled = pooling() == Pooling::kMax2x2;
  auto* const positions = reinterpret_cast<uint8_t*>(kept.data());
  engine_.Forward(parameters.weights.prepared, parameters.bias, input, pooled ? 2 : 1, scratch,
                  [&](int image, int first, int count, const float* outputs) {
                    if (!pooled) {
                      tail.rectify_row(row, outputs, output.sample(image) + first * RowSize(row));
                    } else if (count == 2) {  // an odd image's last row is in no window
                      const int64_t offset = image * output.shape.size() +
                                             int64_t{first / 2} * (row.width / 2) * row.filters;
                      tail.pool_rows(row, outputs, output.data + offset,
                                     kept.empty() ? nullptr : positions + offset);
                    }
                  });
}

void FusedDirectConvolution::Backward(const FusedParameters& parameters, ConstTensor input,
                                      ConstTensor output, std::span<const std::byte> kept,
                                      ConstTensor output_gradient, const FusedGradients& gradients,
                                      std::span<std::byte> scratch) const {
  const auto* const positions = reinterpret_cast<const uint8_t*>(kept.data());
  engine_.Backward(
      parameters.weights.prepared, input, gradients.convolution, gradients.bias, scratch,
      [&](int image, float* gradient, float* bias_gradient) {
        if (pooling() == Pooling::kMax2x2) {
          PoolImageBack(*engine_.kernels().tail, engine_.row(), geometry().output().height,
                        positions + image * output.shape.size(), output_gradient.sample(image),
                        gradient, bias_gradient);
        } else {
          RectifyBack(output.sample(image), output_gradient.sample(image), gradient, bias_gradient);
        }
      });
}

void FusedDirectConvolution::RectifyBack(const float* output, const float* output_gradient,
                                         float* gradient, float* bias_gradient) const {
  const TailRow& row = engine_.row();
  for (int y = 0; y < geometry().output().height; ++y) {
    engine_.kernels().tail->rectify_row_back(row, output + y * RowSize(row),
                                             output_gradient + y * RowSize(row),
                                             gradient + y * RowRoom(row), bias_gradient);
  }
}

}  // namespace lockstep
