#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

#include "trainer/config/job_file.h"
#include "trainer/data/dataset.h"
#include "trainer/train/net_builder.h"
#include "trainer/train/training_pipeline.h"

namespace lockstep {

// A job with a small network for images of 1 x 6 x 6, and what is built from it.
struct SmallRun {
  // `overrides`: as --set takes them.
  explicit SmallRun(const std::vector<std::string>& overrides = {})
      : loaded(ParseJob("name: 'small' seed: 3 epochs: 2 global_batch: 20 microbatch: 5\n"
                        "data { digits { train_samples: 100 } holdout { samples: 20 } }\n"
                        "model { layer { name: 'conv' conv2d { filters: 2 kernel: 3 } }\n"
                        "        layer { name: 'bn' batch_norm {} }\n"
                        "        layer { name: 'fc' linear { units: 10 } } }\n"
                        "optimizer { adam {} }",
                        "job.textproto", overrides)),
        net(BuildNet(loaded, {.channels = 1, .height = 6, .width = 6}, 10)) {}

  const ParameterLayout& layout() const { return net->parameters(); }

  // The beginning of a new run. `communicator`: as NewState takes it.
  TrainingState New(const comm::Communicator* communicator = nullptr) const {
    return NewState(loaded.job, *net, communicator);
  }

  // A state after `step` in which every number is another one.
  TrainingState Numbered(int64_t step) const {
    TrainingState state = New();
    state.position = {.step = step,
                      .samples_seen = 20 * step,
                      .evaluated_step = step - 1,
                      .best_step = step - 2,
                      .best_correct = 17};
    std::iota(state.values.begin(), state.values.end(), 1.0F);
    float first = 1000;
    for (const std::span<float> slot : state.slots) {
      std::iota(slot.begin(), slot.end(), first);
      first += 1000;
    }
    std::iota(state.average.begin(), state.average.end(), first);
    return state;
  }

  RunIdentity Identity() const {
    return {.seed = loaded.job.seed(),
            .steps_per_epoch = 4,
            .job = EffectiveText(loaded.job),
            .data_sha256 = "digest",
            .build = {{"lockstep", "a test"}}};
  }

  LoadedJob loaded;
  std::unique_ptr<Net> net;
};

// Samples for the network of a SmallRun, packed: images that differ, and labels that take turns.
inline std::vector<std::byte> SmallSamples(int samples) {
  LoadedDataset loaded{
      .content = "small", .shape = {.channels = 1, .height = 6, .width = 6}, .classes = 10};
  std::vector<uint8_t> pixels(static_cast<size_t>(samples) * 36);
  for (size_t i = 0; i < pixels.size(); ++i) {
    pixels[i] = static_cast<uint8_t>(i * i % 251);
  }
  loaded.pixels = std::move(pixels);
  for (int i = 0; i < samples; ++i) {
    loaded.labels.push_back(i % 10);
  }
  return Pack(loaded);
}

// A copy of every number of a state.
inline std::vector<std::vector<float>> NumbersOf(const TrainingState& state) {
  std::vector<std::vector<float>> numbers{{state.values.begin(), state.values.end()}};
  for (const std::span<float> slot : state.slots) {
    numbers.emplace_back(slot.begin(), slot.end());
  }
  numbers.emplace_back(state.average.begin(), state.average.end());
  return numbers;
}

}  // namespace lockstep
