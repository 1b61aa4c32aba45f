#include "trainer/tensor/blas.h"

#include <cblas.h>

namespace lockstep {
namespace {

CBLAS_TRANSPOSE ToCblas(Op op) { return op == Op::kNone ? CblasNoTrans : CblasTrans; }

}  // namespace

void Gemm(int m, int n, int k, GemmOperand a, GemmOperand b, float beta, float* c, int c_stride) {
  cblas_sgemm(CblasRowMajor, ToCblas(a.op), ToCblas(b.op), m, n, k, 1.0F, a.data, a.stride, b.data,
              b.stride, beta, c, c_stride);
}

void UseOneBlasThread() { openblas_set_num_threads(1); }

BlasBuild GetBlasBuild() {
  return {.config = openblas_get_config(), .core = openblas_get_corename()};
}

}  // namespace lockstep
