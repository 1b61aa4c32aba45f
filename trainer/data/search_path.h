#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

namespace lockstep {

// Where a user may have said that the data is. Empty: not said.
struct SearchPathOptions {
  std::string command_line = {};  // --data-dir
  std::string job_file = {};      // the directory that the job file names
  // Looks a variable of the environment up: nullptr when it is not set. As std::getenv.
  std::function<const char*(const char*)> environment = {};
};

// The directories to look for data in, in order: the command line's, $LOCKSTEP_DATA, the job
// file's,
// ~/.cache/lockstep. Never the current directory, unless one of them says so.
std::vector<std::filesystem::path> SearchPath(const SearchPathOptions& options);

}  // namespace lockstep
