#include "trainer/tensor/blas.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "trainer/base/random.h"

namespace lockstep {
namespace {

constexpr float kNan = std::numeric_limits<float>::quiet_NaN();

// rows x columns, with rows `stride` apart and NaN in between.
std::vector<float> RandomMatrix(int rows, int columns, int stride, RandomStream& stream) {
  std::vector<float> matrix(static_cast<size_t>(rows) * stride, kNan);
  for (int row = 0; row < rows; ++row) {
    for (int column = 0; column < columns; ++column) {
      matrix[row * stride + column] = stream.Normal();
    }
  }
  return matrix;
}

float Element(const GemmOperand& operand, int row, int column) {
  return operand.op == Op::kNone ? operand.data[row * operand.stride + column]
                                 : operand.data[column * operand.stride + row];
}

struct GemmCase {
  int m;
  int n;
  int k;
  Op a;
  Op b;
  float beta;
};

// Against sums in double precision; what lies between the rows of c must stay.
void ExpectProduct(const GemmCase& size) {
  constexpr int kGap = 3;
  RandomStream stream(1, {.purpose = Purpose::kAugment});
  const auto [m, n, k, op_a, op_b, beta] = size;
  const int a_columns = op_a == Op::kNone ? k : m;
  const int b_columns = op_b == Op::kNone ? n : k;
  const std::vector<float> a =
      RandomMatrix(op_a == Op::kNone ? m : k, a_columns, a_columns + kGap, stream);
  const std::vector<float> b =
      RandomMatrix(op_b == Op::kNone ? k : n, b_columns, b_columns + kGap, stream);
  const int c_stride = n + kGap;
  const std::vector<float> before =
      beta == 0 ? std::vector<float>(m * c_stride, kNan) : RandomMatrix(m, n, c_stride, stream);
  std::vector<float> c = before;
  const GemmOperand left{a.data(), a_columns + kGap, op_a};
  const GemmOperand right{b.data(), b_columns + kGap, op_b};
  Gemm(m, n, k, left, right, beta, c.data(), c_stride);
  for (int row = 0; row < m; ++row) {
    for (int column = 0; column < n; ++column) {
      double sum = beta == 0 ? 0 : double{beta} * before[row * c_stride + column];
      for (int i = 0; i < k; ++i) {
        sum += double{Element(left, row, i)} * Element(right, i, column);
      }
      EXPECT_NEAR(c[row * c_stride + column], sum, 1e-5 * k) << row << ", " << column;
    }
    for (int gap = n; gap < c_stride; ++gap) {
      EXPECT_TRUE(std::isnan(c[row * c_stride + gap])) << "wrote between rows";
    }
  }
}

TEST(Gemm, IsTheProductForAnyTranspositionAndStride) {
  UseOneBlasThread();
  for (const Op a : {Op::kNone, Op::kTranspose}) {
    for (const Op b : {Op::kNone, Op::kTranspose}) {
      for (const float beta : {0.0F, 1.0F, 0.5F}) {
        SCOPED_TRACE(fmt::format("{}{} beta {}", int(a), int(b), beta));
        ExpectProduct({.m = 1, .n = 1, .k = 1, .a = a, .b = b, .beta = beta});
        ExpectProduct({.m = 5, .n = 17, .k = 33, .a = a, .b = b, .beta = beta});
        ExpectProduct({.m = 64, .n = 1, .k = 7, .a = a, .b = b, .beta = beta});
      }
    }
  }
}

TEST(Gemm, BitsDoNotDependOnTheAlignment) {
  UseOneBlasThread();
  constexpr int kM = 13;
  constexpr int kN = 21;
  constexpr int kK = 50;
  RandomStream stream(2, {.purpose = Purpose::kAugment});
  const std::vector<float> a = RandomMatrix(kM, kK, kK, stream);
  const std::vector<float> b = RandomMatrix(kK, kN, kN, stream);
  std::vector<float> expected(kM * kN);
  Gemm(kM, kN, kK, {a.data(), kK}, {b.data(), kN}, 0, expected.data(), kN);
  for (int shift = 1; shift < 16; ++shift) {
    std::vector<float> moved_a(shift, 0.0F);
    moved_a.insert(moved_a.end(), a.begin(), a.end());
    std::vector<float> moved_b(16 - shift, 0.0F);
    moved_b.insert(moved_b.end(), b.begin(), b.end());
    std::vector<float> c(kM * kN);
    Gemm(kM, kN, kK, {moved_a.data() + shift, kK}, {moved_b.data() + 16 - shift, kN}, 0, c.data(),
         kN);
    EXPECT_EQ(c, expected) << "shifted by " << shift;
  }
}

TEST(BlasBuild, NamesTheLibraryAndTheCpu) {
  const BlasBuild build = GetBlasBuild();
  EXPECT_NE(build.config.find("OpenBLAS"), std::string::npos) << build.config;
  EXPECT_FALSE(build.core.empty());
}

}  // namespace
}  // namespace lockstep
