#include "trainer/data/search_path.h"

#include "trainer/base/check.h"

namespace lockstep {

std::vector<std::filesystem::path> SearchPath(const SearchPathOptions& options) {
  CHECK(options.environment != nullptr);
  const auto variable = [&](const char* name) -> std::string {
    const char* value = options.environment(name);
    return value == nullptr ? "" : value;
  };
  std::vector<std::filesystem::path> directories;
  for (const std::string& directory :
       {options.command_line, variable("LOCKSTEP_DATA"), options.job_file}) {
    if (!directory.empty()) {
      directories.emplace_back(directory);
    }
  }
  if (const std::string home = variable("HOME"); !home.empty()) {
    directories.push_back(std::filesystem::path(home) / ".cache" / "lockstep");
  }
  return directories;
}

}  // namespace lockstep
