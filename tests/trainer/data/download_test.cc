#include "trainer/data/download.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <stdexcept>

#include "tests/storage/test_files.h"
#include "tests/trainer/data/one_answer_server.h"
#include "trainer/base/error.h"

namespace lockstep {
namespace {

using storage::TemporaryDirectory;
using testing::AllOf;
using testing::HasSubstr;
using testing::ThrowsMessage;

class DownloadTest : public testing::Test {
 protected:
  void SetUp() override { setenv("no_proxy", "127.0.0.1", 1); }

  std::string FileUrl(const std::string& content) const {
    storage::WriteRaw(directory_ / "file", content);
    return "file://" + (directory_ / "file").string();
  }

  TemporaryDirectory directory_;
};

std::string Text(const std::vector<std::byte>& bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

TEST_F(DownloadTest, FetchesAFileUrl) { EXPECT_EQ(Text(Download(FileUrl("abc"), {})), "abc"); }

TEST_F(DownloadTest, FetchesOverHttp) {
  const OneAnswerServer server("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc");
  EXPECT_EQ(Text(Download(server.url() + "x", {})), "abc");
}

TEST_F(DownloadTest, FollowsARedirectButNotToALocalFile) {
  const OneAnswerServer target("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc");
  const OneAnswerServer server(
      "HTTP/1.1 302 Found\r\nContent-Length: 0\r\nLocation: " + target.url() + "\r\n\r\n");
  EXPECT_EQ(Text(Download(server.url(), {})), "abc");
  const OneAnswerServer thief(
      "HTTP/1.1 302 Found\r\nContent-Length: 0\r\nLocation: " + FileUrl("secret") + "\r\n\r\n");
  EXPECT_THAT([&] { Download(thief.url(), {}); },
              ThrowsMessage<DataError>(HasSubstr("Protocol \"file\"")));
}

TEST_F(DownloadTest, AMissingFileIsAnErrorThatNamesTheUrl) {
  const std::string url = "file://" + (directory_ / "nothing").string();
  EXPECT_THAT([&] { Download(url, {}); }, ThrowsMessage<DataError>(HasSubstr(url + ": ")));
  const OneAnswerServer server("HTTP/1.1 404 Not Found\r\nContent-Length: 5\r\n\r\nsorry");
  EXPECT_THAT([&] { Download(server.url(), {}); },
              ThrowsMessage<DataError>(AllOf(HasSubstr(server.url()), HasSubstr("404"))));
}

TEST_F(DownloadTest, AnAnswerCutOffIsAnError) {
  const OneAnswerServer server("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc");
  EXPECT_THAT([&] { Download(server.url(), {}); },
              ThrowsMessage<DataError>(HasSubstr("7 bytes remaining")));
}

TEST_F(DownloadTest, AServerThatSaysNothingIsGivenUp) {
  const OneAnswerServer server("");
  EXPECT_THAT([&] { Download(server.url(), {.stall_timeout = std::chrono::seconds(1)}); },
              ThrowsMessage<DataError>(HasSubstr("Operation too slow")));
}

TEST_F(DownloadTest, AServerThatIsNotThereIsAnError) {
  std::string url;
  { url = OneAnswerServer("").url(); }
  EXPECT_THAT([&] { Download(url, {}); }, ThrowsMessage<DataError>(HasSubstr(url)));
}

TEST_F(DownloadTest, MoreThanTheLargestSizeIsRefused) {
  EXPECT_EQ(Text(Download(FileUrl("abc"), {.largest = 3})), "abc");
  EXPECT_THAT([&] { Download(FileUrl("abcd"), {.largest = 3}); },
              ThrowsMessage<DataError>(HasSubstr("is larger than 3 bytes")));
}

TEST_F(DownloadTest, OtherProtocolsAreRefused) {
  EXPECT_THAT([] { Download("gopher://127.0.0.1/", {}); },
              ThrowsMessage<DataError>(HasSubstr("gopher://127.0.0.1/: Protocol \"gopher\"")));
}

TEST_F(DownloadTest, ProgressEndsAtTheWholeSize) {
  int64_t last_received = -1;
  int64_t last_announced = -1;
  const auto progress = [&](int64_t received, int64_t announced) {
    EXPECT_GE(received, last_received);
    last_received = received;
    last_announced = announced;
  };
  Download(FileUrl(std::string(1'000'000, 'x')), {.progress = progress});
  EXPECT_EQ(last_received, 1'000'000);
  EXPECT_EQ(last_announced, 1'000'000);
}

TEST_F(DownloadTest, WhatProgressThrowsEndsTheDownload) {
  const auto progress = [](int64_t, int64_t) { throw std::runtime_error("stopped by the user"); };
  EXPECT_THAT([&] { Download(FileUrl("abc"), {.progress = progress}); },
              ThrowsMessage<std::runtime_error>(HasSubstr("stopped by the user")));
}

}  // namespace
}  // namespace lockstep
