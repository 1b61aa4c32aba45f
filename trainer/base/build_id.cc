#include "trainer/base/build_id.h"

#include <elf.h>
#include <fmt/format.h>
#include <link.h>

#include <cstring>
#include <span>
#include <string_view>

namespace lockstep {
namespace {

constexpr size_t Padded(size_t size) { return (size + 3) / 4 * 4; }

// The GNU build id among the notes of a segment; empty if it is not there.
std::string FindBuildId(std::span<const unsigned char> notes) {
  while (notes.size() >= sizeof(ElfW(Nhdr))) {
    ElfW(Nhdr) note;
    std::memcpy(&note, notes.data(), sizeof(note));
    const size_t name_end = sizeof(note) + Padded(note.n_namesz);
    const size_t end = name_end + Padded(note.n_descsz);
    if (end > notes.size()) {
      break;
    }
    const std::string_view name(reinterpret_cast<const char*>(notes.data()) + sizeof(note),
                                note.n_namesz);
    if (note.n_type == NT_GNU_BUILD_ID && name == std::string_view("GNU\0", 4)) {
      std::string id;
      for (const unsigned char byte : notes.subspan(name_end, note.n_descsz)) {
        id += fmt::format("{:02x}", byte);
      }
      return id;
    }
    notes = notes.subspan(end);
  }
  return "";
}

// For dl_iterate_phdr, which begins with the program itself: anything but 0 ends it there.
int ReadProgram(dl_phdr_info* info, size_t /*size*/, void* result) {
  for (const ElfW(Phdr) & segment : std::span(info->dlpi_phdr, info->dlpi_phnum)) {
    auto& id = *static_cast<std::string*>(result);
    if (segment.p_type == PT_NOTE && id.empty()) {
      // NOLINTNEXTLINE(performance-no-int-to-ptr): the loader tells addresses as numbers
      const void* const begin = reinterpret_cast<const void*>(info->dlpi_addr + segment.p_vaddr);
      id = FindBuildId({static_cast<const unsigned char*>(begin), segment.p_memsz});
    }
  }
  return 1;
}

}  // namespace

std::string BuildId() {
  std::string id;
  dl_iterate_phdr(ReadProgram, &id);
  return id;
}

}  // namespace lockstep
