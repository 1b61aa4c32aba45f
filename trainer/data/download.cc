#include "trainer/data/download.h"

#include <curl/curl.h>
#include <fmt/format.h>

#include <array>
#include <exception>
#include <memory>
#include <span>

#include "trainer/base/check.h"
#include "trainer/base/error.h"

namespace lockstep {
namespace {

// What curl's callbacks work on. Exceptions must not pass through curl, which is C: they wait here.
struct Transfer {
  const std::string& url;
  const DownloadOptions& options;
  std::vector<std::byte> content = {};
  std::exception_ptr exception = nullptr;
};

void Receive(std::span<const std::byte> bytes, Transfer* transfer) {
  if (static_cast<int64_t>(transfer->content.size() + bytes.size()) > transfer->options.largest) {
    throw DataError(
        fmt::format("{}: is larger than {} bytes", transfer->url, transfer->options.largest));
  }
  transfer->content.insert(transfer->content.end(), bytes.begin(), bytes.end());
}

// Fewer bytes than offered tell curl to give up.
size_t OnData(const char* data, size_t size, size_t count, void* transfer_pointer) {
  auto* transfer = static_cast<Transfer*>(transfer_pointer);
  try {
    Receive(std::as_bytes(std::span(data, size * count)), transfer);
    return size * count;
  } catch (...) {
    transfer->exception = std::current_exception();
    return 0;
  }
}

// Other than 0 tells curl to give up.
int OnProgress(void* transfer_pointer, curl_off_t announced, curl_off_t received,
               curl_off_t /*to_upload*/, curl_off_t /*uploaded*/) {
  auto* transfer = static_cast<Transfer*>(transfer_pointer);
  try {
    if (transfer->options.progress) {
      transfer->options.progress(received, announced);
    }
    return 0;
  } catch (...) {
    transfer->exception = std::current_exception();
    return 1;
  }
}

using CurlHandle = std::unique_ptr<CURL, decltype(&curl_easy_cleanup)>;

template <typename T>
void Set(const CurlHandle& curl, CURLoption option, T value) {
  CHECK_EQ(static_cast<int>(curl_easy_setopt(curl.get(), option, value)), int{CURLE_OK});
}

void Configure(const CurlHandle& curl, Transfer* transfer) {
  constexpr long kBytesPerSecond = 10'000;
  Set(curl, CURLOPT_URL, transfer->url.c_str());
  Set(curl, CURLOPT_PROTOCOLS_STR, "http,https,file");
  Set(curl, CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
  Set(curl, CURLOPT_FOLLOWLOCATION, 1L);
  Set(curl, CURLOPT_FAILONERROR, 1L);
  Set(curl, CURLOPT_NOSIGNAL, 1L);
  Set(curl, CURLOPT_USERAGENT, "lockstep");
  Set(curl, CURLOPT_CONNECTTIMEOUT, static_cast<long>(transfer->options.connect_timeout.count()));
  Set(curl, CURLOPT_LOW_SPEED_LIMIT, kBytesPerSecond);
  Set(curl, CURLOPT_LOW_SPEED_TIME, static_cast<long>(transfer->options.stall_timeout.count()));
  Set(curl, CURLOPT_WRITEFUNCTION, &OnData);
  Set(curl, CURLOPT_WRITEDATA, static_cast<void*>(transfer));
  Set(curl, CURLOPT_XFERINFOFUNCTION, &OnProgress);
  Set(curl, CURLOPT_XFERINFODATA, static_cast<void*>(transfer));
  Set(curl, CURLOPT_NOPROGRESS, 0L);
}

}  // namespace

std::vector<std::byte> Download(const std::string& url, const DownloadOptions& options) {
  const CurlHandle curl(curl_easy_init(), &curl_easy_cleanup);
  CHECK(curl != nullptr);
  Transfer transfer{.url = url, .options = options};
  std::array<char, CURL_ERROR_SIZE> reason{};
  Configure(curl, &transfer);
  Set(curl, CURLOPT_ERRORBUFFER, reason.data());
  const CURLcode result = curl_easy_perform(curl.get());
  if (transfer.exception) {
    std::rethrow_exception(transfer.exception);
  }
  if (result != CURLE_OK) {
    throw DataError(
        fmt::format("{}: {}", url, reason[0] != '\0' ? reason.data() : curl_easy_strerror(result)));
  }
  return std::move(transfer.content);
}

}  // namespace lockstep
