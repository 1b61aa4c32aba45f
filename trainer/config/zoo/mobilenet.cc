#include <fmt/format.h>

#include <string>

#include "trainer/config/zoo/architectures.h"

namespace lockstep {
namespace {

// A convolution without bias, batch norm and relu6.
void ConvNormRelu6(const std::string& name, ConvSpec spec, LayerWriter* net) {
  spec.bias = false;
  spec.padding = spec.kernel / 2;
  net->Conv(name, spec);
  net->BatchNorm(name + "_bn");
  net->Relu6(name + "_relu");
}

}  // namespace

void WriteMobileNet(const ZooOptions& options, v1::Model* model) {
  struct Separable {
    int filters;
    int stride;
  };
  constexpr Separable kBlocks[] = {{64, 1},  {128, 2},  {128, 1}, {256, 2}, {256, 1},
                                   {512, 2}, {512, 1},  {512, 1}, {512, 1}, {512, 1},
                                   {512, 1}, {1024, 2}, {1024, 1}};
  LayerWriter net(LayerWriter::Start::kHe, model);
  int channels = options.Scaled(32);
  ConvNormRelu6("conv1", {.filters = channels, .kernel = 3, .stride = options.small_input ? 1 : 2},
                &net);
  int number = 0;
  for (const Separable& block : kBlocks) {
    const std::string name = fmt::format("block{}", ++number);
    ConvNormRelu6(name + ".depthwise",
                  {.filters = channels, .kernel = 3, .stride = block.stride, .groups = channels},
                  &net);
    channels = options.Scaled(block.filters);
    ConvNormRelu6(name + ".pointwise", {.filters = channels, .kernel = 1}, &net);
  }
  net.GlobalAvgPool("pool");
  net.Classifier("fc", options.classes);
}

}  // namespace lockstep
