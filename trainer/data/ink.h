#pragma once

#include <array>
#include <cstdint>
#include <span>

namespace lockstep {

// A square sheet that a pen with a round tip draws on. Uses only additions, multiplications,
// divisions and square roots, which are exact to the last bit everywhere.
class Sheet {
 public:
  static constexpr int kSide = 28;

  // One end of a piece of a stroke, in pixels from the top left corner.
  struct Tip {
    float x = 0.0F;
    float y = 0.0F;
    float radius = 1.0F;
  };

  // Draws a straight piece. Its edge fades from full to none over `softness` pixels. Where pieces
  // overlap the darker one shows.
  void Draw(const Tip& from, const Tip& to, float softness);

  // 0 is paper, 1 is ink; row by row.
  std::span<const float> ink() const { return ink_; }

 private:
  std::array<float, kSide * kSide> ink_{};
};

}  // namespace lockstep
