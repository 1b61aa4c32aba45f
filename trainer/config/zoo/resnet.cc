#include <fmt/format.h>

#include <string>

#include "trainer/config/zoo/architectures.h"

namespace lockstep {
namespace {

// A residual block.
struct Block {
  std::string name;
  int inner;        // filters of the convolutions within
  int outer;        // filters of its output
  int groups;       // of a bottleneck's 3 x 3 convolution
  int stride;       // of the first 3 x 3 convolution
  bool projection;  // the input has another shape than the output
};

void ConvNorm(const std::string& conv, const std::string& norm, ConvSpec spec, LayerWriter* net) {
  spec.bias = false;
  spec.padding = spec.kernel / 2;
  net->Conv(conv, spec);
  net->BatchNorm(norm);
}

void WritePair(const Block& block, LayerWriter* net) {
  const std::string& at = block.name;
  ConvNorm(at + ".conv1", at + ".bn1",
           {.filters = block.inner, .kernel = 3, .stride = block.stride}, net);
  net->Relu(at + ".relu1");
  ConvNorm(at + ".conv2", at + ".bn2", {.filters = block.outer, .kernel = 3}, net);
}

void WriteBottleneck(const Block& block, LayerWriter* net) {
  const std::string& at = block.name;
  ConvNorm(at + ".conv1", at + ".bn1", {.filters = block.inner, .kernel = 1}, net);
  net->Relu(at + ".relu1");
  ConvNorm(at + ".conv2", at + ".bn2",
           {.filters = block.inner, .kernel = 3, .stride = block.stride, .groups = block.groups},
           net);
  net->Relu(at + ".relu2");
  ConvNorm(at + ".conv3", at + ".bn3", {.filters = block.outer, .kernel = 1}, net);
}

void WriteBlock(const Block& block, bool bottleneck, LayerWriter* net) {
  std::string shortcut = net->current();
  const std::string input = shortcut;
  if (bottleneck) {
    WriteBottleneck(block, net);
  } else {
    WritePair(block, net);
  }
  const std::string residual = net->current();
  if (block.projection) {
    net->From(input);
    ConvNorm(block.name + ".downsample.0", block.name + ".downsample.1",
             {.filters = block.outer, .kernel = 1, .stride = block.stride}, net);
    shortcut = net->current();
  }
  net->Add(block.name + ".add", {residual, shortcut});
  net->Relu(block.name + ".relu");
}

void WriteResNetStem(const ZooOptions& options, LayerWriter* net) {
  const int filters = options.Scaled(64);
  if (options.small_input) {
    ConvNorm("conv1", "bn1", {.filters = filters, .kernel = 3}, net);
    net->Relu("relu");
  } else {
    ConvNorm("conv1", "bn1", {.filters = filters, .kernel = 7, .stride = 2}, net);
    net->Relu("relu");
    net->MaxPool("maxpool", {.kernel = 3, .stride = 2, .padding = 1});
  }
}

}  // namespace

void WriteResNet(const ZooOptions& options, const ResNetKind& kind, v1::Model* model) {
  LayerWriter net(LayerWriter::Start::kHe, model);
  WriteResNetStem(options, &net);
  const int groups = kind.groups == 1 ? 1 : options.Scaled(kind.groups);
  int channels = options.Scaled(64);
  int planes = 64;
  for (int stage = 0; stage < static_cast<int>(kind.blocks.size()); ++stage) {
    const int inner = groups == 1 ? options.Scaled(planes) : groups * (kind.group_width << stage);
    const int outer = options.Scaled(planes) * (kind.bottleneck ? 4 : 1);
    for (int i = 0; i < kind.blocks[stage]; ++i) {
      const int stride = i == 0 && stage > 0 ? 2 : 1;
      WriteBlock({.name = fmt::format("layer{}.{}", stage + 1, i),
                  .inner = inner,
                  .outer = outer,
                  .groups = groups,
                  .stride = stride,
                  .projection = stride != 1 || channels != outer},
                 kind.bottleneck, &net);
      channels = outer;
    }
    planes *= 2;
  }
  net.GlobalAvgPool("avgpool");
  net.Classifier("fc", options.classes);
}

}  // namespace lockstep
