#include "trainer/tensor/products.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "trainer/base/random.h"

namespace lockstep {
namespace {

struct Sizes {
  int rows;
  int n;
  int k;
};

// Below, at and above where products are cut; a large product that is not cut into thin pieces; the
// most rows of one piece.
const std::vector<Sizes> kSizes = {{1, 1, 1},     {7, 3, 5},      {81, 64, 192}, {82, 64, 192},
                                   {500, 64, 64}, {40, 512, 600}, {5000, 3, 2},  {64, 120, 400}};

std::vector<float> RandomNumbers(int64_t size, uint32_t sample) {
  RandomStream stream(1, {.purpose = Purpose::kAugment, .sample = sample});
  std::vector<float> numbers(size);
  for (float& number : numbers) {
    number = stream.Uniform() - 0.5F;
  }
  return numbers;
}

// c must be before + a * b, in double precision. Some rows of each: the naive product is slow.
void ExpectProduct(const Sizes& sizes, double before, const std::vector<float>& a,
                   const std::vector<float>& b, const std::vector<float>& c) {
  const auto& [rows, n, k] = sizes;
  for (int row = 0; row < rows; row += 1 + rows / 20) {
    for (int column = 0; column < n; ++column) {
      double sum = before;
      for (int i = 0; i < k; ++i) {
        sum += double{a[int64_t{row} * k + i]} * b[int64_t{i} * n + column];
      }
      ASSERT_NEAR(c[int64_t{row} * n + column], sum, 1e-4) << rows << " " << n << " " << k;
    }
  }
}

// The same for before + transpose(a) * b, where a is rows x k.
void ExpectTransposedProduct(const Sizes& sizes, double before, const std::vector<float>& a,
                             const std::vector<float>& b, const std::vector<float>& c) {
  const auto& [rows, n, k] = sizes;
  for (int i = 0; i < k; i += 1 + k / 20) {
    for (int column = 0; column < n; ++column) {
      double sum = before;
      for (int row = 0; row < rows; ++row) {
        sum += double{a[int64_t{row} * k + i]} * b[int64_t{row} * n + column];
      }
      ASSERT_NEAR(c[int64_t{i} * n + column], sum, 1e-4) << rows << " " << n << " " << k;
    }
  }
}

TEST(Products, MultiplyRowsAddsTheProductToBetaTimesWhatWasThere) {
  for (const Sizes& sizes : kSizes) {
    const auto& [rows, n, k] = sizes;
    for (const float beta : {0.0F, 1.0F}) {
      const std::vector<float> a = RandomNumbers(int64_t{rows} * k, 1);
      const std::vector<float> b = RandomNumbers(int64_t{k} * n, 2);
      std::vector<float> c(int64_t{rows} * n, beta == 0 ? NAN : 100.0F);
      MultiplyRows(rows, n, k, {a.data(), k}, {b.data(), n}, beta, {c.data(), n});
      ExpectProduct(sizes, beta == 0 ? 0 : 100, a, b, c);
    }
  }
}

TEST(Products, AccumulateRowsAddsToWhatWasThere) {
  for (const Sizes& sizes : kSizes) {
    const auto& [rows, n, m] = sizes;
    const std::vector<float> a = RandomNumbers(int64_t{rows} * m, 3);
    const std::vector<float> b = RandomNumbers(int64_t{rows} * n, 4);
    std::vector<float> c(int64_t{m} * n, 10.0F);
    AccumulateRows(rows, m, n, {a.data(), m}, {b.data(), n}, {c.data(), n});
    ExpectTransposedProduct(sizes, 10, a, b, c);
  }
}

TEST(Products, MultiplyFeaturesOverwritesWithTheProduct) {
  for (const Sizes& sizes : kSizes) {
    const auto& [rows, n, features] = sizes;
    const std::vector<float> a = RandomNumbers(int64_t{rows} * features, 5);
    const std::vector<float> b = RandomNumbers(int64_t{features} * n, 6);
    std::vector<float> c(int64_t{rows} * n, NAN);
    MultiplyFeatures(rows, n, features, {a.data(), features}, {b.data(), n}, {c.data(), n});
    ExpectProduct(sizes, 0, a, b, c);
  }
}

TEST(Products, AccumulateFeaturesAddsToWhatWasThere) {
  for (const Sizes& sizes : kSizes) {
    const auto& [rows, n, features] = sizes;
    const std::vector<float> a = RandomNumbers(int64_t{rows} * features, 7);
    const std::vector<float> b = RandomNumbers(int64_t{rows} * n, 8);
    std::vector<float> c(int64_t{features} * n, 10.0F);
    AccumulateFeatures(rows, features, n, {a.data(), features}, {b.data(), n}, {c.data(), n});
    ExpectTransposedProduct(sizes, 10, a, b, c);
  }
}

TEST(Products, StridesLeaveNeighbouringColumnsAlone) {
  // The middle column of three, as groups use it.
  const std::vector<float> a = {9, 1, 9, 9, 2, 9};
  const std::vector<float> b = {3};
  std::vector<float> c = {7, 0, 7, 7, 0, 7};
  MultiplyRows(2, 1, 1, {a.data() + 1, 3}, {b.data(), 1}, 0, {c.data() + 1, 3});
  EXPECT_EQ(c, (std::vector<float>{7, 3, 7, 7, 6, 7}));
}

TEST(Products, CopyRowsCopiesDenseAndStridedRows) {
  const std::vector<float> from = {1, 2, 3, 4, 5, 6};
  std::vector<float> dense(6);
  CopyRows(2, 3, {from.data(), 3}, {dense.data(), 3});
  EXPECT_EQ(dense, from);
  std::vector<float> strided(6, 0.0F);
  CopyRows(2, 2, {from.data() + 1, 3}, {strided.data(), 3});
  EXPECT_EQ(strided, (std::vector<float>{2, 3, 0, 5, 6, 0}));
}

TEST(Products, TransposeReachesEveryElementOfOddSizes) {
  for (const auto& [rows, columns] :
       {std::pair{1, 1}, {3, 17}, {17, 3}, {16, 16}, {20, 24}, {33, 50}}) {
    std::vector<float> in(rows * columns);
    for (int i = 0; i < rows * columns; ++i) {
      in[i] = static_cast<float>(i);
    }
    std::vector<float> out(in.size(), -1.0F);
    Transpose(in.data(), rows, columns, out.data());
    for (int row = 0; row < rows; ++row) {
      for (int column = 0; column < columns; ++column) {
        ASSERT_EQ(out[column * rows + row], in[row * columns + column]);
      }
    }
  }
}

}  // namespace
}  // namespace lockstep
