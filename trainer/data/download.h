#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace lockstep {

struct DownloadOptions {
  int64_t largest = int64_t{64} << 20;  // bytes; more is an error
  std::chrono::seconds connect_timeout{10};
  std::chrono::seconds stall_timeout{20};  // the longest time at less than 10 kB/s
  // Called now and then with the bytes received so far and those announced, 0 while that is not
  // known. What it throws ends the download and reaches the caller.
  std::function<void(int64_t received, int64_t announced)> progress = {};
};

// The content of a http, https or file URL. Follows redirects, goes through the proxy that the
// environment names. Throws DataError with the URL and the reason; ends in bounded time.
// REQUIRES that no other thread downloads at the same time.
std::vector<std::byte> Download(const std::string& url, const DownloadOptions& options);

}  // namespace lockstep
