#pragma once

#include <string>

namespace lockstep {

enum class Op { kNone, kTranspose };

// A matrix in row-major order whose rows start `stride` numbers apart; `op` says whether the
// product takes it as it lies or transposed.
struct GemmOperand {
  const float* data;
  int stride;
  Op op = Op::kNone;
};

// c = op(a) * op(b) + beta * c, where op(a) is m x k, op(b) is k x n and c is m x n with rows
// `c_stride` apart.
//
// The bits of c depend on m, n, k, the ops and the CPU type, and on nothing else: not on the
// alignment, and not on what other threads do. They do change with m alone (OpenBLAS picks another
// kernel), so callers must derive m, n and k from the microbatch's shape, never from the rank
// count.
void Gemm(int m, int n, int k, GemmOperand a, GemmOperand b, float beta, float* c, int c_stride);

// Makes OpenBLAS work on the calling thread alone. Call once before the first Gemm; the weights of
// a run depend on it.
void UseOneBlasThread();

// What the checkpoint records, because the bits of Gemm depend on it.
struct BlasBuild {
  std::string config;  // OpenBLAS version and build options
  std::string core;    // the CPU type whose kernels OpenBLAS picked
};
BlasBuild GetBlasBuild();

}  // namespace lockstep
