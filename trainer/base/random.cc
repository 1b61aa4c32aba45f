#include "trainer/base/random.h"

#include <Random123/philox.h>

#include <cmath>
#include <numbers>

namespace lockstep {

std::array<uint32_t, 4> RandomStream::Block(uint32_t block) const {
  const r123::Philox4x32 philox;
  const uint32_t use = (static_cast<uint32_t>(key_.purpose) << 16) | key_.layer;
  const auto draws = philox({{block, key_.sample, key_.time, use}},
                            {{static_cast<uint32_t>(seed_), static_cast<uint32_t>(seed_ >> 32)}});
  return {draws[0], draws[1], draws[2], draws[3]};
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
