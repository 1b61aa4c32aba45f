#pragma once

#include <cstdint>
#include <span>

#include "trainer/tensor/shape.h"

namespace lockstep {

// A view of `batch` samples that lie one behind the other, each as H x W x C (NHWC). Does not own.
template <typename T>
struct BasicTensor {
  T* data = nullptr;
  int batch = 0;
  Shape shape;

  int64_t size() const { return batch * shape.size(); }
  std::span<T> values() const { return {data, static_cast<size_t>(size())}; }
  T* sample(int index) const { return data + index * shape.size(); }
  // `count` of the samples; nothing of nothing.
  BasicTensor samples(int first, int count) const {
    return {data == nullptr ? nullptr : sample(first), count, shape};
  }
  explicit operator bool() const { return data != nullptr; }
  // A view that can be written can be read.
  operator BasicTensor<const T>() const { return {data, batch, shape}; }  // NOLINT
};

using Tensor = BasicTensor<float>;
using ConstTensor = BasicTensor<const float>;

}  // namespace lockstep
