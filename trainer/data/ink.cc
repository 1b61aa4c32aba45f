#include "trainer/data/ink.h"

#include <algorithm>
#include <cmath>

namespace lockstep {
namespace {

// The pixels whose centres lie between `low` and `high`.
struct PixelRange {
  PixelRange(float low, float high)
      : begin(std::clamp(static_cast<int>(low), 0, Sheet::kSide)),
        end(std::clamp(static_cast<int>(high) + 1, 0, Sheet::kSide)) {}
  int begin;
  int end;
};

}  // namespace

void Sheet::Draw(const Tip& from, const Tip& to, float softness) {
  const float reach = std::max(from.radius, to.radius) + 0.5F * softness;
  const PixelRange columns(std::min(from.x, to.x) - reach, std::max(from.x, to.x) + reach);
  const PixelRange rows(std::min(from.y, to.y) - reach, std::max(from.y, to.y) + reach);
  const float dx = to.x - from.x;
  const float dy = to.y - from.y;
  const float length_squared = dx * dx + dy * dy;
  const float per_length_squared = length_squared > 0.0F ? 1.0F / length_squared : 0.0F;
  const float per_softness = 1.0F / softness;
  for (int row = rows.begin; row < rows.end; ++row) {
    for (int column = columns.begin; column < columns.end; ++column) {
      const float x = static_cast<float>(column) + 0.5F - from.x;
      const float y = static_cast<float>(row) + 0.5F - from.y;
      const float along = std::clamp((x * dx + y * dy) * per_length_squared, 0.0F, 1.0F);
      const float away_x = x - along * dx;
      const float away_y = y - along * dy;
      const float distance = std::sqrt(away_x * away_x + away_y * away_y);
      const float radius = from.radius + along * (to.radius - from.radius);
      const float ink = std::clamp((radius - distance) * per_softness + 0.5F, 0.0F, 1.0F);
      float& pixel = ink_[static_cast<size_t>(row) * kSide + static_cast<size_t>(column)];
      pixel = std::max(pixel, ink);
    }
  }
}

}  // namespace lockstep
