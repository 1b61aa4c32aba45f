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

// Vectors of kWidth numbers: floats, results of comparisons (all bits set: true), and small
// numbers.
template <int kWidth>
struct VectorsOf;
template <>
struct VectorsOf<4> {
  using Floats = float __attribute__((vector_size(16)));
  using Ints = int32_t __attribute__((vector_size(16)));
  using Bytes = int8_t __attribute__((vector_size(4)));
};
template <>
struct VectorsOf<8> {
  using Floats = float __attribute__((vector_size(32)));
  using Ints = int32_t __attribute__((vector_size(32)));
  using Bytes = int8_t __attribute__((vector_size(8)));
};
template <>
struct VectorsOf<16> {
  using Floats = float __attribute__((vector_size(64)));
  using Ints = int32_t __attribute__((vector_size(64)));
  using Bytes = int8_t __attribute__((vector_size(16)));
};
template <int kWidth>
using FloatsOf = typename VectorsOf<kWidth>::Floats;
template <int kWidth>
using IntsOf = typename VectorsOf<kWidth>::Ints;

using Floats = FloatsOf<kLanes>;
using Ints = IntsOf<kLanes>;

// The numbers 0 to kCount - 1, for functions that deduce them: the standard library's are in a
// header with code.
template <int... kNumber>
struct Sequence {};
template <int kCount, int... kNumber>
struct MakeSequence : MakeSequence<kCount - 1, kCount - 1, kNumber...> {};
template <int... kNumber>
struct MakeSequence<0, kNumber...> {
  using Type = Sequence<kNumber...>;
};
template <int kCount>
using UpTo = typename MakeSequence<kCount>::Type;

// From and to anywhere, whatever its alignment.
template <int kWidth = kLanes>
LOCKSTEP_INLINE FloatsOf<kWidth> Load(const float* from) {
  FloatsOf<kWidth> value;
  __builtin_memcpy(&value, from, sizeof(value));
  return value;
}
template <typename Vector>
LOCKSTEP_INLINE void Store(Vector value, float* to) {
  __builtin_memcpy(to, &value, sizeof(value));
}

// Numbers of 0 to 127, kept as bytes.
template <int kWidth = kLanes>
LOCKSTEP_INLINE IntsOf<kWidth> LoadBytes(const uint8_t* from) {
  typename VectorsOf<kWidth>::Bytes bytes;
  __builtin_memcpy(&bytes, from, kWidth);
  return __builtin_convertvector(bytes, IntsOf<kWidth>);
}
template <typename Vector>
LOCKSTEP_INLINE void StoreBytes(Vector value, uint8_t* to) {
  constexpr int kWidth = sizeof(value) / sizeof(int32_t);
  const auto bytes = __builtin_convertvector(value, typename VectorsOf<kWidth>::Bytes);
  __builtin_memcpy(to, &bytes, kWidth);
}

}  // namespace lockstep::LOCKSTEP_INSTRUCTION_SET
