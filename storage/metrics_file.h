#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>

#include "storage/atomic_file.h"
#include "storage/table.h"

namespace lockstep::storage {

// What metrics.h5 holds: /metrics/SERIES is one table. The format is described in metrics.md.
using Metrics = std::map<std::string, Table>;

// The whole file, atomically (see WriteFileAtomically): readers need no lock, and never see half of
// it. Throws Error. REQUIRES series names without '/' and zero bytes.
void WriteMetrics(const std::filesystem::path& path, const Metrics& metrics,
                  const WriteOptions& options = {});

// Throws Error unless the file is whole.
Metrics ReadMetrics(const std::filesystem::path& path);

// What a run that resumes after `step` goes on with: the file's rows whose "step" is at most that.
// `expected` has the series and columns of this run and no rows; it is the result if there is no
// file. Throws Error if the file is not whole or has other series or columns.
Metrics ResumeMetrics(const std::filesystem::path& path, const Metrics& expected, int64_t step);

}  // namespace lockstep::storage
