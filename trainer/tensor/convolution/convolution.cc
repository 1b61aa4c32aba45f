#include "trainer/tensor/convolution/convolution.h"

#include "trainer/tensor/convolution/direct_convolution.h"
#include "trainer/tensor/convolution/gemm_convolution.h"
#include "trainer/tensor/convolution/pointwise_convolution.h"
#include "trainer/tensor/convolution/winograd_convolution.h"

namespace lockstep {

std::unique_ptr<ConvolutionAlgorithm> MakeConvolution(const ConvolutionGeometry& geometry,
                                                      int max_batch) {
  // A matrix product as it lies: nothing to rewrite.
  if (PointwiseConvolution::Serves(geometry)) {
    return std::make_unique<PointwiseConvolution>(geometry);
  }
  // A fraction of the multiplications.
  if (WinogradEngine::Serves(geometry)) {
    return std::make_unique<WinogradConvolution>(geometry, max_batch);
  }
  // Nothing to rewrite either, but for the padding.
  if (DirectEngine::Serves(geometry)) {
    return std::make_unique<DirectConvolution>(geometry);
  }
  // Serves everything.
  return std::make_unique<GemmConvolution>(geometry, max_batch);
}

}  // namespace lockstep
