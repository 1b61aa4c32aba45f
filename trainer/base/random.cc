#include "trainer/base/random.h"

#include <Random123/philox.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <numbers>

namespace lockstep {
namespace {

// Philox on several counters at a time, which differ in their first word. Each 64-bit lane holds a
// 32-bit word of one counter; what the upper half holds is cut off before it counts.
constexpr size_t kLanes = 8;
using Words = uint64_t __attribute__((vector_size(kLanes * sizeof(uint64_t))));

constexpr uint64_t kWord = 0xFFFFFFFF;

// Fills `count` groups of kLanes blocks, of four draws each.
LOCKSTEP_EVERY_CPU void FillGroups(const std::array<uint32_t, 4>& counter, uint64_t key,
                                   size_t count, uint32_t* draws) {
  constexpr uint64_t kFactor0 = 0xD2511F53;  // the constants of Philox4x32
  constexpr uint64_t kFactor1 = 0xCD9E8D57;
  constexpr uint32_t kWeyl0 = 0x9E3779B9;
  constexpr uint32_t kWeyl1 = 0xBB67AE85;
  Words first = Words{0, 1, 2, 3, 4, 5, 6, 7} + counter[0];
  for (size_t group = 0; group < count; ++group, first += kLanes, draws += 4 * kLanes) {
    Words word0 = first;
    Words word1 = Words{} + counter[1];
    Words word2 = Words{} + counter[2];
    Words word3 = Words{} + counter[3];
    auto key0 = static_cast<uint32_t>(key);
    auto key1 = static_cast<uint32_t>(key >> 32);
    for (int round = 0; round < 10; ++round) {
      const Words product0 = (word0 & kWord) * kFactor0;
      const Words product1 = (word2 & kWord) * kFactor1;
      word0 = (product1 >> 32) ^ word1 ^ key0;
      word2 = (product0 >> 32) ^ word3 ^ key1;
      word1 = product1;
      word3 = product0;
      key0 += kWeyl0;
      key1 += kWeyl1;
    }
    for (size_t lane = 0; lane < kLanes; ++lane) {
      draws[4 * lane] = static_cast<uint32_t>(word0[lane]);
      draws[4 * lane + 1] = static_cast<uint32_t>(word1[lane]);
      draws[4 * lane + 2] = static_cast<uint32_t>(word2[lane]);
      draws[4 * lane + 3] = static_cast<uint32_t>(word3[lane]);
    }
  }
}

}  // namespace

std::array<uint32_t, 4> RandomStream::Counter(uint32_t block) const {
  const uint32_t use = (static_cast<uint32_t>(key_.purpose) << 16) | key_.layer;
  return {block, key_.sample, key_.time, use};
}

std::array<uint32_t, 4> RandomStream::Block(uint32_t block) const {
  const r123::Philox4x32 philox;
  const auto [word0, word1, word2, word3] = Counter(block);
  const auto draws = philox({{word0, word1, word2, word3}},
                            {{static_cast<uint32_t>(seed_), static_cast<uint32_t>(seed_ >> 32)}});
  return {draws[0], draws[1], draws[2], draws[3]};
}

void RandomStream::Fill(uint32_t first_block, std::span<uint32_t> draws) const {
  constexpr size_t kGroup = 4 * kLanes;
  const size_t groups = draws.size() / kGroup;
  FillGroups(Counter(first_block), seed_, groups, draws.data());
  const std::span<uint32_t> left = draws.subspan(groups * kGroup);
  if (!left.empty()) {
    std::array<uint32_t, kGroup> last{};
    FillGroups(Counter(first_block + static_cast<uint32_t>(groups * kLanes)), seed_, 1,
               last.data());
    std::copy_n(last.begin(), left.size(), left.begin());
  }
}

uint32_t RandomStream::Next() {
  if (next_ % 4 == 0) {
    block_ = Block(next_ / 4);
  }
  return block_[next_++ % 4];
}

float RandomStream::Uniform() { return ToUniform(Next()); }

uint32_t RandomStream::Below(uint32_t bound) {
  uint64_t product = uint64_t{Next()} * bound;
  if (static_cast<uint32_t>(product) < bound) {
    const uint32_t threshold = (0U - bound) % bound;
    while (static_cast<uint32_t>(product) < threshold) {
      product = uint64_t{Next()} * bound;
    }
  }
  return static_cast<uint32_t>(product >> 32);
}

float RandomStream::Normal() {
  const double radius = std::sqrt(-2.0 * std::log(1.0 - Uniform()));
  const double angle = 2.0 * std::numbers::pi * Uniform();
  return static_cast<float>(radius * std::cos(angle));
}

}  // namespace lockstep
