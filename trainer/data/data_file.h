#pragma once

#include <cstddef>
#include <filesystem>
#include <span>
#include <vector>

namespace lockstep {

// storage's files with DataError instead of storage::Error: what is wrong with the training data
// ends the program with another exit code than what is wrong with a checkpoint.

// The whole content of a file. Throws DataError that names it.
std::vector<std::byte> ReadDataFile(const std::filesystem::path& path);

// Makes `path` hold exactly `bytes`, or leaves it as it was and throws DataError that names it.
// Creates the directories above it.
void WriteDataFile(const std::filesystem::path& path, std::span<const std::byte> bytes);

}  // namespace lockstep
