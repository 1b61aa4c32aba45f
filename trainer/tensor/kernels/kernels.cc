#include "trainer/tensor/kernels/kernels.h"

#include "trainer/tensor/kernels/instruction_set.h"

namespace lockstep {

const Kernels& ActiveKernels() {
  switch (ActiveInstructionSet()) {
    case InstructionSet::kAvx512:
      return avx512::kKernels;
    case InstructionSet::kAvx2:
      return avx2::kKernels;
    case InstructionSet::kSse2:
      break;
  }
  return sse2::kKernels;
}

}  // namespace lockstep
