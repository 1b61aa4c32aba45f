#include "trainer/tensor/kernels/tables.h"

namespace lockstep::LOCKSTEP_INSTRUCTION_SET {

const Kernels kKernels{.winograd_3x3 = &kWinograd3x3,
                       .winograd_5x5 = &kWinograd5x5,
                       .direct = &kDirect,
                       .tail = &kTail,
                       .dense_windows = &kDenseWindows,
                       .grouped_windows = &kGroupedWindows,
                       .batch_norm = &kBatchNorm,
                       .batch_norm_relu = &kBatchNormRelu};

}  // namespace lockstep::LOCKSTEP_INSTRUCTION_SET
