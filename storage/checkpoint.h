#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "storage/atomic_file.h"

namespace lockstep::storage {

// Values in row-major order. No dims: a single value.
struct FloatArray {
  std::vector<int64_t> dims;
  std::vector<float> values;

  friend bool operator==(const FloatArray&, const FloatArray&) = default;
};

using NamedArrays = std::map<std::string, FloatArray>;
using StateValue = std::variant<int64_t, double, std::string>;

// Everything that a run needs to go on. Every name is non-empty UTF-8 without '/' and zero bytes,
// other than "." ; no text holds a zero byte. The file format is described in checkpoint.md.
struct Checkpoint {
  NamedArrays parameters;                        // and what PyTorch's state_dict has beside them
  std::map<std::string, int64_t> counts;         // likewise; no name of a parameter
  NamedArrays buffers;                           // what is kept beside a state_dict
  NamedArrays average;                           // of the parameters' floats; empty: not kept
  std::map<std::string, NamedArrays> optimizer;  // by slot, such as "momentum"
  std::map<std::string, StateValue> state;       // counters: step, epoch, seed, ...
  std::string job;                               // the effective job file
  std::map<std::string, std::string> build;      // what computed this: version, CPU, BLAS, ...

  friend bool operator==(const Checkpoint&, const Checkpoint&) = default;
};

// The checkpoint as a file's bytes, which depend on nothing but the content. Throws Error if a
// parameter, buffer, average or optimizer value is not finite. REQUIRES names and texts as said
// above and as many values as the dims say: throws std::logic_error otherwise.
std::vector<std::byte> EncodeCheckpoint(const Checkpoint& checkpoint);

// The reverse. Checks every bit of `file`, called `name` in messages, before it is parsed. Throws
// Error.
Checkpoint DecodeCheckpoint(std::span<const std::byte> file, const std::string& name);

// Writes atomically and durably (see WriteFileAtomically). Throws Error.
void WriteCheckpoint(const std::filesystem::path& path, const Checkpoint& checkpoint,
                     const WriteOptions& options = {});
Checkpoint ReadCheckpoint(const std::filesystem::path& path);

// Throws Error unless ReadCheckpoint would succeed.
void VerifyCheckpoint(const std::filesystem::path& path);

// SHA-256 over all parameters and buffers, not the counts, in hexadecimal: two checkpoints with
// equal digests hold the same weights, bit for bit. checkpoint.md says what is hashed and how to
// recompute it.
std::string WeightsSha256(const Checkpoint& checkpoint);

}  // namespace lockstep::storage
