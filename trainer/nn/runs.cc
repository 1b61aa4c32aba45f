#include "trainer/nn/runs.h"

#include <algorithm>

#include "trainer/base/divide.h"

namespace lockstep {
namespace {

// What a stage of a slice reads and writes should fit a second-level cache of 1 MiB, or nearly.
constexpr int64_t kSliceBytes = int64_t{5} << 18;

// Slices begin on a cache line, whatever a sample's size.
constexpr int64_t kSliceUnit = 16;

int64_t SampleBytes(const Net& net, const Stage& stage) {
  int64_t numbers = stage.plan.output.size();
  for (const int input : net.nodes()[stage.first].inputs) {
    numbers += net.shape(input).size();
  }
  return numbers * static_cast<int64_t>(sizeof(float));
}

int SliceOf(const Net& net, std::span<const Stage> stages) {
  int64_t sample = 1;
  for (const Stage& stage : stages) {
    sample = std::max(sample, SampleBytes(net, stage));
  }
  const int64_t most = std::max(kSliceBytes / sample / kSliceUnit * kSliceUnit, kSliceUnit);
  const int64_t slices = DivideUp(int64_t{net.max_batch()}, most);
  const int64_t slice = RoundUp(DivideUp(int64_t{net.max_batch()}, slices), kSliceUnit);
  return static_cast<int>(std::min<int64_t>(slice, net.max_batch()));
}

}  // namespace

std::vector<StageRun> PlanRuns(const Net& net, std::span<const Stage> stages) {
  std::vector<StageRun> runs;
  for (size_t first = 0; first < stages.size();) {
    size_t count = 1;
    if (stages[first].plan.by_sample) {
      while (first + count < stages.size() && stages[first + count].plan.by_sample) {
        ++count;
      }
    }
    const int slice = count > 1 ? SliceOf(net, stages.subspan(first, count)) : net.max_batch();
    const size_t step = slice < net.max_batch() ? count : 1;
    for (size_t i = 0; i < count; i += step) {
      runs.push_back({.first = static_cast<int>(first + i),
                      .last = static_cast<int>(first + i + step - 1),
                      .slice = slice});
    }
    first += count;
  }
  return runs;
}

}  // namespace lockstep
