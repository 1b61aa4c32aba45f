#include "trainer/config/zoo/architectures.h"

namespace lockstep {

void WriteAlexNet(const ZooOptions& options, v1::Model* model) {
  LayerWriter net(LayerWriter::Start::kHe, model);
  const PoolSpec pool{.kernel = 3, .stride = 2};
  const int hidden = options.Scaled(options.small_input ? 1024 : 4096);
  if (options.small_input) {
    net.Conv("features.0", {.filters = options.Scaled(64), .kernel = 5, .padding = 2});
  } else {
    net.Conv("features.0",
             {.filters = options.Scaled(64), .kernel = 11, .stride = 4, .padding = 2});
  }
  net.Relu("features.1");
  net.MaxPool("features.2", pool);
  net.Conv("features.3", {.filters = options.Scaled(192), .kernel = 5, .padding = 2});
  net.Relu("features.4");
  net.MaxPool("features.5", pool);
  net.Conv("features.6", {.filters = options.Scaled(384), .kernel = 3, .padding = 1});
  net.Relu("features.7");
  net.Conv("features.8", {.filters = options.Scaled(256), .kernel = 3, .padding = 1});
  net.Relu("features.9");
  net.Conv("features.10", {.filters = options.Scaled(256), .kernel = 3, .padding = 1});
  net.Relu("features.11");
  net.MaxPool("features.12", pool);
  net.Dropout("classifier.0", options.dropout);
  net.Linear("classifier.1", hidden);
  net.Relu("classifier.2");
  net.Dropout("classifier.3", options.dropout);
  net.Linear("classifier.4", hidden);
  net.Relu("classifier.5");
  net.Classifier("classifier.6", options.classes);
}

}  // namespace lockstep
