#include "trainer/tensor/convolution/convolution.h"

#include "trainer/tensor/convolution/direct_convolution.h"
#include "trainer/tensor/convolution/gemm_convolution.h"
#include "trainer/tensor/convolution/pointwise_convolution.h"
#include "trainer/tensor/convolution/window_convolution.h"
#include "trainer/tensor/convolution/winograd_convolution.h"

namespace lockstep {

std::unique_ptr<ConvolutionAlgorithm> MakeConvolution(const ConvolutionGeometry& geometry,
                                                      int max_batch, ConvolutionChoice choice) {
  const bool direct = Allows(choice, ConvolutionChoice::kDirect);
  // A matrix product as it lies: nothing to rewrite.
  if (Allows(choice, ConvolutionChoice::kGemm) && PointwiseConvolution::Serves(geometry)) {
    return std::make_unique<PointwiseConvolution>(geometry);
  }
  // A fraction of the multiplications.
  if (Allows(choice, ConvolutionChoice::kWinograd) && WinogradEngine::Serves(geometry)) {
    return std::make_unique<WinogradConvolution>(geometry, max_batch,
                                                 WinogradEngine::FastestOutputSize(geometry));
  }
  // Strides, small groups and an image's channels, whatever the size of the weights.
  if (direct && WindowConvolution::Serves(geometry)) {
    return std::make_unique<WindowConvolution>(geometry, max_batch);
  }
  // Few channels or filters, and few weights.
  if (direct && DirectEngine::Serves(geometry)) {
    return std::make_unique<DirectConvolution>(geometry);
  }
  // Serves everything.
  return std::make_unique<GemmConvolution>(geometry, max_batch);
}

}  // namespace lockstep
