#pragma once

#include "trainer/tensor/kernels/vectors.h"

// The one-dimensional transforms of Winograd's minimal filtering F(m, r) (Lavin and Gray 2016,
// section 4.1), made from Lagrange interpolation as Toom and Cook did. A tile of m + r - 1 numbers
// corresponds to the polynomial's values at the points 0, pairs +p and -p, and infinity. In the
// paper's names:
//
//   output = A^T [(G filter) * (B^T data)]
//
// and the gradients go back through the transposed transforms. Sums and differences of the values
// at +p and -p separate even from odd powers, which halves the work.

namespace lockstep::LOCKSTEP_INSTRUCTION_SET {

// The points of a tile, by the tile's size: `point` and, for G, one over the Lagrange polynomial's
// denominator at the point and at 0.
template <int kTile>
struct WinogradPoints;

template <>
struct WinogradPoints<6> {  // 0, +-1, +-2, infinity
  static constexpr int kPairs = 2;
  static constexpr float kPoint[kPairs] = {1, 2};
  static constexpr float kScale[kPairs] = {-1.0F / 6, 1.0F / 24};
  static constexpr float kScaleAtZero = 1.0F / 4;
};

template <>
struct WinogradPoints<8> {  // 0, +-1, +-2, +-1/2, infinity
  static constexpr int kPairs = 3;
  static constexpr float kPoint[kPairs] = {1, 2, 0.5F};
  static constexpr float kScale[kPairs] = {-2.0F / 9, 1.0F / 90, 32.0F / 45};
  static constexpr float kScaleAtZero = 1;
};

constexpr float Power(float base, int exponent) {
  float power = 1;
  for (; exponent > 0; --exponent) {
    power *= base;
  }
  return power;
}

// The values at a pair of points of the polynomial with the given coefficients, times `scale`.
template <int kTile, int kCoefficients>
LOCKSTEP_INLINE void EvaluateAtPair(const Floats* coefficients, int pair, float scale,
                                    Floats* at_plus, Floats* at_minus) {
  const float p = WinogradPoints<kTile>::kPoint[pair];
  Floats even = coefficients[0] * scale;
  Floats odd = coefficients[1] * (scale * p);
#pragma GCC unroll 8
  for (int j = 2; j < kCoefficients; ++j) {
    const Floats term = coefficients[j] * (scale * Power(p, j));
    if (j % 2 == 0) {
      even += term;
    } else {
      odd += term;
    }
  }
  *at_plus = even + odd;
  *at_minus = even - odd;
}

// The transpose: what each coefficient has given to the values at all points but infinity.
template <int kTile>
LOCKSTEP_INLINE Floats CollectCoefficient(const Floats* even, const Floats* odd, int j) {
  Floats sum = j % 2 == 0 ? even[0] : odd[0];
#pragma GCC unroll 4
  for (int pair = 1; pair < WinogradPoints<kTile>::kPairs; ++pair) {
    sum += (j % 2 == 0 ? even[pair] : odd[pair]) * Power(WinogradPoints<kTile>::kPoint[pair], j);
  }
  return sum;
}

// G: a filter of kFilter numbers to a tile.
template <int kTile, int kFilter>
LOCKSTEP_INLINE void FilterToTile(const Floats* filter, Floats* tile) {
  using Points = WinogradPoints<kTile>;
  tile[0] = filter[0] * Points::kScaleAtZero;
#pragma GCC unroll 4
  for (int pair = 0; pair < Points::kPairs; ++pair) {
    EvaluateAtPair<kTile, kFilter>(filter, pair, Points::kScale[pair], &tile[1 + 2 * pair],
                                   &tile[2 + 2 * pair]);
  }
  tile[kTile - 1] = filter[kFilter - 1];
}

// G^T.
template <int kTile, int kFilter>
LOCKSTEP_INLINE void TileToFilter(const Floats* tile, Floats* filter) {
  using Points = WinogradPoints<kTile>;
  Floats even[Points::kPairs];
  Floats odd[Points::kPairs];
#pragma GCC unroll 4
  for (int pair = 0; pair < Points::kPairs; ++pair) {
    even[pair] = (tile[1 + 2 * pair] + tile[2 + 2 * pair]) * Points::kScale[pair];
    odd[pair] = (tile[1 + 2 * pair] - tile[2 + 2 * pair]) * Points::kScale[pair];
  }
#pragma GCC unroll 8
  for (int j = 0; j < kFilter; ++j) {
    filter[j] = CollectCoefficient<kTile>(even, odd, j);
  }
  filter[0] += tile[0] * Points::kScaleAtZero;
  filter[kFilter - 1] += tile[kTile - 1];
}

// A^T: a tile to kOutput outputs.
template <int kTile, int kOutput>
LOCKSTEP_INLINE void TileToOutput(const Floats* tile, Floats* output) {
  using Points = WinogradPoints<kTile>;
  Floats even[Points::kPairs];
  Floats odd[Points::kPairs];
#pragma GCC unroll 4
  for (int pair = 0; pair < Points::kPairs; ++pair) {
    even[pair] = tile[1 + 2 * pair] + tile[2 + 2 * pair];
    odd[pair] = tile[1 + 2 * pair] - tile[2 + 2 * pair];
  }
#pragma GCC unroll 8
  for (int j = 0; j < kOutput; ++j) {
    output[j] = CollectCoefficient<kTile>(even, odd, j);
  }
  output[0] += tile[0];
  output[kOutput - 1] += tile[kTile - 1];
}

// A.
template <int kTile, int kOutput>
LOCKSTEP_INLINE void OutputToTile(const Floats* output, Floats* tile) {
  tile[0] = output[0];
#pragma GCC unroll 4
  for (int pair = 0; pair < WinogradPoints<kTile>::kPairs; ++pair) {
    EvaluateAtPair<kTile, kOutput>(output, pair, 1, &tile[1 + 2 * pair], &tile[2 + 2 * pair]);
  }
  tile[kTile - 1] = output[kOutput - 1];
}

// B^T: kTile numbers of data to a tile. Coefficients of products of (x - point).
template <int kTile>
LOCKSTEP_INLINE void DataToTile(const Floats* d, Floats* tile);

template <>
LOCKSTEP_INLINE void DataToTile<6>(const Floats* d, Floats* tile) {
  tile[0] = 4 * d[0] - 5 * d[2] + d[4];
  tile[5] = 4 * d[1] - 5 * d[3] + d[5];
  Floats even = d[4] - 4 * d[2];
  Floats odd = d[3] - 4 * d[1];
  tile[1] = even + odd;
  tile[2] = even - odd;
  even = d[4] - d[2];
  odd = 2 * (d[3] - d[1]);
  tile[3] = even + odd;
  tile[4] = even - odd;
}

template <>
LOCKSTEP_INLINE void DataToTile<8>(const Floats* d, Floats* tile) {
  tile[0] = d[0] - d[6] + 5.25F * (d[4] - d[2]);
  tile[7] = d[7] - d[1] + 5.25F * (d[3] - d[5]);
  Floats even = d[2] - 4.25F * d[4] + d[6];
  Floats odd = d[1] - 4.25F * d[3] + d[5];
  tile[1] = even + odd;
  tile[2] = even - odd;
  even = 0.25F * d[2] - 1.25F * d[4] + d[6];
  odd = 0.5F * d[1] - 2.5F * d[3] + 2 * d[5];
  tile[3] = even + odd;
  tile[4] = even - odd;
  even = 4 * d[2] - 5 * d[4] + d[6];
  odd = 2 * d[1] - 2.5F * d[3] + 0.5F * d[5];
  tile[5] = even + odd;
  tile[6] = even - odd;
}

// B.
template <int kTile>
LOCKSTEP_INLINE void TileToData(const Floats* tile, Floats* d);

template <>
LOCKSTEP_INLINE void TileToData<6>(const Floats* tile, Floats* d) {
  const Floats even1 = tile[1] + tile[2];
  const Floats odd1 = tile[1] - tile[2];
  const Floats even2 = tile[3] + tile[4];
  const Floats odd2 = 2 * (tile[3] - tile[4]);
  d[0] = 4 * tile[0];
  d[1] = 4 * tile[5] - 4 * odd1 - odd2;
  d[2] = -5 * tile[0] - 4 * even1 - even2;
  d[3] = odd1 + odd2 - 5 * tile[5];
  d[4] = tile[0] + even1 + even2;
  d[5] = tile[5];
}

template <>
LOCKSTEP_INLINE void TileToData<8>(const Floats* tile, Floats* d) {
  const Floats even1 = tile[1] + tile[2];
  const Floats odd1 = tile[1] - tile[2];
  const Floats even2 = tile[3] + tile[4];
  const Floats odd2 = tile[3] - tile[4];
  const Floats even3 = tile[5] + tile[6];
  const Floats odd3 = tile[5] - tile[6];
  d[0] = tile[0];
  d[1] = -tile[7] + odd1 + 0.5F * odd2 + 2 * odd3;
  d[2] = -5.25F * tile[0] + even1 + 0.25F * even2 + 4 * even3;
  d[3] = 5.25F * tile[7] - 4.25F * odd1 - 2.5F * odd2 - 2.5F * odd3;
  d[4] = 5.25F * tile[0] - 4.25F * even1 - 1.25F * even2 - 5 * even3;
  d[5] = -5.25F * tile[7] + odd1 + 2 * odd2 + 0.5F * odd3;
  d[6] = -tile[0] + even1 + even2 + even3;
  d[7] = tile[7];
}

}  // namespace lockstep::LOCKSTEP_INSTRUCTION_SET
