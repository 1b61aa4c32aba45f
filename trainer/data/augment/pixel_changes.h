#pragma once

#include <cstdint>
#include <span>

#include "trainer/base/random.h"
#include "trainer/data/augment/augmentation.h"
#include "trainer/data/dataset.h"

namespace lockstep {

// Changes of an image's pixels where they are. `image`: height, width, channels.

// Adds `amount` times a channel's unit. `units`: one a channel.
void Brighten(float amount, std::span<const float> units, std::span<float> image);

// Adds a random number to each value: of mean 0 and standard deviation `deviation` times its
// channel's unit, nearly normal (the sum of four uniform ones; at most 3.45 deviations), which
// depends on the stream alone.
void AddNoise(const RandomStream& stream, float deviation, std::span<const float> units,
              std::span<float> image);

// Fills squares (DeVries and Taylor 2017). The centre of each is drawn from all pixels; what lies
// beyond the edges is cut off. Of an even side, the centre is the lower right of the middle four.
// `fill`: one a channel.
void CutOut(RandomStream stream, const CutoutOptions& options, const ImageShape& shape,
            std::span<const float> fill, std::span<float> image);

}  // namespace lockstep
