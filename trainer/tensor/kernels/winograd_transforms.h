#pragma once

#include "trainer/tensor/kernels/vectors.h"

// The one-dimensional transforms of Winograd's minimal filtering F(m, r) (Lavin and Gray 2016,
// section 4.1), made from Lagrange interpolation as Toom and Cook did. A tile of m + r - 1 numbers
// corresponds to a polynomial's values at as many points. In the paper's names:
//
//   output = A^T [(G filter) * (B^T data)]
//
// and the gradients go back through the transposed transforms. Points come in pairs +p and -p, for
// the sum and the difference of the values there separate even from odd powers, which halves the
// work.

namespace lockstep::LOCKSTEP_INSTRUCTION_SET {

// A tile's points: the first of these, as many as it has numbers but one, and infinity. So a tile
// of an odd size has one that is without its negative: the single one.
constexpr double kWinogradPoints[] = {0, 1, -1, 2, -2, 0.5, -0.5};
constexpr int kMostPoints = 7;

// The number of a pair's positive point, which the negative one follows.
constexpr int OfPair(int pair) { return 1 + 2 * pair; }

// Numbers for each point, or pair of points.
struct WinogradTable {
  float of[kMostPoints][kMostPoints];
};

// Of every point: its powers.
constexpr WinogradTable MakePowers() {
  WinogradTable table{};
  for (int point = 0; point < kMostPoints; ++point) {
    double power = 1;
    for (int exponent = 0; exponent < kMostPoints; ++exponent) {
      table.of[point][exponent] = static_cast<float>(power);
      power *= kWinogradPoints[point];
    }
  }
  return table;
}

// Of every pair: the coefficients, from that of 1 on, of the product of x - p^2 over all other
// pairs. In the row after the last pair's: over all pairs.
constexpr WinogradTable MakeProducts(int pairs) {
  WinogradTable table{};
  for (int excluded = 0; excluded <= pairs; ++excluded) {
    float* const product = table.of[excluded];
    product[0] = 1;
    for (int pair = 0; pair < pairs; ++pair) {
      if (pair == excluded) {
        continue;
      }
      const double p = kWinogradPoints[OfPair(pair)];
      for (int j = pairs; j >= 0; --j) {
        product[j] = (j > 0 ? product[j - 1] : 0) - static_cast<float>(p * p) * product[j];
      }
    }
  }
  return table;
}

// Of every point: one over what its Lagrange polynomial has to be divided by.
struct WinogradScales {
  float of[kMostPoints];
};
constexpr WinogradScales MakeScales(int points) {
  WinogradScales scales{};
  for (int point = 0; point < points; ++point) {
    double denominator = 1;
    for (int other = 0; other < points; ++other) {
      denominator *= other == point ? 1 : kWinogradPoints[point] - kWinogradPoints[other];
    }
    scales.of[point] = static_cast<float>(1 / denominator);
  }
  return scales;
}

constexpr WinogradTable kPowers = MakePowers();

// Of a tile with kTile numbers.
template <int kTile>
struct WinogradPoints {
  static_assert(kTile >= 4 && kTile <= kMostPoints + 1);
  static constexpr int kPairs = (kTile - 2) / 2;
  static constexpr bool kHasSingle = kTile % 2 != 0;
  static constexpr int kSingle = kTile - 2;  // its number among the points
  static constexpr WinogradTable kProducts = MakeProducts(kPairs);
  static constexpr WinogradScales kScales = MakeScales(kTile - 1);
};

// A: the values at the tile's points of the polynomial with the given coefficients; at infinity,
// the highest coefficient.
template <int kTile, int kCoefficients>
LOCKSTEP_INLINE void OutputToTile(const Floats* coefficients, Floats* tile) {
  using Points = WinogradPoints<kTile>;
  tile[0] = coefficients[0];
#pragma GCC unroll 4
  for (int pair = 0; pair < Points::kPairs; ++pair) {
    const float* const powers = kPowers.of[OfPair(pair)];
    Floats even = coefficients[0];
    Floats odd = coefficients[1] * powers[1];
#pragma GCC unroll 8
    for (int j = 2; j < kCoefficients; ++j) {
      (j % 2 == 0 ? even : odd) += coefficients[j] * powers[j];
    }
    tile[OfPair(pair)] = even + odd;
    tile[OfPair(pair) + 1] = even - odd;
  }
  if constexpr (Points::kHasSingle) {
    Floats sum = coefficients[0];
#pragma GCC unroll 8
    for (int j = 1; j < kCoefficients; ++j) {
      sum += coefficients[j] * kPowers.of[Points::kSingle][j];
    }
    tile[kTile - 2] = sum;
  }
  tile[kTile - 1] = coefficients[kCoefficients - 1];
}

// A^T: a tile to kOutputs outputs, what each coefficient has given to the values at the points.
template <int kTile, int kOutputs>
LOCKSTEP_INLINE void TileToOutput(const Floats* tile, Floats* output) {
  using Points = WinogradPoints<kTile>;
  Floats even[Points::kPairs];
  Floats odd[Points::kPairs];
#pragma GCC unroll 4
  for (int pair = 0; pair < Points::kPairs; ++pair) {
    even[pair] = tile[OfPair(pair)] + tile[OfPair(pair) + 1];
    odd[pair] = tile[OfPair(pair)] - tile[OfPair(pair) + 1];
  }
#pragma GCC unroll 8
  for (int j = 0; j < kOutputs; ++j) {
    const Floats* const parts = j % 2 == 0 ? even : odd;
    output[j] = parts[0] * kPowers.of[OfPair(0)][j];
#pragma GCC unroll 4
    for (int pair = 1; pair < Points::kPairs; ++pair) {
      output[j] += parts[pair] * kPowers.of[OfPair(pair)][j];
    }
    if constexpr (Points::kHasSingle) {
      output[j] += tile[kTile - 2] * kPowers.of[Points::kSingle][j];
    }
  }
  output[0] += tile[0];
  output[kOutputs - 1] += tile[kTile - 1];
}

// G: a filter of kFilter numbers to a tile.
template <int kTile, int kFilter>
LOCKSTEP_INLINE void FilterToTile(const Floats* filter, Floats* tile) {
  OutputToTile<kTile, kFilter>(filter, tile);
#pragma GCC unroll 8
  for (int point = 0; point < kTile - 1; ++point) {
    tile[point] *= WinogradPoints<kTile>::kScales.of[point];
  }
}

// G^T.
template <int kTile, int kFilter>
LOCKSTEP_INLINE void TileToFilter(const Floats* tile, Floats* filter) {
  Floats scaled[kTile];
#pragma GCC unroll 8
  for (int point = 0; point < kTile - 1; ++point) {
    scaled[point] = tile[point] * WinogradPoints<kTile>::kScales.of[point];
  }
  scaled[kTile - 1] = tile[kTile - 1];
  TileToOutput<kTile, kFilter>(scaled, filter);
}

// factor * sum_j product[j] * numbers[2 j]
template <int kCount>
LOCKSTEP_INLINE Floats DotEverySecond(const float* product, float factor, const Floats* numbers) {
  Floats sum = numbers[2 * (kCount - 1)] * (factor * product[kCount - 1]);
#pragma GCC unroll 4
  for (int j = kCount - 2; j >= 0; --j) {
    sum += numbers[2 * j] * (factor * product[j]);
  }
  return sum;
}

// B^T: kTile numbers of data to a tile. A point's row has the coefficients of the product of
// (x - q) over all other finite points q; the one of infinity, over all finite points.
template <int kTile>
LOCKSTEP_INLINE void DataToTile(const Floats* data, Floats* tile) {
  using Points = WinogradPoints<kTile>;
  constexpr int kPairs = Points::kPairs;
  constexpr const float* all = Points::kProducts.of[kPairs];
  if constexpr (Points::kHasSingle) {
    // All rows but its own have the factor x - kSingle. What is left of them is a smaller tile's.
    constexpr float single = kWinogradPoints[Points::kSingle];
    Floats reduced[kTile - 1];
#pragma GCC unroll 8
    for (int j = 0; j < kTile - 1; ++j) {
      reduced[j] = data[j + 1] - single * data[j];
    }
    DataToTile<kTile - 1>(reduced, tile);
    tile[kTile - 1] = tile[kTile - 2];
    tile[kTile - 2] = DotEverySecond<kPairs + 1>(all, 1, data + 1);
  } else {
    tile[0] = DotEverySecond<kPairs + 1>(all, 1, data);
    tile[kTile - 1] = DotEverySecond<kPairs + 1>(all, 1, data + 1);
#pragma GCC unroll 4
    for (int pair = 0; pair < kPairs; ++pair) {
      const float* const without = Points::kProducts.of[pair];
      const Floats even = DotEverySecond<kPairs>(without, 1, data + 2);
      const Floats odd = DotEverySecond<kPairs>(without, kPowers.of[OfPair(pair)][1], data + 1);
      tile[OfPair(pair)] = even + odd;
      tile[OfPair(pair) + 1] = even - odd;
    }
  }
}

// numbers[2 j] += factor * product[j] * value
template <int kCount>
LOCKSTEP_INLINE void AddProductToEverySecond(const float* product, float factor, Floats value,
                                             Floats* numbers) {
#pragma GCC unroll 4
  for (int j = 0; j < kCount; ++j) {
    numbers[2 * j] += value * (factor * product[j]);
  }
}

// B, DataToTile's transpose step by step.
template <int kTile>
LOCKSTEP_INLINE void TileToData(const Floats* tile, Floats* data) {
  using Points = WinogradPoints<kTile>;
  constexpr int kPairs = Points::kPairs;
  constexpr const float* all = Points::kProducts.of[kPairs];
  if constexpr (Points::kHasSingle) {
    constexpr float single = kWinogradPoints[Points::kSingle];
    Floats others[kTile - 1];
#pragma GCC unroll 8
    for (int point = 0; point < kTile - 2; ++point) {
      others[point] = tile[point];
    }
    others[kTile - 2] = tile[kTile - 1];
    Floats reduced[kTile - 1];
    TileToData<kTile - 1>(others, reduced);
    data[0] = reduced[0] * -single;
#pragma GCC unroll 8
    for (int j = 1; j < kTile - 1; ++j) {
      data[j] = reduced[j - 1] - single * reduced[j];
    }
    data[kTile - 1] = reduced[kTile - 2];
    AddProductToEverySecond<kPairs + 1>(all, 1, tile[kTile - 2], data + 1);
  } else {
#pragma GCC unroll 4
    for (int j = 0; j <= kPairs; ++j) {
      data[2 * j] = tile[0] * all[j];
      data[2 * j + 1] = tile[kTile - 1] * all[j];
    }
#pragma GCC unroll 4
    for (int pair = 0; pair < kPairs; ++pair) {
      const float* const without = Points::kProducts.of[pair];
      const Floats even = tile[OfPair(pair)] + tile[OfPair(pair) + 1];
      const Floats odd = tile[OfPair(pair)] - tile[OfPair(pair) + 1];
      AddProductToEverySecond<kPairs>(without, 1, even, data + 2);
      AddProductToEverySecond<kPairs>(without, kPowers.of[OfPair(pair)][1], odd, data + 1);
    }
  }
}

}  // namespace lockstep::LOCKSTEP_INSTRUCTION_SET
