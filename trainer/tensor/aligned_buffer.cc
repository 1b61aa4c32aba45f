#include "trainer/tensor/aligned_buffer.h"

#include <sys/mman.h>

namespace lockstep {
namespace {

constexpr std::align_val_t kLine{kLineBytes};
constexpr size_t kHugePage = size_t{1} << 21;

}  // namespace

AlignedMemory AllocateAligned(size_t bytes) {
  if (bytes < kHugePage) {
    return {.begin = ::operator new(bytes, kLine), .alignment = kLine};
  }
  const std::align_val_t alignment{kHugePage};
  void* const memory = ::operator new(bytes, alignment);
  // Advice alone: refused, everything is the same but slower.
  static_cast<void>(madvise(memory, bytes, MADV_HUGEPAGE));
  return {.begin = memory, .alignment = alignment};
}

}  // namespace lockstep
