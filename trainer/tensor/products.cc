#include "trainer/tensor/products.h"

#include <xmmintrin.h>

#include <algorithm>

#include "trainer/base/divide.h"

namespace lockstep {
namespace {

// A thinner small product is slower than a packed one.
constexpr int64_t kFewestRows = 32;
constexpr int64_t kFewestFeatures = 16;
constexpr int64_t kMostRows = 4096;

// Rows of each piece but the last, for pieces of rows x n x k multiply-adds.
int64_t RowsInPiece(int64_t rows, int64_t n, int64_t k) {
  int64_t most = kSmallProduct / (n * k);
  if (most < kFewestRows) {
    most = kMostRows;
  }
  most = std::min(most, kMostRows);
  return DivideUp(rows, DivideUp(rows, most));
}

// Features of each piece but the last: all where pieces would be too thin.
int64_t FeaturesInPiece(int64_t features, int64_t rows, int64_t n) {
  const int64_t most = kSmallProduct / (rows * n);
  return most < kFewestFeatures ? features : DivideUp(features, DivideUp(features, most));
}

// A square of as many rows and columns as a register has lanes, from rows that start `in_stride`
// numbers apart to rows `out_stride` apart.
constexpr int64_t kLanes = 4;
void TransposeSquare(const float* in, int64_t in_stride, float* out, int64_t out_stride) {
  __m128 a = _mm_loadu_ps(in);
  __m128 b = _mm_loadu_ps(in + in_stride);
  __m128 c = _mm_loadu_ps(in + 2 * in_stride);
  __m128 d = _mm_loadu_ps(in + 3 * in_stride);
  _MM_TRANSPOSE4_PS(a, b, c, d);
  _mm_storeu_ps(out, a);
  _mm_storeu_ps(out + out_stride, b);
  _mm_storeu_ps(out + 2 * out_stride, c);
  _mm_storeu_ps(out + 3 * out_stride, d);
}

}  // namespace

void MultiplyRows(int64_t rows, int n, int k, ConstMatrix a, ConstMatrix b, float beta, Matrix c) {
  const int64_t piece = RowsInPiece(rows, n, k);
  for (int64_t row = 0; row < rows; row += piece) {
    Gemm(static_cast<int>(std::min(piece, rows - row)), n, k, {a.data + row * a.stride, a.stride},
         {b.data, b.stride}, beta, c.data + row * c.stride, c.stride);
  }
}

void AccumulateRows(int64_t rows, int m, int n, ConstMatrix a, ConstMatrix b, Matrix c) {
  const int64_t piece = RowsInPiece(rows, m, n);
  for (int64_t row = 0; row < rows; row += piece) {
    Gemm(m, n, static_cast<int>(std::min(piece, rows - row)),
         {a.data + row * a.stride, a.stride, Op::kTranspose}, {b.data + row * b.stride, b.stride},
         1, c.data, c.stride);
  }
}

void MultiplyFeatures(int rows, int n, int64_t features, ConstMatrix a, ConstMatrix b, Matrix c) {
  const int64_t piece = FeaturesInPiece(features, rows, n);
  for (int64_t first = 0; first < features; first += piece) {
    Gemm(rows, n, static_cast<int>(std::min(piece, features - first)), {a.data + first, a.stride},
         {b.data + first * b.stride, b.stride}, first == 0 ? 0 : 1, c.data, c.stride);
  }
}

void AccumulateFeatures(int rows, int64_t features, int n, ConstMatrix a, ConstMatrix b, Matrix c) {
  const int64_t piece = FeaturesInPiece(features, rows, n);
  for (int64_t first = 0; first < features; first += piece) {
    Gemm(static_cast<int>(std::min(piece, features - first)), n, rows,
         {a.data + first, a.stride, Op::kTranspose}, {b.data, b.stride}, 1,
         c.data + first * c.stride, c.stride);
  }
}

void CopyRows(int64_t rows, int columns, ConstMatrix from, Matrix to) {
  if (from.stride == columns && to.stride == columns) {
    std::copy_n(from.data, rows * columns, to.data);
    return;
  }
  for (int64_t row = 0; row < rows; ++row) {
    std::copy_n(from.data + row * from.stride, columns, to.data + row * to.stride);
  }
}

void Transpose(const float* in, int64_t rows, int64_t columns, float* out) {
  // Squares that fit into registers, in tiles, so that both sides stay in the nearest cache.
  constexpr int64_t kTile = 16;
  const int64_t whole_rows = rows - rows % kLanes;
  const int64_t whole_columns = columns - columns % kLanes;
  for (int64_t row = 0; row < whole_rows; row += kTile) {
    const int64_t row_end = std::min(row + kTile, whole_rows);
    for (int64_t column = 0; column < whole_columns; column += kTile) {
      const int64_t column_end = std::min(column + kTile, whole_columns);
      for (int64_t c = column; c < column_end; c += kLanes) {
        for (int64_t r = row; r < row_end; r += kLanes) {
          TransposeSquare(in + r * columns + c, columns, out + c * rows + r, rows);
        }
      }
    }
  }
  for (int64_t r = 0; r < rows; ++r) {
    for (int64_t c = r < whole_rows ? whole_columns : 0; c < columns; ++c) {
      out[c * rows + r] = in[r * columns + c];
    }
  }
}

}  // namespace lockstep
