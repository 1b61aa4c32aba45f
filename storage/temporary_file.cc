#include "storage/temporary_file.h"

#include <fcntl.h>
#include <fmt/format.h>

#include <cerrno>
#include <cstdio>

#include "storage/error.h"
#include "storage/interrupted.h"

namespace lockstep::storage {
namespace {

constexpr std::string_view kTemporaryMark = ".tmp-";

}  // namespace

TemporaryFile::TemporaryFile(const std::filesystem::path& target) : target_(target) {
  // A dead process may have left a file of this name, or one on another host may be writing it.
  constexpr int kAttempts = 1000;
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    path_ = fmt::format("{}{}{}-{}", target.string(), kTemporaryMark, getpid(), attempt);
    descriptor_ = FileDescriptor(RetryIfInterrupted(
        [this] { return open(path_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666); }));
    if (descriptor_.IsOpen()) {
      return;
    }
    if (errno != EEXIST) {
      break;
    }
  }
  throw SystemError(target_, "be created", errno);
}

TemporaryFile::~TemporaryFile() {
  if (!renamed_) {
    unlink(path_.c_str());
  }
}

void TemporaryFile::Write(std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    const ssize_t written =
        RetryIfInterrupted([&] { return write(descriptor_.get(), bytes.data(), bytes.size()); });
    if (written < 0) {
      throw SystemError(target_, "be written", errno);
    }
    bytes = bytes.subspan(static_cast<size_t>(written));
  }
}

void TemporaryFile::Sync() {
  if (RetryIfInterrupted([this] { return fsync(descriptor_.get()); }) != 0) {
    throw SystemError(target_, "be flushed to disk", errno);
  }
}

void TemporaryFile::Close() {
  // Network file systems report a full quota as late as this. Linux has closed the descriptor even
  // if a signal interrupts the call.
  if (close(descriptor_.Release()) != 0 && errno != EINTR) {
    throw SystemError(target_, "be written", errno);
  }
}

void TemporaryFile::RenameToTarget() {
  if (rename(path_.c_str(), target_.c_str()) != 0) {
    throw SystemError(target_, "be replaced", errno);
  }
  renamed_ = true;
}

bool IsTemporaryName(std::string_view name) {
  const size_t mark = name.rfind(kTemporaryMark);
  if (mark == std::string_view::npos || mark == 0) {
    return false;
  }
  const std::string_view suffix = name.substr(mark + kTemporaryMark.size());
  const size_t dash = suffix.find('-');
  const auto all_digits = [](std::string_view text) {
    return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
  };
  return dash != std::string_view::npos && all_digits(suffix.substr(0, dash)) &&
         all_digits(suffix.substr(dash + 1));
}

}  // namespace lockstep::storage
