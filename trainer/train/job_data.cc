#include "trainer/train/job_data.h"

#include <fmt/format.h>

#include <cmath>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "storage/sha256.h"
#include "trainer/base/error.h"
#include "trainer/data/sampler.h"
#include "trainer/train/data_source.h"
#include "trainer/train/together.h"

namespace lockstep {
namespace {

HoldoutOptions ToHoldoutOptions(const v1::Holdout& holdout, int64_t training_samples) {
  const double fraction = holdout.fraction() * static_cast<double>(training_samples);
  return {.samples = holdout.has_samples() ? holdout.samples()
                                           : static_cast<int64_t>(std::floor(fraction)),
          .seed = holdout.seed()};
}

// Pixels of 8 bits are scaled to 0..1 first.
double PixelScale(const Dataset& dataset) {
  return dataset.pixel_type() == PixelType::kUint8 ? 1.0 / 255 : 1.0;
}

NormalizationOptions ToNormalizationOptions(const v1::Normalization& message, const Dataset& train,
                                            const HoldoutSplit& split) {
  NormalizationOptions options{.scale = PixelScale(train)};
  if (message.has_fixed()) {
    options.mean.assign(message.fixed().mean().begin(), message.fixed().mean().end());
    options.std.assign(message.fixed().standard_deviation().begin(),
                       message.fixed().standard_deviation().end());
  } else if (message.has_computed()) {
    MeasureMeanStd(train, split.train, &options);
  }
  return options;
}

v1::Normalization ToMessage(const NormalizationOptions& options) {
  v1::Normalization message;
  if (options.mean.empty()) {
    message.mutable_scale_to_unit();
    return message;
  }
  v1::Normalization::Fixed* fixed = message.mutable_fixed();
  fixed->mutable_mean()->Assign(options.mean.begin(), options.mean.end());
  fixed->mutable_standard_deviation()->Assign(options.std.begin(), options.std.end());
  return message;
}

// Throws DataError unless the blocks of all nodes have the same digest. Digests of ranks that
// loaded nothing are empty.
void CheckSameOnAllNodes(const std::vector<std::string>& digests, const char* what,
                         const std::vector<std::string>& hosts) {
  for (size_t rank = 0; rank < digests.size(); ++rank) {
    if (!digests[rank].empty() && digests[rank] != digests[0]) {
      throw DataError(
          fmt::format("the {} data on {} differs from that on {}: give all nodes the same files",
                      what, hosts[rank], hosts[0]));
    }
  }
}

}  // namespace

JobData::JobData(const v1::Data& data, const std::filesystem::path& directory,
                 comm::Communicator* communicator)
    : resolved_(data) {
  const auto load = [&](DatasetPart part, const char* what) {
    std::optional<LoadedDataset> loaded;
    RunTogether(communicator, [&] {
      if (communicator->node_rank() == 0) {
        loaded = LoadSource(data, part, directory);
      }
    });
    return Share(std::move(loaded), what, communicator);
  };
  train_ = load(DatasetPart::kTrain, "training");
  test_ = load(DatasetPart::kTest, "test");
  RunTogether(communicator, [&] {
    if (test().shape() != train().shape() || test().classes() != train().classes()) {
      throw DataError(
          "the test images have another shape or number of classes than those to train on");
    }
    split_ = HoldOut(train().size(), ToHoldoutOptions(data.holdout(), train().size()));
    const NormalizationOptions options =
        ToNormalizationOptions(data.normalization(), train(), split_);
    normalizer_ = std::make_unique<Normalizer>(train().shape().channels, options);
    *resolved_.mutable_normalization() = ToMessage(options);
  });
}

std::unique_ptr<JobData::Shared> JobData::Share(std::optional<LoadedDataset> loaded,
                                                const char* what,
                                                comm::Communicator* communicator) {
  // The same size everywhere: nodes are compared by content below.
  int64_t bytes = loaded ? static_cast<int64_t>(PackedSize(*loaded)) : 0;
  communicator->AllReduceMax({&bytes, 1});
  comm::NodeMemory memory(*communicator, static_cast<size_t>(bytes));
  std::string digest;
  if (loaded) {
    PackInto(*loaded, memory.bytes().first(PackedSize(*loaded)));
    loaded.reset();
    digest = storage::Sha256Hex(memory.bytes());
  }
  memory.Publish();
  const std::vector<std::string> digests = communicator->AllGather(digest);
  RunTogether(communicator,
              [&] { CheckSameOnAllNodes(digests, what, communicator->host_names()); });
  Dataset dataset = Dataset::View(memory.bytes());
  return std::make_unique<Shared>(Shared{std::move(memory), dataset, digests[0]});
}

Shape JobData::shape() const {
  const ImageShape& shape = train().shape();
  return {.channels = shape.channels, .height = shape.height, .width = shape.width};
}

}  // namespace lockstep
