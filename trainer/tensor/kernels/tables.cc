#include "trainer/tensor/kernels/tables.h"

namespace lockstep::LOCKSTEP_INSTRUCTION_SET {

const Kernels kKernels{.winograd = {&kWinograd3And3, &kWinograd4And3, &kWinograd5And3,
                                    &kWinograd6And3, &kWinograd4And5},
                       .direct = &kDirect,
                       .planes = &kPlanes,
                       .tail = &kTail,
                       .dense_windows = &kDenseWindows,
                       .grouped_windows = &kGroupedWindows,
                       .batch_norm = &kBatchNorm,
                       .batch_norm_relu = &kBatchNormRelu};

}  // namespace lockstep::LOCKSTEP_INSTRUCTION_SET
