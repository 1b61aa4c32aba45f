#pragma once

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>

namespace lockstep {

// An HTTP server on the loopback interface that gives one answer to one request. With an empty
// answer it takes connections but never says anything.
class OneAnswerServer {
 public:
  explicit OneAnswerServer(std::string answer) : answer_(std::move(answer)) {
    socket_ = socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof(address);
    auto* generic = reinterpret_cast<sockaddr*>(&address);
    if (bind(socket_, generic, length) != 0 || listen(socket_, 1) != 0 ||
        getsockname(socket_, generic, &length) != 0) {
      throw std::runtime_error("no socket on the loopback interface");
    }
    port_ = ntohs(address.sin_port);
    if (!answer_.empty()) {
      thread_ = std::thread([this] { Answer(); });
    }
  }
  OneAnswerServer(const OneAnswerServer&) = delete;
  OneAnswerServer& operator=(const OneAnswerServer&) = delete;
  ~OneAnswerServer() {
    shutdown(socket_, SHUT_RDWR);  // wakes accept()
    if (thread_.joinable()) {
      thread_.join();
    }
    close(socket_);
  }

  std::string url() const { return "http://127.0.0.1:" + std::to_string(port_) + "/"; }

 private:
  void Answer() const {
    const int connection = accept(socket_, nullptr, nullptr);
    if (connection < 0) {
      return;
    }
    std::string request;
    std::array<char, 1024> buffer{};
    while (request.find("\r\n\r\n") == std::string::npos) {
      const ssize_t size = read(connection, buffer.data(), buffer.size());
      if (size <= 0) {
        break;
      }
      request.append(buffer.data(), static_cast<size_t>(size));
    }
    send(connection, answer_.data(), answer_.size(), MSG_NOSIGNAL);
    close(connection);
  }

  std::string answer_;
  int socket_ = -1;
  int port_ = 0;
  std::thread thread_;
};

}  // namespace lockstep
