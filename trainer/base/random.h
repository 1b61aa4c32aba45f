#pragma once

#include <array>
#include <cstdint>
#include <span>

namespace lockstep {

// What a random draw is for. Part of every draw's key, so that two uses never share numbers.
// Stored runs depend on these values: never renumber.
enum class Purpose : uint16_t {
  kShuffle = 1,
  kInitialise = 2,
  kDropout = 3,
  kAugment = 4,
  kHoldout = 5,
  kDigits = 6,
};

// Counter-based random numbers: Philox4x32-10 (Salmon et al., "Parallel random numbers: as easy as
// 1, 2, 3", SC'11). A draw is a pure function of the seed, the stream's key and its index: it does
// not depend on rank, thread, history or the order of the draws.
class RandomStream {
 public:
  struct Key {
    Purpose purpose;
    uint16_t layer = 0;   // the layer's position in the net, where there is one
    uint32_t time = 0;    // epoch or step, whichever the purpose is keyed by
    uint32_t sample = 0;  // index of the sample in its dataset, or of the parameter
  };

  RandomStream(uint64_t seed, Key key) : seed_(seed), key_(key) {}

  // Four draws with index 4*block .. 4*block+3.
  std::array<uint32_t, 4> Block(uint32_t block) const;

  // The draws with index 4*first_block, 4*first_block+1, ..: those of Block(), many at a time.
  void Fill(uint32_t first_block, std::span<uint32_t> draws) const;

  // The next draw in this stream: index 0, 1, 2, ...
  uint32_t Next();
  // Uniform in [0, 1), a multiple of 2^-24.
  float Uniform();
  // Uniform in {0, ..., bound - 1} without bias (Lemire 2019). REQUIRES bound > 0.
  uint32_t Below(uint32_t bound);
  // Standard normal (Box and Muller 1958), from two draws.
  float Normal();

 private:
  std::array<uint32_t, 4> Counter(uint32_t block) const;

  uint64_t seed_;
  Key key_;
  std::array<uint32_t, 4> block_{};
  uint32_t next_ = 0;
};

// The uniform number that a 32-bit draw stands for: in [0, 1), a multiple of 2^-24.
inline float ToUniform(uint32_t draw) { return static_cast<float>(draw >> 8) * 0x1p-24F; }

}  // namespace lockstep
