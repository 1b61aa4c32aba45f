#include "trainer/tensor/kernels/instruction_set.h"

#include <fmt/format.h>

#include <array>
#include <cstdlib>

#include "trainer/base/error.h"

namespace lockstep {
namespace {

constexpr std::array kSets{InstructionSet::kSse2, InstructionSet::kAvx2, InstructionSet::kAvx512};

}  // namespace

std::string_view Name(InstructionSet set) {
  constexpr std::array<std::string_view, kSets.size()> kNames{"sse2", "avx2", "avx512"};
  return kNames[static_cast<size_t>(set)];
}

InstructionSet BestInstructionSet() {
  if (__builtin_cpu_supports("avx512f") != 0 && __builtin_cpu_supports("avx512bw") != 0 &&
      __builtin_cpu_supports("avx512dq") != 0 && __builtin_cpu_supports("avx512vl") != 0 &&
      __builtin_cpu_supports("avx512cd") != 0) {
    return InstructionSet::kAvx512;
  }
  if (__builtin_cpu_supports("avx2") != 0 && __builtin_cpu_supports("fma") != 0 &&
      __builtin_cpu_supports("bmi2") != 0) {
    return InstructionSet::kAvx2;
  }
  return InstructionSet::kSse2;
}

InstructionSet ChooseInstructionSet(const char* wanted, InstructionSet best) {
  if (wanted == nullptr || *wanted == '\0') {
    return best;
  }
  for (const InstructionSet set : kSets) {
    if (Name(set) != wanted) {
      continue;
    }
    if (set > best) {
      throw ConfigError(fmt::format(
          "LOCKSTEP_ISA: must be at most {}, all that this CPU has, is {}", Name(best), wanted));
    }
    return set;
  }
  throw ConfigError(fmt::format("LOCKSTEP_ISA: must be sse2, avx2 or avx512, is \"{}\"", wanted));
}

InstructionSet ActiveInstructionSet() {
  static const InstructionSet set =
      ChooseInstructionSet(std::getenv("LOCKSTEP_ISA"), BestInstructionSet());
  return set;
}

}  // namespace lockstep
