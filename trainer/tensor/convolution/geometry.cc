#include "trainer/tensor/convolution/geometry.h"

#include <algorithm>

namespace lockstep {
namespace {

int WindowCount(int input, int kernel, int stride, int padding) {
  return (input + 2 * padding - kernel) / stride + 1;
}

int Unseen(int input, int kernel, int stride, int padding) {
  const int last_window = (WindowCount(input, kernel, stride, padding) - 1) * stride - padding;
  return std::max(0, input - (last_window + kernel));
}

}  // namespace

Shape ConvolutionGeometry::output() const {
  return {.channels = filters,
          .height = WindowCount(input.height, kernel_height, stride_height, padding_height),
          .width = WindowCount(input.width, kernel_width, stride_width, padding_width)};
}

int64_t ConvolutionGeometry::filter_weights() const {
  return int64_t{kernel_height} * kernel_width * group_channels();
}

int64_t ConvolutionGeometry::flops() const { return 2 * filter_weights() * output().size(); }

int ConvolutionGeometry::unseen_rows() const {
  return Unseen(input.height, kernel_height, stride_height, padding_height);
}

int ConvolutionGeometry::unseen_columns() const {
  return Unseen(input.width, kernel_width, stride_width, padding_width);
}

}  // namespace lockstep
