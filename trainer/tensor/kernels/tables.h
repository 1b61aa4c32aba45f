#pragma once

#include "trainer/tensor/kernels/kernels.h"

// The tables of the instruction set that is being compiled for, each defined beside its kernels.

namespace lockstep::LOCKSTEP_INSTRUCTION_SET {

extern const WinogradKernels kWinograd3And3;
extern const WinogradKernels kWinograd4And3;
extern const WinogradKernels kWinograd5And3;
extern const WinogradKernels kWinograd6And3;
extern const WinogradKernels kWinograd4And5;
extern const DirectKernels kDirect;
extern const PlaneKernels kPlanes;
extern const TailKernels kTail;
extern const WindowKernels kDenseWindows;
extern const WindowKernels kGroupedWindows;
extern const BatchNormKernels kBatchNorm;
extern const BatchNormKernels kBatchNormRelu;

}  // namespace lockstep::LOCKSTEP_INSTRUCTION_SET
