#include <string>

#include "trainer/config/zoo/architectures.h"

namespace lockstep {
namespace {

constexpr PoolSpec kHalve{.kernel = 3, .stride = 2, .ceil_mode = true};

// Filters of the convolutions of an Inception module: figure 2(b) and table 1 of the paper.
struct Inception {
  const char* name;
  int ones;
  int threes_reduce;
  int threes;
  int fives_reduce;
  int fives;
  int pool_projection;
};

// A convolution and its relu; returns the relu's name.
std::string ConvRelu(const std::string& name, const ConvSpec& spec, LayerWriter* net) {
  net->Conv(name, spec);
  net->Relu(name + "_relu");
  return net->current();
}

void WriteInception(const Inception& module, const ZooOptions& options, LayerWriter* net) {
  const std::string input = net->current();
  const std::string prefix = std::string("inception_") + module.name + ".";
  const auto pointwise = [&](const std::string& name, int filters) {
    return ConvRelu(prefix + name, {.filters = options.Scaled(filters), .kernel = 1}, net);
  };
  const std::string ones = pointwise("1x1", module.ones);
  net->From(input);
  pointwise("3x3_reduce", module.threes_reduce);
  const std::string threes = ConvRelu(
      prefix + "3x3", {.filters = options.Scaled(module.threes), .kernel = 3, .padding = 1}, net);
  net->From(input);
  pointwise("5x5_reduce", module.fives_reduce);
  const std::string fives = ConvRelu(
      prefix + "5x5", {.filters = options.Scaled(module.fives), .kernel = 5, .padding = 2}, net);
  net->From(input);
  net->MaxPool(prefix + "pool", {.kernel = 3, .stride = 1, .padding = 1});
  const std::string pooled = pointwise("pool_proj", module.pool_projection);
  net->Concat(prefix + "output", {ones, threes, fives, pooled});
}

void WriteStem(const ZooOptions& options, LayerWriter* net) {
  if (options.small_input) {
    ConvRelu("conv1", {.filters = options.Scaled(64), .kernel = 3, .padding = 1}, net);
  } else {
    ConvRelu("conv1", {.filters = options.Scaled(64), .kernel = 7, .stride = 2, .padding = 3}, net);
    net->MaxPool("pool1", kHalve);
  }
  net->LocalResponseNorm("norm1");
  ConvRelu("conv2_reduce", {.filters = options.Scaled(64), .kernel = 1}, net);
  ConvRelu("conv2", {.filters = options.Scaled(192), .kernel = 3, .padding = 1}, net);
  net->LocalResponseNorm("norm2");
  net->MaxPool("pool2", kHalve);
}

}  // namespace

void WriteGoogLeNet(const ZooOptions& options, v1::Model* model) {
  LayerWriter net(LayerWriter::Start::kHe, model);
  WriteStem(options, &net);
  WriteInception({"3a", 64, 96, 128, 16, 32, 32}, options, &net);
  WriteInception({"3b", 128, 128, 192, 32, 96, 64}, options, &net);
  net.MaxPool("pool3", kHalve);
  WriteInception({"4a", 192, 96, 208, 16, 48, 64}, options, &net);
  WriteInception({"4b", 160, 112, 224, 24, 64, 64}, options, &net);
  WriteInception({"4c", 128, 128, 256, 24, 64, 64}, options, &net);
  WriteInception({"4d", 112, 144, 288, 32, 64, 64}, options, &net);
  WriteInception({"4e", 256, 160, 320, 32, 128, 128}, options, &net);
  net.MaxPool("pool4", kHalve);
  WriteInception({"5a", 256, 160, 320, 32, 128, 128}, options, &net);
  WriteInception({"5b", 384, 192, 384, 48, 128, 128}, options, &net);
  net.GlobalAvgPool("pool5");
  net.Dropout("dropout", options.dropout);
  net.Classifier("fc", options.classes);
}

}  // namespace lockstep
