#include <fmt/format.h>

#include <string>

#include "trainer/config/zoo/architectures.h"

namespace lockstep {
namespace {

constexpr int kBottleneck = 4;  // growths that a 1 x 1 convolution gives to the 3 x 3 one after it

// Appends its `growth` channels to those of its input.
void WriteDenseLayer(const std::string& name, int growth, LayerWriter* net) {
  const std::string input = net->current();
  net->BatchNorm(name + ".norm1");
  net->Relu(name + ".relu1");
  net->Conv(name + ".conv1", {.filters = kBottleneck * growth, .kernel = 1, .bias = false});
  net->BatchNorm(name + ".norm2");
  net->Relu(name + ".relu2");
  net->Conv(name + ".conv2", {.filters = growth, .kernel = 3, .padding = 1, .bias = false});
  net->Concat(name + ".concat", {input, net->current()});
}

void WriteTransition(const std::string& name, int filters, LayerWriter* net) {
  net->BatchNorm(name + ".norm");
  net->Relu(name + ".relu");
  net->Conv(name + ".conv", {.filters = filters, .kernel = 1, .bias = false});
  net->AvgPool(name + ".pool", {.kernel = 2});
}

void WriteDenseStem(int filters, bool small_input, LayerWriter* net) {
  if (small_input) {
    net->Conv("features.conv0", {.filters = filters, .kernel = 3, .padding = 1, .bias = false});
  } else {
    net->Conv("features.conv0",
              {.filters = filters, .kernel = 7, .stride = 2, .padding = 3, .bias = false});
  }
  net->BatchNorm("features.norm0");
  net->Relu("features.relu0");
  if (!small_input) {
    net->MaxPool("features.pool0", {.kernel = 3, .stride = 2, .padding = 1});
  }
}

}  // namespace

void WriteDenseNet121(const ZooOptions& options, v1::Model* model) {
  constexpr int kBlocks[] = {6, 12, 24, 16};
  LayerWriter net(LayerWriter::Start::kHe, model);
  const int growth = options.Scaled(32);
  int channels = options.Scaled(64);
  WriteDenseStem(channels, options.small_input, &net);
  int block = 0;
  for (const int layers : kBlocks) {
    if (++block > 1) {
      channels /= 2;
      WriteTransition(fmt::format("features.transition{}", block - 1), channels, &net);
    }
    for (int i = 1; i <= layers; ++i) {
      WriteDenseLayer(fmt::format("features.denseblock{}.denselayer{}", block, i), growth, &net);
      channels += growth;
    }
  }
  net.BatchNorm("features.norm5");
  net.Relu("features.relu5");
  net.GlobalAvgPool("pool");
  net.Classifier("classifier", options.classes);
}

}  // namespace lockstep
