// Servers on the loopback for the tests of sources: HTTP and HTTPS by cpp-httplib, raw sockets for what no
// HTTP library would answer, and certificates by openssl(1).
#pragma once

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <httplib.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <fstream>
#include <functional>
#include <memory>
#include <string>
#include <thread>

#include "common/fd.h"
#include "common/process.h"
#include "tests/support.h"

namespace assay::sources {

/// Authorities and certificates in a directory of their own.
class Certificates {
 public:
  explicit Certificates(std::filesystem::path dir) : dir_(std::move(dir)) {
    openssl({"req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
             "-subj", "/CN=Authority of a test", "-keyout", file("ca.key"), "-out", ca()});
    std::ofstream(file("ext")) << "subjectAltName=IP:127.0.0.1,DNS:localhost\n";
  }
  std::string file(const std::string& name) const { return dir_ / name; }
  std::string ca() const { return file("ca.crt"); }
  /// Makes NAME.crt and NAME.key, signed by the authority.
  void sign(const std::string& name) const {
    openssl({"req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=" + name,
             "-keyout", file(name + ".key"), "-out", file(name + ".csr")});
    openssl({"x509", "-req", "-days", "2", "-in", file(name + ".csr"), "-CA", ca(), "-CAkey", file("ca.key"),
             "-CAcreateserial", "-extfile", file("ext"), "-out", file(name + ".crt")});
  }

 private:
  static void openssl(std::vector<std::string> args) {
    args.insert(args.begin(), "openssl");
    auto done = run({.argv = args}, std::chrono::seconds(30));
    ASSERT_TRUE(done) << done.error().what;
    ASSERT_EQ(done->status.shell_code(), 0) << done->err;
  }
  std::filesystem::path dir_;
};

/// A cpp-httplib server on a free port: routes are set, then start(). Ended with the object.
class Served {
 public:
  Served() : server_(std::make_unique<httplib::Server>()) {}
  /// With TLS; `client_ca`: only clients with a certificate by it.
  Served(const Certificates& certificates, const std::string& name, const std::string& client_ca = "")
      : scheme_("https"),
        server_(std::make_unique<httplib::SSLServer>(certificates.file(name + ".crt").c_str(),
                                                     certificates.file(name + ".key").c_str(),
                                                     client_ca.empty() ? nullptr : client_ca.c_str())) {}
  ~Served() {
    server_->stop();
    if (thread_.joinable()) thread_.join();
  }
  httplib::Server* operator->() { return server_.get(); }
  void start() {
    port_ = server_->bind_to_any_port("127.0.0.1");
    thread_ = std::thread([this] { server_->listen_after_bind(); });
    while (!server_->is_running()) std::this_thread::yield();  // else a stop() would not be heeded
  }
  int port() const { return port_; }
  std::string host() const { return "127.0.0.1:" + std::to_string(port_); }
  std::string url(const std::string& path = "/") const { return scheme_ + "://" + host() + path; }

 private:
  std::string scheme_ = "http";
  std::unique_ptr<httplib::Server> server_;
  std::thread thread_;
  int port_ = 0;
};

/// Hands each connection to `talk`, one after another, once its request's headers are read. `talk` ends when
/// it cannot send any more, or ends() says so.
class RawServer {
 public:
  using Talk = std::function<void(int fd, const RawServer& server)>;
  explicit RawServer(Talk talk) : talk_(std::move(talk)) {
    listener_ = Fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    EXPECT_EQ(::bind(listener_.get(), reinterpret_cast<sockaddr*>(&address), size), 0);
    EXPECT_EQ(::listen(listener_.get(), 8), 0);
    ::getsockname(listener_.get(), reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(address.sin_port);
    end_ = *make_event();
    thread_ = std::thread([this] { serve(); });
  }
  ~RawServer() {
    raise_event(end_.get());
    thread_.join();
  }
  std::string url(const std::string& path = "/") const {
    return "http://127.0.0.1:" + std::to_string(port_) + path;
  }
  /// Waits that long for the test's end.
  bool ends(int timeout_ms) const {
    pollfd one{end_.get(), POLLIN, 0};
    return ::poll(&one, 1, timeout_ms) > 0;
  }
  static bool send(int fd, const std::string& text) {
    return ::send(fd, text.data(), text.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(text.size());
  }

 private:
  void serve() {
    for (;;) {
      pollfd both[] = {{end_.get(), POLLIN, 0}, {listener_.get(), POLLIN, 0}};
      ::poll(both, 2, -1);
      if (both[0].revents) return;
      Fd peer(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
      std::string request;
      char buffer[4096];
      while (request.find("\r\n\r\n") == std::string::npos) {
        ssize_t n = ::recv(peer.get(), buffer, sizeof buffer, 0);
        if (n <= 0) break;
        request.append(buffer, static_cast<size_t>(n));
      }
      talk_(peer.get(), *this);
    }
  }

  Talk talk_;
  Fd listener_, end_;
  int port_ = 0;
  std::thread thread_;
};

}  // namespace assay::sources
