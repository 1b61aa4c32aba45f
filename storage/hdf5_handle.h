#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace lockstep::storage {

// HDF5's hid_t, so that no header needs hdf5.h.
using Hdf5Id = int64_t;

// Owns one HDF5 identifier, or nothing (negative).
class Hdf5Handle {
 public:
  using Close = int (*)(Hdf5Id);

  Hdf5Handle() = default;
  Hdf5Handle(Hdf5Id id, Close close) : id_(id), close_(close) {}
  Hdf5Handle(Hdf5Handle&& other) noexcept
      : id_(std::exchange(other.id_, -1)), close_(other.close_) {}
  Hdf5Handle& operator=(Hdf5Handle&& other) noexcept {
    std::swap(id_, other.id_);
    std::swap(close_, other.close_);
    return *this;
  }
  ~Hdf5Handle() {
    if (IsValid()) {
      close_(id_);
    }
  }

  bool IsValid() const { return id_ >= 0; }
  Hdf5Id id() const { return id_; }

 private:
  Hdf5Id id_ = -1;
  Close close_ = nullptr;
};

// Keeps HDF5 from printing its errors on standard error; they are in the exceptions' text.
void SilenceHdf5();

// Why the last HDF5 call of this thread failed, in HDF5's words.
std::string LastHdf5Error();

}  // namespace lockstep::storage
