#include "trainer/data/data_file.h"

#include <fmt/format.h>

#include <system_error>

#include "storage/atomic_file.h"
#include "storage/error.h"
#include "trainer/base/error.h"

namespace lockstep {

std::vector<std::byte> ReadDataFile(const std::filesystem::path& path) try {
  return storage::ReadFile(path);
} catch (const storage::Error& error) {
  throw DataError(error.what());
}

void WriteDataFile(const std::filesystem::path& path, std::span<const std::byte> bytes) try {
  if (path.has_parent_path()) {
    std::filesystem::create_directories(path.parent_path());
  }
  storage::WriteFileAtomically(path, bytes);
} catch (const storage::Error& error) {
  throw DataError(error.what());
} catch (const std::filesystem::filesystem_error& error) {
  throw DataError(fmt::format("{}: cannot create the directory: {}", path.parent_path().string(),
                              error.code().message()));
}

}  // namespace lockstep
