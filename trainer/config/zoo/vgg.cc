#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "trainer/base/check.h"
#include "trainer/config/zoo/architectures.h"

namespace lockstep {
namespace {

// How many convolutions stand before each pooling.
std::array<int, 5> ConvolutionsOfVgg(int depth) {
  switch (depth) {
    case 11:
      return {1, 1, 2, 2, 2};
    case 13:
      return {2, 2, 2, 2, 2};
    case 16:
      return {2, 2, 3, 3, 3};
    default:
      CHECK_EQ(depth, 19);
      return {2, 2, 4, 4, 4};
  }
}

}  // namespace

void WriteVgg(const ZooOptions& options, int depth, bool batch_norm, v1::Model* model) {
  LayerWriter net(LayerWriter::Start::kHe, model);
  int number = 0;
  const auto next = [&] { return fmt::format("features.{}", number++); };
  int filters = 64;
  for (const int convolutions : ConvolutionsOfVgg(depth)) {
    for (int i = 0; i < convolutions; ++i) {
      net.Conv(next(), {.filters = options.Scaled(filters), .kernel = 3, .padding = 1});
      if (batch_norm) {
        net.BatchNorm(next());
      }
      net.Relu(next());
    }
    net.MaxPool(next(), {.kernel = 2, .ceil_mode = options.small_input});
    filters = std::min(2 * filters, 512);
  }
  const int hidden = options.Scaled(options.small_input ? 512 : 4096);
  net.Linear("classifier.0", hidden);
  net.Relu("classifier.1");
  net.Dropout("classifier.2", options.dropout);
  net.Linear("classifier.3", hidden);
  net.Relu("classifier.4");
  net.Dropout("classifier.5", options.dropout);
  net.Classifier("classifier.6", options.classes);
}

}  // namespace lockstep
