#include "trainer/tensor/kernels/planes.h"

#include <gtest/gtest.h>

#include <cstddef>
#include <limits>
#include <vector>

#include "trainer/base/random.h"
#include "trainer/tensor/kernels/kernels.h"

namespace lockstep {
namespace {

struct Pooled {
  std::vector<float> numbers;
  std::vector<uint8_t> kept;

  bool operator==(const Pooled&) const = default;
};

DirectShape PlaneShape(int filters, int kernel, int width) {
  return {.frame_width = width + kernel - 1,
          .channels = 1,
          .kernel_height = kernel,
          .kernel_width = kernel,
          .stride_height = 1,
          .stride_width = 1,
          .output_height = 2,
          .output_width = width,
          .filters = filters,
          .filter_room = kDirectUnit,
          .row_tap_room = kDirectUnit};
}

std::vector<float> RandomPlane(int64_t size, uint32_t sample) {
  RandomStream stream(1, {.purpose = Purpose::kAugment, .sample = sample});
  std::vector<float> numbers(static_cast<size_t>(size));
  for (float& number : numbers) {
    number = stream.Uniform() - 0.5F;
  }
  return numbers;
}

// What a plane kernel is held against, and what it gets.
struct Planes {
  explicit Planes(const DirectShape& plane_shape)
      : shape(plane_shape),
        frame(RandomPlane(int64_t{shape.frame_width} * (shape.kernel_height + 1), 1)),
        weights(RandomPlane(int64_t{shape.kernel_height} * shape.kernel_width * kDirectUnit, 2)),
        bias(RandomPlane(kDirectUnit, 3)) {}

  size_t pooled_size() const { return static_cast<size_t>(shape.output_width / 2) * shape.filters; }

  Pooled ByDirectKernels() const {
    std::vector<float> outputs(size_t{2} * shape.output_width * kDirectUnit);
    ActiveKernels().direct->forward(shape, {.first = 0, .count = 2}, frame.data(), weights.data(),
                                    bias.data(), outputs.data());
    Pooled pooled{std::vector<float>(pooled_size()), std::vector<uint8_t>(pooled_size())};
    ActiveKernels().tail->pool_rows(
        {.width = shape.output_width, .filters = shape.filters, .filter_room = kDirectUnit},
        outputs.data(), pooled.numbers.data(), pooled.kept.data());
    return pooled;
  }

  Pooled ByPlaneKernels() const {
    Pooled pooled{std::vector<float>(pooled_size()), std::vector<uint8_t>(pooled_size())};
    ActiveKernels().planes->pooled_row(shape, 0, frame.data(), weights.data(), bias.data(),
                                       pooled.numbers.data(), pooled.kept.data());
    return pooled;
  }

  DirectShape shape;
  std::vector<float> frame;
  std::vector<float> weights;
  std::vector<float> bias;
};

TEST(Planes, HaveTheBitsOfDirectKernelsForAnyFewFiltersAndAnyWidth) {
  for (int filters = 1; filters < kDirectUnit; ++filters) {
    for (int width = kPlaneColumns; width < 3 * kPlaneColumns; ++width) {
      const Planes planes(PlaneShape(filters, 5, width));
      ASSERT_TRUE(planes.ByPlaneKernels() == planes.ByDirectKernels()) << filters << " " << width;
    }
  }
}

TEST(Planes, HaveTheBitsOfDirectKernelsForAnyKernelSize) {
  for (int kernel = 1; kernel < 8; ++kernel) {
    const Planes planes(PlaneShape(6, kernel, 28));
    ASSERT_TRUE(planes.ByPlaneKernels() == planes.ByDirectKernels()) << kernel;
  }
}

TEST(Planes, ANanInAFilterStaysInThatFilter) {
  Planes planes(PlaneShape(6, 5, 28));
  planes.bias[3] = std::numeric_limits<float>::quiet_NaN();
  const Pooled pooled = planes.ByPlaneKernels();
  for (size_t i = 0; i < pooled.numbers.size(); ++i) {
    ASSERT_EQ(pooled.numbers[i] != pooled.numbers[i], i % 6 == 3) << i;
  }
}

TEST(Planes, NeedNotSayWhereTheLargestNumbersWere) {
  const Planes planes(PlaneShape(6, 5, 28));
  std::vector<float> pooled(planes.pooled_size());
  ActiveKernels().planes->pooled_row(planes.shape, 0, planes.frame.data(), planes.weights.data(),
                                     planes.bias.data(), pooled.data(), nullptr);
  EXPECT_EQ(pooled, planes.ByPlaneKernels().numbers);
}

}  // namespace
}  // namespace lockstep
