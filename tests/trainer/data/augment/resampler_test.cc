#include "trainer/data/augment/resampler.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <vector>

namespace lockstep {
namespace {

using Image = std::vector<float>;

// All pixels differ, and no channel is another's multiple.
Image Numbered(const ImageShape& shape) {
  Image image;
  for (int i = 0; i < shape.size(); ++i) {
    image.push_back(1.0F + 0.37F * static_cast<float>(i) + static_cast<float>(i * i % 7));
  }
  return image;
}

Image Resampled(const Image& image, const ImageShape& shape, const AffineMap& map,
                Outside outside = Outside::kFill, const ElasticField* field = nullptr) {
  const Image fill(static_cast<size_t>(shape.channels), -5.0F);
  Image out = image;
  Resampler(shape, outside, fill).Apply(map, field, out);
  return out;
}

Image Changed(const Image& image, const ImageShape& shape, const AffineChange& change,
              Outside outside = Outside::kFill) {
  return Resampled(image, shape, SourceOf(change, shape), outside);
}

float At(const Image& image, const ImageShape& shape, int y, int x, int channel) {
  const int index = (y * shape.width + x) * shape.channels + channel;
  return image.at(static_cast<size_t>(index));
}

constexpr ImageShape kShapes[] = {{.channels = 1, .height = 28, .width = 28},
                                  {.channels = 3, .height = 5, .width = 5},
                                  {.channels = 2, .height = 33, .width = 33},
                                  {.channels = 1, .height = 1, .width = 1}};

TEST(Resampler, TheIdentityIsExact) {
  for (const ImageShape shape :
       {ImageShape{1, 28, 28}, ImageShape{3, 7, 17}, ImageShape{2, 1, 40}}) {
    for (const Outside outside : {Outside::kFill, Outside::kEdge}) {
      const Image image = Numbered(shape);
      EXPECT_EQ(Resampled(image, shape, {}, outside), image);
    }
  }
}

TEST(Resampler, ARotationBy90DegreesIsExact) {
  for (const ImageShape& shape : kShapes) {
    const Image image = Numbered(shape);
    const Image turned = Changed(image, shape, {.rotation_degrees = 90});
    for (int y = 0; y < shape.height; ++y) {
      for (int x = 0; x < shape.width; ++x) {
        for (int channel = 0; channel < shape.channels; ++channel) {
          ASSERT_EQ(At(turned, shape, y, x, channel),
                    At(image, shape, x, shape.width - 1 - y, channel));
        }
      }
    }
    EXPECT_EQ(Changed(turned, shape, {.rotation_degrees = -90}), image);
    EXPECT_EQ(
        Changed(Changed(turned, shape, {.rotation_degrees = 90}), shape, {.rotation_degrees = 180}),
        image);
  }
}

TEST(Resampler, ATranslationByWholePixelsIsExact) {
  const ImageShape shape{.channels = 2, .height = 6, .width = 9};
  const Image image = Numbered(shape);
  for (const auto& [right, down] : {std::pair(2, 1), {-3, 0}, {0, -4}, {8, 5}, {100, -100}}) {
    const Image moved =
        Changed(image, shape,
                {.shift_x = static_cast<double>(right), .shift_y = static_cast<double>(down)});
    const Image cropped = Changed(image, shape, {.crop_x = -right, .crop_y = -down});
    EXPECT_EQ(moved, cropped);
    for (int y = 0; y < shape.height; ++y) {
      for (int x = 0; x < shape.width; ++x) {
        const int from_y = y - down;
        const int from_x = x - right;
        const bool inside = from_y >= 0 && from_y < 6 && from_x >= 0 && from_x < 9;
        ASSERT_EQ(At(moved, shape, y, x, 1), inside ? At(image, shape, from_y, from_x, 1) : -5.0F);
      }
    }
  }
}

TEST(Resampler, AFlipIsExact) {
  const ImageShape shape{.channels = 1, .height = 1, .width = 4};
  EXPECT_EQ(Changed({1, 2, 3, 4}, shape, {.flip = true}), Image({4, 3, 2, 1}));
}

TEST(Resampler, BetweenPixelsLieTheirWeightedMeans) {
  const ImageShape shape{.channels = 1, .height = 2, .width = 2};
  const Image moved = Changed({0, 8, 16, 64}, shape, {.shift_x = -0.25, .shift_y = -0.5});
  // A quarter of the way to the right, half of the way down.
  EXPECT_EQ(moved[0], (0.75F * 0 + 0.25F * 8 + 0.75F * 16 + 0.25F * 64) / 2);
}

TEST(Resampler, BeyondTheEdgesIsTheFillOrTheNearestPixel) {
  const ImageShape shape{.channels = 1, .height = 1, .width = 4};
  const Image image = {1, 2, 3, 4};
  const AffineChange change{.shift_x = 1.5};
  EXPECT_EQ(Changed(image, shape, change), Image({-5, (-5 + 1) / 2.0F, 1.5, 2.5}));
  EXPECT_EQ(Changed(image, shape, change, Outside::kEdge), Image({1, 1, 1.5, 2.5}));
  EXPECT_EQ(Changed(image, shape, {.shift_x = -1e9}), Image({-5, -5, -5, -5}));
  EXPECT_EQ(Changed(image, shape, {.shift_x = -1e9}, Outside::kEdge), Image({4, 4, 4, 4}));
}

TEST(Resampler, EveryChannelIsTreatedAlike) {
  const ImageShape grey{.channels = 1, .height = 13, .width = 19};
  const ImageShape colour{.channels = 3, .height = 13, .width = 19};
  const Image image = Numbered(grey);
  Image thrice;
  for (const float pixel : image) {
    thrice.insert(thrice.end(), {pixel, 2 * pixel, -pixel});
  }
  const AffineChange change{.scale_x = 1.3, .shear_degrees = 9, .rotation_degrees = 21};
  const Image expected = Changed(image, grey, change, Outside::kEdge);
  const Image actual = Changed(thrice, colour, change, Outside::kEdge);
  for (size_t i = 0; i < expected.size(); ++i) {
    ASSERT_EQ(actual[3 * i], expected[i]);
    ASSERT_EQ(actual[3 * i + 1], 2 * expected[i]);
    ASSERT_EQ(actual[3 * i + 2], -expected[i]);
  }
}

TEST(Resampler, PixelsComeFromWhereTheFieldSays) {
  // A slope: a pixel's value says where it is from.
  const ImageShape shape{.channels = 1, .height = 40, .width = 40};
  Image slope;
  for (int y = 0; y < 40; ++y) {
    for (int x = 0; x < 40; ++x) {
      slope.push_back(static_cast<float>(x + 100 * y));
    }
  }
  ElasticField field(40, 40, {.sigma = 4, .alpha = 20});
  field.Draw({1, {.purpose = Purpose::kAugment}});
  const Image moved = Resampled(slope, shape, {}, Outside::kFill, &field);
  for (int y = 10; y < 30; ++y) {
    for (int x = 10; x < 30; ++x) {
      EXPECT_NEAR(At(moved, shape, y, x, 0),
                  static_cast<float>(x) + field.Rightward(y)[x] +
                      100 * (static_cast<float>(y) + field.Downward(y)[x]),
                  0.01);
    }
  }
}

}  // namespace
}  // namespace lockstep
