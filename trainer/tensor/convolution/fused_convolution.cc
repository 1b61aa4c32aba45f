#include "trainer/tensor/convolution/fused_convolution.h"

#include "trainer/tensor/convolution/direct_convolution.h"
#include "trainer/tensor/convolution/winograd_convolution.h"

namespace lockstep {

Shape FusedConvolution::output() const {
  Shape shape = geometry_.output();
  if (pooling_ == Pooling::kMax2x2) {
    shape.height /= 2;
    shape.width /= 2;
  }
  return shape;
}

std::unique_ptr<FusedConvolution> MakeFusedConvolution(const ConvolutionGeometry& geometry,
                                                       Pooling pooling, int max_batch,
                                                       ConvolutionChoice choice) {
  const Shape output = geometry.output();
  if (pooling == Pooling::kMax2x2 && (output.height < 2 || output.width < 2)) {
    return nullptr;
  }
  if (Allows(choice, ConvolutionChoice::kWinograd) && WinogradEngine::Serves(geometry)) {
    return std::make_unique<FusedWinogradConvolution>(geometry, pooling, max_batch,
                                                      WinogradEngine::FastestOutputSize(geometry));
  }
  // Few channels or filters are too little for products.
  if (Allows(choice, ConvolutionChoice::kDirect) && DirectEngine::Serves(geometry)) {
    return std::make_unique<FusedDirectConvolution>(geometry, pooling);
  }
  return nullptr;
}

}  // namespace lockstep
