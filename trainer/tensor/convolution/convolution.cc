#include "trainer/tensor/convolution/convolution.h"

#include "trainer/tensor/convolution/direct_convolution.h"
#include "trainer/tensor/convolution/framed_convolution.h"
#include "trainer/tensor/convolution/gemm_convolution.h"
#include "trainer/tensor/convolution/pointwise_convolution.h"
#include "trainer/tensor/convolution/winograd_convolution.h"

namespace lockstep {

std::unique_ptr<ConvolutionAlgorithm> MakeConvolution(const ConvolutionGeometry& geometry,
                                                      int max_batch, ConvolutionChoice choice) {
  const bool any = choice == ConvolutionChoice::kAuto;
  // A matrix product as it lies: nothing to rewrite, and what a lowering would come to.
  if ((any || choice == ConvolutionChoice::kGemm) && PointwiseConvolution::Serves(geometry)) {
    return std::make_unique<PointwiseConvolution>(geometry);
  }
  // A fraction of the multiplications.
  if ((any || choice == ConvolutionChoice::kWinograd) && WinogradEngine::Serves(geometry)) {
    return std::make_unique<WinogradConvolution>(geometry, max_batch);
  }
  if (getenv("FRAMED") && (any || choice == ConvolutionChoice::kDirect) && FramedConvolution::Serves(geometry)) {
    return std::make_unique<FramedConvolution>(geometry, max_batch);
  }
  // Nothing to rewrite either, but for the padding.
  if ((any || choice == ConvolutionChoice::kDirect) && DirectEngine::Serves(geometry)) {
    return std::make_unique<DirectConvolution>(geometry);
  }
  if ((any || choice == ConvolutionChoice::kDirect) && FramedConvolution::Serves(geometry)) {
    return std::make_unique<FramedConvolution>(geometry, max_batch);
  }
  // Serves everything.
  return std::make_unique<GemmConvolution>(geometry, max_batch);
}

}  // namespace lockstep
