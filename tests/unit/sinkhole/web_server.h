// Serves http's conversations on a loopback port, for tests with real clients. One thread, which ends with
// the object.
#pragma once

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <map>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "common/fd.h"
#include "tests/unit/sinkhole/web_talk.h"

namespace assay::sinkhole {

class WebServer {
 public:
  WebServer()
      : listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)), stop_(::eventfd(0, EFD_CLOEXEC)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    EXPECT_EQ(::bind(listener_.get(), reinterpret_cast<sockaddr*>(&address), size), 0);
    EXPECT_EQ(::listen(listener_.get(), 64), 0);
    ::getsockname(listener_.get(), reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this] { serve(); });
  }
  ~WebServer() { finish(); }
  std::string url(const std::string& path) const {
    return "http://127.0.0.1:" + std::to_string(port_) + path;
  }
  /// Ends it; what was told.
  const std::vector<Report>& finish() {
    if (thread_.joinable()) {
      ::eventfd_write(stop_.get(), 1);
      thread_.join();
    }
    return told_;
  }
  /// "deb nmap_1.0-1_all.deb;..." of the canaries.
  std::string canaries() {
    std::string out;
    for (const Report& report : finish())
      if (report.kind == ReportKind::canary)
        out += report.detail + " " + report.path.substr(report.path.rfind('/') + 1) + ";";
    return out;
  }

 private:
  struct Client {
    Fd fd;
    Peer peer;
    std::unique_ptr<Conversation> http;
  };
  // False once it is over.
  bool heard(Client& client) {
    char buffer[4096];
    ssize_t n = ::recv(client.fd.get(), buffer, sizeof buffer, 0);
    if (n <= 0) return false;
    Moment moment{scene_, client.peer, ::time(nullptr) * 1'000'000'000, told_};
    std::string out = client.http->hear(std::string_view(buffer, static_cast<size_t>(n)), moment);
    for (std::string_view rest = out; !rest.empty();) {
      ssize_t sent = ::send(client.fd.get(), rest.data(), rest.size(), MSG_NOSIGNAL);
      if (sent <= 0) return false;
      rest.remove_prefix(static_cast<size_t>(sent));
    }
    return !client.http->closing();
  }
  void serve() {
    std::map<int, Client> clients;
    for (;;) {
      std::vector<pollfd> polled{{stop_.get(), POLLIN, 0}, {listener_.get(), POLLIN, 0}};
      for (const auto& [fd, client] : clients) polled.push_back({fd, POLLIN, 0});
      if (::poll(polled.data(), polled.size(), -1) < 0 || polled[0].revents != 0) return;
      for (size_t i = 2; i < polled.size(); ++i)
        if (polled[i].revents != 0 && !heard(clients.at(polled[i].fd))) clients.erase(polled[i].fd);
      if (polled[1].revents == 0) continue;
      Client client{Fd(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC)), {}, nullptr};
      client.peer.dst_port = port_;
      Moment moment{scene_, client.peer, 0, told_};
      client.http = open_http(moment);
      int fd = client.fd.get();
      if (fd >= 0) clients.emplace(fd, std::move(client));
    }
  }

  Fd listener_, stop_;
  uint16_t port_ = 0;
  Scene scene_{web_lures()};
  std::vector<Report> told_;
  std::thread thread_;
};

}  // namespace assay::sinkhole
