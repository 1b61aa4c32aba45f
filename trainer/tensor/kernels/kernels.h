#pragma once

#include "trainer/tensor/kernels/batch_norm.h"
#include "trainer/tensor/kernels/direct.h"
#include "trainer/tensor/kernels/planes.h"
#include "trainer/tensor/kernels/tail.h"
#include "trainer/tensor/kernels/windows.h"
#include "trainer/tensor/kernels/winograd.h"

namespace lockstep {

// Inner loops that are compiled once for each instruction set.
struct Kernels {
  // F(3x3, 3x3) to F(6x6, 3x3), and F(4x4, 5x5).
  const WinogradKernels* winograd[5];
  const DirectKernels* direct;
  const PlaneKernels* planes;
  const TailKernels* tail;
  const WindowKernels* dense_windows;
  const WindowKernels* grouped_windows;
  const BatchNormKernels* batch_norm;
  const BatchNormKernels* batch_norm_relu;
};

// Each in the objects compiled for its set.
namespace sse2 {
extern const Kernels kKernels;
}
namespace avx2 {
extern const Kernels kKernels;
}
namespace avx512 {
extern const Kernels kKernels;
}

// Those for ActiveInstructionSet().
const Kernels& ActiveKernels();

}  // namespace lockstep
