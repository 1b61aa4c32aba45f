#include "trainer/config/zoo/architectures.h"

namespace lockstep {

void WriteLeNet5(const ZooOptions& options, v1::Model* model) {
  LayerWriter net(LayerWriter::Start::kDefault, model);
  net.Conv("conv1", {.filters = options.Scaled(6), .kernel = 5, .padding = 2});
  net.Relu("relu1");
  net.MaxPool("pool1", {.kernel = 2});
  net.Conv("conv2", {.filters = options.Scaled(16), .kernel = 5});
  net.Relu("relu2");
  net.MaxPool("pool2", {.kernel = 2});
  net.Linear("fc1", options.Scaled(120));
  net.Relu("relu3");
  net.Linear("fc2", options.Scaled(84));
  net.Relu("relu4");
  net.Classifier("fc3", options.classes);
}

void WriteLeNet5Of1998(const ZooOptions& options, v1::Model* model) {
  LayerWriter net(LayerWriter::Start::kDefault, model);
  net.Conv("conv1", {.filters = options.Scaled(6), .kernel = 5, .padding = 2});
  net.Tanh("tanh1");
  net.AvgPool("pool1", {.kernel = 2});
  net.Conv("conv2", {.filters = options.Scaled(16), .kernel = 5});
  net.Tanh("tanh2");
  net.AvgPool("pool2", {.kernel = 2});
  net.Linear("fc1", options.Scaled(120));
  net.Tanh("tanh3");
  net.Linear("fc2", options.Scaled(84));
  net.Tanh("tanh4");
  net.Classifier("fc3", options.classes);
}

void WriteKerasMnist(const ZooOptions& options, v1::Model* model) {
  LayerWriter net(LayerWriter::Start::kDefault, model);
  net.Conv("conv1", {.filters = options.Scaled(32), .kernel = 3});
  net.Relu("relu1");
  net.MaxPool("pool1", {.kernel = 2});
  net.Conv("conv2", {.filters = options.Scaled(64), .kernel = 3});
  net.Relu("relu2");
  net.MaxPool("pool2", {.kernel = 2});
  net.Conv("conv3", {.filters = options.Scaled(64), .kernel = 3});
  net.Relu("relu3");
  net.Linear("fc1", options.Scaled(64));
  net.Relu("relu4");
  net.Classifier("fc2", options.classes);
}

void WriteKeras484k(const ZooOptions& options, v1::Model* model) {
  LayerWriter net(LayerWriter::Start::kDefault, model);
  net.Conv("conv1", {.filters = options.Scaled(32), .kernel = 5, .padding = 2});
  net.Relu("relu1");
  net.Conv("conv2", {.filters = options.Scaled(32), .kernel = 5, .padding = 2});
  net.Relu("relu2");
  net.MaxPool("pool1", {.kernel = 2});
  net.Conv("conv3", {.filters = options.Scaled(64), .kernel = 3, .padding = 1});
  net.Relu("relu3");
  net.Conv("conv4", {.filters = options.Scaled(64), .kernel = 3, .padding = 1});
  net.Relu("relu4");
  net.MaxPool("pool2", {.kernel = 2});
  net.Linear("fc1", options.Scaled(128));
  net.Relu("relu5");
  net.Classifier("fc2", options.classes);
}

void WriteCiresan(const ZooOptions& options, v1::Model* model) {
  LayerWriter net(LayerWriter::Start::kDefault, model);
  if (options.small_input) {
    net.PadEnd("pad", 1);
  }
  net.Conv("conv1", {.filters = options.Scaled(20), .kernel = 4});
  net.Tanh("tanh1");
  net.MaxPool("pool1", {.kernel = 2});
  net.Conv("conv2", {.filters = options.Scaled(40), .kernel = 5});
  net.Tanh("tanh2");
  net.MaxPool("pool2", {.kernel = 3});
  net.Linear("fc1", options.Scaled(150));
  net.Tanh("tanh3");
  net.Classifier("fc2", options.classes);
}

}  // namespace lockstep
