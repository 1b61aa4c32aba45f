#include <fmt/format.h>

#include <string>

#include "trainer/config/zoo/architectures.h"

namespace lockstep {
namespace {

void WriteFire(int number, int squeeze, int expand, const ZooOptions& options, LayerWriter* net) {
  const std::string name = fmt::format("features.{}", number);
  net->Conv(name + ".squeeze", {.filters = options.Scaled(squeeze), .kernel = 1});
  net->Relu(name + ".squeeze_activation");
  const std::string squeezed = net->current();
  net->Conv(name + ".expand1x1", {.filters = options.Scaled(expand), .kernel = 1});
  net->Relu(name + ".expand1x1_activation");
  const std::string ones = net->current();
  net->From(squeezed);
  net->Conv(name + ".expand3x3", {.filters = options.Scaled(expand), .kernel = 3, .padding = 1});
  net->Relu(name + ".expand3x3_activation");
  net->Concat(name, {ones, net->current()});
}

}  // namespace

void WriteSqueezeNet(const ZooOptions& options, v1::Model* model) {
  constexpr PoolSpec kSqueezePool{.kernel = 3, .stride = 2, .ceil_mode = true};
  LayerWriter net(LayerWriter::Start::kHe, model);
  if (options.small_input) {
    net.Conv("features.0", {.filters = options.Scaled(96), .kernel = 3, .padding = 1});
  } else {
    net.Conv("features.0", {.filters = options.Scaled(96), .kernel = 7, .stride = 2});
  }
  net.Relu("features.1");
  net.MaxPool("features.2", kSqueezePool);
  WriteFire(3, 16, 64, options, &net);
  WriteFire(4, 16, 64, options, &net);
  WriteFire(5, 32, 128, options, &net);
  net.MaxPool("features.6", kSqueezePool);
  WriteFire(7, 32, 128, options, &net);
  WriteFire(8, 48, 192, options, &net);
  WriteFire(9, 48, 192, options, &net);
  WriteFire(10, 64, 256, options, &net);
  net.MaxPool("features.11", kSqueezePool);
  WriteFire(12, 64, 256, options, &net);
  net.Dropout("classifier.0", options.dropout);
  net.Conv("classifier.1", {.filters = options.classes, .kernel = 1});
  net.Relu("classifier.2");
  net.GlobalAvgPool("classifier.3");
}

}  // namespace lockstep
