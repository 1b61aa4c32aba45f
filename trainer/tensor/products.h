#pragma once

#include <cstdint>

#include "trainer/tensor/blas.h"

// Matrix products cut into pieces that OpenBLAS multiplies fastest. Where the cuts are depends on
// the sizes given alone.

namespace lockstep {

// Below this many multiply-adds OpenBLAS does without packing its operands, and is up to twice as
// fast on thin matrices.
constexpr int64_t kSmallProduct = 1'000'000;

// A row-major matrix whose rows start `stride` numbers apart.
struct ConstMatrix {
  const float* data;
  int stride;
};
struct Matrix {
  float* data;
  int stride;

  operator ConstMatrix() const { return {data, stride}; }  // NOLINT
};

// A tall matrix (a row for each position of an image) by a small one, cut along the tall side:
// c = a * b + beta * c; a is rows x k, b is k x n, c is rows x n.
void MultiplyRows(int64_t rows, int n, int k, ConstMatrix a, ConstMatrix b, float beta, Matrix c);
// c += transpose(a) * b; a is rows x m, b is rows x n, c is m x n.
void AccumulateRows(int64_t rows, int m, int n, ConstMatrix a, ConstMatrix b, Matrix c);

// A matrix of few rows (one for each sample) by a large one, cut along the samples' features:
// c = a * b; a is rows x features, b is features x n, c is rows x n.
void MultiplyFeatures(int rows, int n, int64_t features, ConstMatrix a, ConstMatrix b, Matrix c);
// c += transpose(a) * b; a is rows x features, b is rows x n, c is features x n.
void AccumulateFeatures(int rows, int64_t features, int n, ConstMatrix a, ConstMatrix b, Matrix c);

// to = from; both rows x columns.
void CopyRows(int64_t rows, int columns, ConstMatrix from, Matrix to);

// out = transpose(in); in is rows x columns and out columns x rows, both dense.
void Transpose(const float* in, int64_t rows, int64_t columns, float* out);

}  // namespace lockstep
