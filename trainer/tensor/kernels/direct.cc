#include "trainer/tensor/kernels/direct.h"

#include "trainer/tensor/kernels/tables.h"
#include "trainer/tensor/kernels/vectors.h"

namespace lockstep::LOCKSTEP_INSTRUCTION_SET {
namespace {

// Positions side by side whose sums are kept in registers.
constexpr int kColumns = 14;
// Taps of the kernel whose gradients are, in at most kMostRows of its rows.
constexpr int kTaps = kLanes == 16 ? 15 : 14;
constexpr int kMostRows = 3;

// Calls visit<width>(first) for vectors that cover `room` numbers, the widest first.
template <typename Visit>
LOCKSTEP_INLINE void ForEachVector(int room, const Visit& visit) {
  int first = 0;
  for (; first + kLanes <= room; first += kLanes) {
    visit.template operator()<kLanes>(first);
  }
  if constexpr (kLanes > kDirectUnit) {
    for (; first < room; first += kDirectUnit) {
      visit.template operator()<kDirectUnit>(first);
    }
  }
}

// Calls visit(first, count) for as few pieces of at most `most` as cover `total`, of equal size but
// for one.
template <typename Visit>
LOCKSTEP_INLINE void ForEachPiece(int total, int most, const Visit& visit) {
  const int pieces = (total + most - 1) / most;
  for (int i = 0, first = 0; i < pieces; ++i) {
    const int count = total / pieces + (i < total % pieces ? 1 : 0);
    visit(first, count);
    first += count;
  }
}

// What is summed for a position: rows of numbers, each times a vector of weights.
struct Products {
  const float* numbers;  // of the first position
  int64_t column_stride;
  int rows;
  int row_size;
  int64_t row_stride;
  const float* weights;
  int64_t weight_stride;
  int64_t weight_row_stride;
};

// Vectors of consecutive positions.
struct Vectors {
  float* at;
  int64_t stride;
};

// sums = start + products, at kCount positions side by side.
template <int kWidth, int kCount, bool kDense>
void AddProducts(const Products& products, const float* start, int64_t start_stride,
                 const Vectors& sums) {
  FloatsOf<kWidth> sum[kCount];
#pragma GCC unroll 14
  for (int q = 0; q < kCount; ++q) {
    sum[q] = Load<kWidth>(start + q * start_stride);
  }
  const int64_t stride = kDense ? 1 : products.column_stride;
  for (int row = 0; row < products.rows; ++row) {
    // A pointer for every third position: one or two strides from it can be part of an instruction.
    const float* numbers[(kCount + 2) / 3];
#pragma GCC unroll 5
    for (int q = 0; q < kCount; q += 3) {
      numbers[q / 3] = products.numbers + row * products.row_stride + q * stride;
    }
    const float* weights = products.weights + row * products.weight_row_stride;
    for (int i = 0; i < products.row_size; ++i) {
      const FloatsOf<kWidth> weight = Load<kWidth>(weights);
#pragma GCC unroll 14
      for (int q = 0; q < kCount; ++q) {
        sum[q] += numbers[q / 3][q % 3 * stride] * weight;
      }
#pragma GCC unroll 5
      for (int q = 0; q < kCount; q += 3) {
        ++numbers[q / 3];
      }
      weights += products.weight_stride;
    }
  }
#pragma GCC unroll 14
  for (int q = 0; q < kCount; ++q) {
    Store(sum[q], sums.at + q * sums.stride);
  }
}

// AddProducts for a count known when the program runs, 1 to kCount.
template <int kWidth, int kCount = kColumns>
LOCKSTEP_INLINE void AddProductsAt(int count, const Products& products, const float* start,
                                   int64_t start_stride, const Vectors& sums) {
  if constexpr (kCount > 1) {
    if (count < kCount) {
      AddProductsAt<kWidth, kCount - 1>(count, products, start, start_stride, sums);
      return;
    }
  }
  if (products.column_stride == 1) {  // known to the compiler, it saves half of the instructions
    AddProducts<kWidth, kCount, true>(products, start, start_stride, sums);
  } else {
    AddProducts<kWidth, kCount, false>(products, start, start_stride, sums);
  }
}

void Forward(const DirectShape& shape, const DirectRows& rows, const float* frame,
             const float* weights, const float* bias, float* output) {
  const int row_size = shape.kernel_width * shape.channels;
  const int64_t frame_row = int64_t{shape.frame_width} * shape.channels;
  ForEachVector(shape.filter_room, [&]<int kWidth>(int filter) LOCKSTEP_INLINE_LAMBDA {
    for (int row = 0; row < rows.count; ++row) {
      const float* const windows = frame + (rows.first + row) * shape.stride_height * frame_row;
      float* const to = output + int64_t{row} * shape.output_width * shape.filter_room + filter;
      ForEachPiece(shape.output_width, kColumns, [&](int column, int count) LOCKSTEP_INLINE_LAMBDA {
        const int64_t column_stride = int64_t{shape.stride_width} * shape.channels;
        AddProductsAt<kWidth>(count,
                              {.numbers = windows + column * column_stride,
                               .column_stride = column_stride,
                               .rows = shape.kernel_height,
                               .row_size = row_size,
                               .row_stride = frame_row,
                               .weights = weights + filter,
                               .weight_stride = shape.filter_room,
                               .weight_row_stride = int64_t{row_size} * shape.filter_room},
                              bias + filter, 0,
                              {to + int64_t{column} * shape.filter_room, shape.filter_room});
      });
    }
  });
}

// A row of the frame gets something from those output rows whose windows reach it: each position of
// them gives a whole row of taps, which is added where the window lies.
void InputGradientRow(const DirectShape& shape, int row, const float* output_gradient,
                      const float* weights, float* input_gradient) {
  const int64_t size = int64_t{shape.frame_width} * shape.channels;
  for (int64_t i = 0; i < size; ++i) {
    input_gradient[i] = 0;
  }
  const int above = row - shape.kernel_height + 1;  // the first window that reaches the row
  const int first = above > 0 ? (above + shape.stride_height - 1) / shape.stride_height : 0;
  const int reaching = row / shape.stride_height;  // the last
  const int last = reaching < shape.output_height ? reaching : shape.output_height - 1;
  if (last < first) {
    return;
  }
  const int64_t gradient_row = int64_t{shape.output_width} * shape.filter_room;
  const int64_t weight_row = int64_t{shape.filters} * shape.row_tap_room;
  const int kernel_row = row - first * shape.stride_height;  // the row's place in the first window
  const int64_t column_stride = int64_t{shape.stride_width} * shape.channels;
  ForEachVector(shape.row_tap_room, [&]<int kWidth>(int tap) LOCKSTEP_INLINE_LAMBDA {
    ForEachPiece(shape.output_width, kColumns, [&](int column, int count) LOCKSTEP_INLINE_LAMBDA {
      const FloatsOf<kWidth> zeros{};
      float sums[kColumns * kWidth];
      AddProductsAt<kWidth>(
          count,
          {.numbers = output_gradient + first * gradient_row + column * shape.filter_room,
           .column_stride = shape.filter_room,
           .rows = last - first + 1,
           .row_size = shape.filters,
           .row_stride = gradient_row,
           .weights = weights + kernel_row * weight_row + tap,
           .weight_stride = shape.row_tap_room,
           .weight_row_stride = -shape.stride_height * weight_row},
          reinterpret_cast<const float*>(&zeros), 0, {sums, kWidth});
      float* const to = input_gradient + column * column_stride + tap;
      // Windows that do not overlap one after the other: what is being written is slow to read.
      const int apart = static_cast<int>((kWidth + column_stride - 1) / column_stride);
      for (int begin = 0; begin < apart; ++begin) {
        for (int q = begin; q < count; q += apart) {
          float* const window = to + q * column_stride;
          Store(Load<kWidth>(window) + Load<kWidth>(sums + q * kWidth), window);
        }
      }
    });
  });
}

// The gradients of kCount neighbouring taps in each of kRows rows of the kernel, for a vector of
// filters.
template <int kWidth, int kRows, int kCount>
void AddTapGradients(const DirectShape& shape, int rows, const float* frame,
                     const float* output_gradient, float* weight_gradient) {
  FloatsOf<kWidth> sums[kRows][kCount] = {};
  const int64_t frame_row = int64_t{shape.frame_width} * shape.channels;
  const int64_t column_stride = int64_t{shape.stride_width} * shape.channels;
  const float* gradient = output_gradient;
  for (int row = 0; row < rows; ++row) {
    const float* windows[kRows];
    for (int r = 0; r < kRows; ++r) {
      windows[r] = frame + (row * shape.stride_height + r) * frame_row;
    }
    for (int column = 0; column < shape.output_width; ++column) {
      const FloatsOf<kWidth> part = Load<kWidth>(gradient);
#pragma GCC unroll 3
      for (int r = 0; r < kRows; ++r) {
#pragma GCC unroll 15
        for (int t = 0; t < kCount; ++t) {
          sums[r][t] += windows[r][t] * part;
        }
        windows[r] += column_stride;
      }
      gradient += shape.filter_room;
    }
  }
  const int64_t weight_row = int64_t{shape.kernel_width} * shape.channels * shape.filter_room;
  for (int r = 0; r < kRows; ++r) {
    for (int t = 0; t < kCount; ++t) {
      float* const to = weight_gradient + r * weight_row + int64_t{t} * shape.filter_room;
      Store(Load<kWidth>(to) + sums[r][t], to);
    }
  }
}

// AddTapGradients for sizes known when the program runs, of at most kTaps taps together.
template <int kWidth, int kRows, int kCount = kTaps / kRows>
LOCKSTEP_INLINE void AddTapGradientsOf(int count, const DirectShape& shape, int rows,
                                       const float* frame, const float* output_gradient,
                                       float* weight_gradient) {
  if constexpr (kCount > 1) {
    if (count < kCount) {
      AddTapGradientsOf<kWidth, kRows, kCount - 1>(count, shape, rows, frame, output_gradient,
                                                   weight_gradient);
      return;
    }
  }
  AddTapGradients<kWidth, kRows, kCount>(shape, rows, frame, output_gradient, weight_gradient);
}
template <int kWidth, int kRows = kMostRows>
LOCKSTEP_INLINE void AddTapGradientsIn(int kernel_rows, int count, const DirectShape& shape,
                                       int rows, const float* frame, const float* output_gradient,
                                       float* weight_gradient) {
  if constexpr (kRows > 1) {
    if (kernel_rows < kRows) {
      AddTapGradientsIn<kWidth, kRows - 1>(kernel_rows, count, shape, rows, frame, output_gradient,
                                           weight_gradient);
      return;
    }
  }
  AddTapGradientsOf<kWidth, kRows>(count, shape, rows, frame, output_gradient, weight_gradient);
}

// As many of the kernel's rows at a time as keep enough sums going.
int RowsAtOnce(int taps) {
  int rows = 1;
  while (rows < kMostRows && (rows + 1) * taps <= kTaps) {
    ++rows;
  }
  return rows;
}

void AddWeightGradient(const DirectShape& shape, const DirectRows& rows, const float* frame,
                       const float* output_gradient, float* weight_gradient) {
  const int row_size = shape.kernel_width * shape.channels;
  const int64_t frame_row = int64_t{shape.frame_width} * shape.channels;
  const float* const windows = frame + int64_t{rows.first} * shape.stride_height * frame_row;
  ForEachVector(shape.filter_room, [&]<int kWidth>(int filter) LOCKSTEP_INLINE_LAMBDA {
    ForEachPiece(row_size, kTaps, [&](int tap, int count) LOCKSTEP_INLINE_LAMBDA {
      const int most = RowsAtOnce(count);
      for (int row = 0; row < shape.kernel_height; row += most) {
        const int left = shape.kernel_height - row;
        const int64_t weight = int64_t{row} * row_size + tap;
        AddTapGradientsIn<kWidth>(left < most ? left : most, count, shape, rows.count,
                                  windows + row * frame_row + tap, output_gradient + filter,
                                  weight_gradient + weight * shape.filter_room + filter);
      }
    });
  });
}

}  // namespace

const DirectKernels kDirect{.forward = Forward,
                            .add_weight_gradient = AddWeightGradient,
                            .input_gradient_row = InputGradientRow};

}  // namespace lockstep::LOCKSTEP_INSTRUCTION_SET
