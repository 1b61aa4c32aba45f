#include "trainer/tensor/kernels/batch_norm.h"

#include "trainer/tensor/kernels/rectified_pool.h"
#include "trainer/tensor/kernels/tables.h"
#include "trainer/tensor/kernels/vectors.h"

namespace lockstep::LOCKSTEP_INSTRUCTION_SET {
namespace {

// A vector, or the single float of the last channels.
template <typename Vector>
LOCKSTEP_INLINE Vector LoadAs(const float* from) {
  Vector value;
  __builtin_memcpy(&value, from, sizeof(value));
  return value;
}
template <typename Vector>
constexpr int kWidthOf = sizeof(Vector) / sizeof(float);

// Calls body<Vector, count>(c) for channels [c, c + count vectors), all channels once.
template <typename Body>
LOCKSTEP_INLINE void ForChannels(int channels, const Body& body) {
  int c = 0;
  for (; c + 4 * kLanes <= channels; c += 4 * kLanes) {
    body.template operator()<Floats, 4>(c);
  }
  for (; c + kLanes <= channels; c += kLanes) {
    body.template operator()<Floats, 1>(c);
  }
  for (; kLanes > 4 && c + 4 <= channels; c += 4) {
    body.template operator()<FloatsOf<4>, 1>(c);
  }
  for (; c < channels; ++c) {
    body.template operator()<float, 1>(c);
  }
}

// Sums of kCount neighbouring vectors over rows. The rows are dealt to some parts, so that an
// addition need not wait for the one before it.
template <int kCount>
constexpr int kParts = kCount == 1 ? 4 : 2;
template <typename Vector, int kCount>
using Sums = Vector[kParts<kCount>][kCount];

// Calls visit(row, part, k) for all rows and vectors k, the rows dealt to the parts in turn.
template <int kCount, typename Visit>
LOCKSTEP_INLINE void ForRowsInParts(int rows, const Visit& visit) {
  int row = 0;
  for (; row + kParts<kCount> <= rows; row += kParts<kCount>) {
#pragma GCC unroll 4
    for (int part = 0; part < kParts<kCount>; ++part) {
#pragma GCC unroll 4
      for (int k = 0; k < kCount; ++k) {
        visit(row + part, part, k);
      }
    }
  }
  for (; row < rows; ++row) {
#pragma GCC unroll 4
    for (int k = 0; k < kCount; ++k) {
      visit(row, 0, k);
    }
  }
}

template <int kCount, typename Vector>
LOCKSTEP_INLINE Vector Total(const Sums<Vector, kCount>& sums, int k) {
  Vector total = sums[0][k] + sums[1][k];
  if constexpr (kParts<kCount> == 4) {
    total += sums[2][k] + sums[3][k];
  }
  return total;
}

// `count` vectors of the numbers of channels.
template <typename Vector, int kCount>
struct OfChannels {
  LOCKSTEP_INLINE OfChannels(const float* numbers, int channel) {
#pragma GCC unroll 4
    for (int k = 0; k < kCount; ++k) {
      values[k] = LoadAs<Vector>(numbers + channel + k * kWidthOf<Vector>);
    }
  }
  LOCKSTEP_INLINE Vector operator[](int k) const { return values[k]; }

  Vector values[kCount];
};

template <typename Vector, int kCount>
struct Transform {
  LOCKSTEP_INLINE Transform(const ChannelTransform& transform, int channel)
      : mean(transform.mean, channel),
        scale(transform.scale, channel),
        shift(transform.shift, channel) {}

  LOCKSTEP_INLINE Vector operator()(Vector x, int k) const {
    return (x - mean[k]) * scale[k] + shift[k];
  }

  OfChannels<Vector, kCount> mean;
  OfChannels<Vector, kCount> scale;
  OfChannels<Vector, kCount> shift;
};

// What of the gradient by the output reaches the normalised number: all, or, through relu, where it
// is positive. It is computed as Normalize does it, so both see the same.
template <bool kRelu, typename Vector, int kCount>
LOCKSTEP_INLINE Vector Passing(const Transform<Vector, kCount>& transform, Vector x, Vector dy,
                               int k) {
  if constexpr (kRelu) {
    return transform(x, k) > 0 ? dy : Vector{};
  } else {
    return dy;
  }
}

void Moments(int rows, int channels, const float* x, float* mean, float* squares) {
  const float share = 1.0F / static_cast<float>(rows);
  ForChannels(channels, [&]<typename Vector, int kCount>(int c) LOCKSTEP_INLINE_LAMBDA {
    constexpr int kWidth = kWidthOf<Vector>;
    const auto at = [&](int row, int k) LOCKSTEP_INLINE_LAMBDA {
      return LoadAs<Vector>(x + int64_t{row} * channels + c + k * kWidth);
    };
    Sums<Vector, kCount> sums = {};
    ForRowsInParts<kCount>(rows, [&](int row, int part, int k)
                                     LOCKSTEP_INLINE_LAMBDA { sums[part][k] += at(row, k); });
    Vector means[kCount];
#pragma GCC unroll 4
    for (int k = 0; k < kCount; ++k) {
      means[k] = Total<kCount, Vector>(sums, k) * share;
    }
    Sums<Vector, kCount> deviations = {};
    ForRowsInParts<kCount>(rows, [&](int row, int part, int k) LOCKSTEP_INLINE_LAMBDA {
      const Vector deviation = at(row, k) - means[k];
      deviations[part][k] += deviation * deviation;
    });
#pragma GCC unroll 4
    for (int k = 0; k < kCount; ++k) {
      Store(means[k], mean + c + k * kWidth);
      Store(Total<kCount, Vector>(deviations, k), squares + c + k * kWidth);
    }
  });
}

template <bool kRelu>
void Normalize(int rows, int channels, const float* x, const ChannelTransform& transform,
               float* y) {
  ForChannels(channels, [&]<typename Vector, int kCount>(int c) LOCKSTEP_INLINE_LAMBDA {
    const Transform<Vector, kCount> own(transform, c);
    for (int row = 0; row < rows; ++row) {
#pragma GCC unroll 4
      for (int k = 0; k < kCount; ++k) {
        const int64_t at = int64_t{row} * channels + c + k * kWidthOf<Vector>;
        const Vector value = own(LoadAs<Vector>(x + at), k);
        Store(kRelu ? Rectify(value) : value, y + at);
      }
    }
  });
}

template <bool kRelu>
void GradientSums(int rows, int channels, const float* x, const ChannelTransform& transform,
                  const float* dy, float* sums, float* products) {
  ForChannels(channels, [&]<typename Vector, int kCount>(int c) LOCKSTEP_INLINE_LAMBDA {
    const Transform<Vector, kCount> own(transform, c);
    Sums<Vector, kCount> dy_sums = {};
    Sums<Vector, kCount> product_sums = {};
    ForRowsInParts<kCount>(rows, [&](int row, int part, int k) LOCKSTEP_INLINE_LAMBDA {
      const int64_t at = int64_t{row} * channels + c + k * kWidthOf<Vector>;
      const Vector value = LoadAs<Vector>(x + at);
      const Vector gradient = Passing<kRelu>(own, value, LoadAs<Vector>(dy + at), k);
      dy_sums[part][k] += gradient;
      product_sums[part][k] += gradient * (value - own.mean[k]);
    });
#pragma GCC unroll 4
    for (int k = 0; k < kCount; ++k) {
      Store(Total<kCount, Vector>(dy_sums, k), sums + c + k * kWidthOf<Vector>);
      Store(Total<kCount, Vector>(product_sums, k), products + c + k * kWidthOf<Vector>);
    }
  });
}

template <bool kRelu>
void NormalizeBack(int rows, int channels, const float* x, const ChannelTransform& transform,
                   const float* dy, const float* offset, const float* slope, float* dx) {
  ForChannels(channels, [&]<typename Vector, int kCount>(int c) LOCKSTEP_INLINE_LAMBDA {
    const Transform<Vector, kCount> own(transform, c);
    const OfChannels<Vector, kCount> offsets(offset, c);
    const OfChannels<Vector, kCount> slopes(slope, c);
    for (int row = 0; row < rows; ++row) {
#pragma GCC unroll 4
      for (int k = 0; k < kCount; ++k) {
        const int64_t at = int64_t{row} * channels + c + k * kWidthOf<Vector>;
        const Vector value = LoadAs<Vector>(x + at);
        const Vector gradient = Passing<kRelu>(own, value, LoadAs<Vector>(dy + at), k);
        Store(own.scale[k] * (gradient - offsets[k] - (value - own.mean[k]) * slopes[k]), dx + at);
      }
    }
  });
}

}  // namespace

const BatchNormKernels kBatchNorm{.moments = Moments,
                                  .normalize = Normalize<false>,
                                  .gradient_sums = GradientSums<false>,
                                  .normalize_back = NormalizeBack<false>};
const BatchNormKernels kBatchNormRelu{.moments = Moments,
                                      .normalize = Normalize<true>,
                                      .gradient_sums = GradientSums<true>,
                                      .normalize_back = NormalizeBack<true>};

}  // namespace lockstep::LOCKSTEP_INSTRUCTION_SET
