#pragma once

#include <string_view>

namespace lockstep {

// Instructions of an x86-64 CPU that kernels are compiled for, from the least on.
enum class InstructionSet {
  kSse2,    // every x86-64 CPU
  kAvx2,    // x86-64-v3: with FMA
  kAvx512,  // x86-64-v4
};

// "sse2", "avx2", "avx512"
std::string_view Name(InstructionSet set);

// The most that this CPU has.
InstructionSet BestInstructionSet();

// What `wanted`, the value of $LOCKSTEP_ISA, names; `best` where it is nullptr or empty. Throws
// ConfigError for another name, and for a set beyond `best`.
InstructionSet ChooseInstructionSet(const char* wanted, InstructionSet best);

// What the kernels of this process use: $LOCKSTEP_ISA, or else the most that the CPU has. The same
// at every call. The bits of results depend on it. Throws ConfigError.
InstructionSet ActiveInstructionSet();

}  // namespace lockstep
