#pragma once

// Vectors of floats, as wide as the instruction set has them, for the sources that are compiled
// once for each. The same operations on the same numbers whatever the width.
//
// Sources that include this see no header of the standard library with code in it: the linker keeps
// one copy of an inline function, and it might be one with instructions that the CPU lacks.

#include <stdint.h>  // NOLINT: <cstdint> in C++, which is more than types

#define LOCKSTEP_INLINE inline __attribute__((always_inline))
#define LOCKSTEP_INLINE_LAMBDA __attribute__((always_inline))

namespace lockstep::LOCKSTEP_INSTRUCTION_SET {

#if defined(__AVX512F__)
constexpr int kLanes = 16;
#elif defined(__AVX2__)
constexpr int kLanes = 8;
#else
constexpr int kLanes = 4;
#endif
constexpr int kVectorBytes = kLanes * sizeof(float);

using Floats = float __attribute__((vector_size(kVectorBytes)));
using UnalignedFloats = float __attribute__((vector_size(kVectorBytes), aligned(4), may_alias));

// Results of comparisons (all bits set: true), and small numbers of each lane.
using Ints = int32_t __attribute__((vector_size(kVectorBytes)));
using Bytes = int8_t __attribute__((vector_size(kLanes)));

LOCKSTEP_INLINE Floats Load(const float* from) {
  return *reinterpret_cast<const UnalignedFloats*>(from);
}
LOCKSTEP_INLINE void Store(Floats value, float* to) {
  *reinterpret_cast<UnalignedFloats*>(to) = value;
}

LOCKSTEP_INLINE Ints LoadBytes(const uint8_t* from) {
  Bytes bytes;
  __builtin_memcpy(&bytes, from, kLanes);
  return __builtin_convertvector(bytes, Ints);
}
LOCKSTEP_INLINE void StoreBytes(Ints value, uint8_t* to) {
  const Bytes bytes = __builtin_convertvector(value, Bytes);
  __builtin_memcpy(to, &bytes, kLanes);
}

}  // namespace lockstep::LOCKSTEP_INSTRUCTION_SET
