// A small HTTP client for tests, which can also say what no client should.
#pragma once

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <chrono>
#include <string>
#include <string_view>

#include "common/fd.h"

namespace assay {

struct HttpAnswer {
  int status = 0;  // 0: no answer
  std::string head, body;
};

class HttpTalk {
 public:
  explicit HttpTalk(int port) : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(static_cast<uint16_t>(port));
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(::connect(fd_.get(), reinterpret_cast<sockaddr*>(&to), sizeof to), 0);
  }
  void say(std::string_view bytes) {
    while (!bytes.empty()) {
      ssize_t n = ::send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (n <= 0) return;  // the server has heard enough
      bytes.remove_prefix(static_cast<size_t>(n));
    }
  }
  /// Until `text` has come, or the end, or 15 s.
  std::string hear_until(std::string_view text) {
    auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(15);
    while (text.empty() || heard_.find(text) == std::string::npos) {
      pollfd fd = {fd_.get(), POLLIN, 0};
      char buffer[16384];
      if (std::chrono::steady_clock::now() > deadline) break;
      if (::poll(&fd, 1, 200) <= 0) continue;
      ssize_t n = ::recv(fd_.get(), buffer, sizeof buffer, 0);
      if (n <= 0) {
        ended_ = true;
        break;
      }
      heard_.append(buffer, static_cast<size_t>(n));
    }
    return heard_;
  }
  std::string hear() { return hear_until(""); }
  bool ended() const { return ended_; }
  void forget() { heard_.clear(); }
  void hang_up() { fd_.reset(); }

 private:
  Fd fd_;
  std::string heard_;
  bool ended_ = false;
};

inline HttpAnswer parse_answer(const std::string& text) {
  HttpAnswer out;
  size_t end = text.find("\r\n\r\n");
  if (!text.starts_with("HTTP/1.1 ") || end == std::string::npos) return out;
  out.status = std::stoi(text.substr(9, 3));
  out.head = text.substr(0, end + 2);
  out.body = text.substr(end + 4);
  return out;
}

/// One request on a connection of its own.
inline HttpAnswer talk(int port, const std::string& method, const std::string& target,
                       const std::string& token = "", const std::string& body = "",
                       const std::string& headers = "") {
  HttpTalk connection(port);
  std::string request = method + " " + target + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n" + headers;
  if (!token.empty()) request += "Authorization: Bearer " + token + "\r\n";
  if (!body.empty()) request += "Content-Type: application/json\r\n";
  if (method == "POST" || !body.empty()) request += "Content-Length: " + std::to_string(body.size()) + "\r\n";
  connection.say(request + "\r\n" + body);
  return parse_answer(connection.hear());
}

}  // namespace assay
