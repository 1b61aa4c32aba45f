#include "storage/error.h"

#include <fmt/format.h>

#include <cerrno>
#include <system_error>

namespace lockstep::storage {
namespace {

std::string_view Remedy(int error_number) {
  switch (error_number) {
    case ENOSPC:
      return "; free some space or choose an output directory on another disk";
    case EDQUOT:
      return "; free some of your quota or choose an output directory elsewhere";
    case EFBIG:
      return "; raise the limit on the size of files (ulimit -f)";
    case EROFS:
    case EACCES:
    case EPERM:
      return "; choose a place that you may use, or ask for the rights to this one";
    case ENOENT:
    case ENOTDIR:
      return "; check the path for a mistake";
    case EMFILE:
    case ENFILE:
      return "; raise the limit on open files (ulimit -n)";
    case EIO:
    case ESTALE:
      return "; the disk or its server failed: choose another directory, or ask whoever runs it";
    default:
      return "";
  }
}

}  // namespace

Error SystemError(const std::filesystem::path& path, std::string_view action, int error_number) {
  return Error(fmt::format("{}: cannot {}: {}{}", path.string(), action,
                           std::generic_category().message(error_number), Remedy(error_number)));
}

}  // namespace lockstep::storage
