#include "trainer/data/sampler.h"

#include <limits>
#include <numeric>
#include <utility>

#include "trainer/base/check.h"
#include "trainer/data/permutation.h"

namespace lockstep {

Sampler::Sampler(uint64_t seed, std::vector<uint32_t> samples)
    : Sampler(std::optional(seed), std::move(samples)) {}

Sampler Sampler::InOrder(std::vector<uint32_t> samples) {
  return Sampler(std::nullopt, std::move(samples));
}

Sampler::Sampler(std::optional<uint64_t> seed, std::vector<uint32_t> samples)
    : seed_(seed), samples_(std::move(samples)) {}

std::span<const uint32_t> Sampler::Samples(uint32_t epoch, IndexRange positions) {
  CHECK_LE(0, positions.begin);
  CHECK_LE(positions.begin, positions.end);
  CHECK_LE(positions.end, size());
  if (seed_ && epoch_ != epoch) {
    order_ = samples_;
    Shuffle(RandomStream(*seed_, {.purpose = Purpose::kShuffle, .time = epoch}), order_);
    epoch_ = epoch;
  }
  return std::span<const uint32_t>(seed_ ? order_ : samples_)
      .subspan(static_cast<size_t>(positions.begin), static_cast<size_t>(positions.size()));
}

std::vector<uint32_t> AllSamples(int64_t count) {
  CHECK_GE(count, 0);
  CHECK_LE(count, int64_t{std::numeric_limits<uint32_t>::max()});
  std::vector<uint32_t> samples(static_cast<size_t>(count));
  std::iota(samples.begin(), samples.end(), 0U);
  return samples;
}

}  // namespace lockstep
