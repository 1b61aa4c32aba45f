#pragma once

#include <cstdint>
#include <filesystem>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "trainer/train/run_status.h"

namespace lockstep {

// What can be told of a run from its directory, by anybody, on any node, while it runs or later.
struct StatusReport {
  std::filesystem::path directory;
  RunStatus status{};                  // kLost where there has been no news for too long
  std::optional<int64_t> age{};        // of the news, in seconds; nothing without status.json
  std::vector<std::string> remarks{};  // sentences on what is odd
};

// Reads without a lock. `now`: seconds since 1970. Without a status.json, or with a damaged one, it
// tells what checkpoints and metrics say. Throws storage::Error unless `directory` is a run's.
StatusReport ReportStatus(const std::filesystem::path& directory, int64_t now);

// status.json with what the reader has found out.
nlohmann::ordered_json ToJson(const StatusReport& report);

// For people: lines that end in a newline.
std::string ToText(const StatusReport& report);

}  // namespace lockstep
