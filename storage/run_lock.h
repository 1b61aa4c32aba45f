#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "storage/file_descriptor.h"

namespace lockstep::storage {

// What a process may claim beyond a lock that is free: that of an earlier attempt of its own
// launch, whether that one is dead or alive.
struct LockClaim {
  std::string launch{};  // without white space; empty: none, and nothing is claimed
  int64_t attempt = 0;
};

// Exclusive use of a directory for as long as this object or its process lives, or until a later
// attempt of the same launch takes it over. The file `lock` in the directory says who holds it
// since when, and stays behind. run_lock.md says how this works, and where.
class RunLock {
 public:
  // Throws Error that names the live holder, or says that the file system knows no locks.
  explicit RunLock(const std::filesystem::path& directory, LockClaim claim = {});

  // To be called before each write that the lock is for. Throws TakenOver, which names the taker,
  // once the lock is another's. Takes it back where somebody deleted the file, or where an earlier
  // attempt of the launch came too late.
  void Check();

  // What the file `lock` holds meanwhile. No two locks have the same text.
  const std::string& text() const { return text_; }

 private:
  bool Acquire(const std::filesystem::path& directory);
  void Rewrite();
  void PutInPlace();

  std::filesystem::path path_;
  LockClaim claim_;
  std::string text_;
  FileDescriptor file_;
};

// What the file `lock` in `directory` holds. Throws Error.
std::string ReadLockText(const std::filesystem::path& directory);

}  // namespace lockstep::storage
