// A scheduler's API as the verbs see it: a real HTTP server on a free port of this host that answers as the
// test says, and one that answers with raw bytes, for what no HTTP server would say.
#pragma once

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <httplib.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "cli/remote.h"
#include "common/fd.h"

namespace assay::cli {

inline const std::string kScan1 = "20261125T031500-00000001", kScan2 = "20261125T031501-00000002",
                         kScan3 = "20261125T031502-00000003", kBatch = "20261125T031400-0000000b";
inline const std::string kToken = "assay_0123456789abcdef";

class FakeApi {
 public:
  FakeApi() {
    server_.set_logger([](const httplib::Request&, const httplib::Response&) {});
    server_.set_pre_routing_handler([this](const httplib::Request& request, httplib::Response& response) {
      if (request.get_header_value("Authorization") == "Bearer " + kToken)
        return httplib::Server::HandlerResponse::Unhandled;
      answer(response, R"({"error":{"code":"denied","message":"no such token"}})", 401);
      return httplib::Server::HandlerResponse::Handled;
    });
    port_ = server_.bind_to_any_port("127.0.0.1");
  }
  ~FakeApi() {
    server_.stop();
    if (thread_.joinable()) thread_.join();
  }
  /// After the routes are set.
  void start() {
    thread_ = std::thread([this] { server_.listen_after_bind(); });
    while (!server_.is_running()) std::this_thread::yield();  // stop() before that would stop nothing
  }
  httplib::Server& server() { return server_; }
  std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }
  Remote remote(int stop_fd = -1, RemoteLimits limits = {}) const {
    return Remote(*ServerUrl::parse(url()), kToken, stop_fd, limits);
  }

  static void answer(httplib::Response& response, const std::string& body, int status = 200) {
    response.status = status;
    response.set_content(body, "application/json");
  }
  /// "GET path" answered so, always.
  void get(const std::string& path, const std::string& body, int status = 200) {
    server_.Get(path, [=, this](const httplib::Request& request, httplib::Response& response) {
      note(request);
      answer(response, body, status);
    });
  }
  void post(const std::string& path, const std::string& body, int status = 200) {
    server_.Post(path, [=, this](const httplib::Request& request, httplib::Response& response) {
      note(request);
      answer(response, body, status);
    });
  }
  /// A stream that says `text` and then stays open until the server stops, or is closed at once.
  void events(std::string text, bool stays = true) {
    if (text.empty()) text = ":\n\n";  // an empty chunk would end it
    server_.Get("/v1/events", [=, this](const httplib::Request& request, httplib::Response& response) {
      note(request);
      response.set_chunked_content_provider("text/event-stream",
                                            [=, this, said = false](size_t, httplib::DataSink& sink) mutable {
                                              if (!said) sink.write(text.data(), text.size());
                                              said = true;
                                              if (!stays) sink.done();
                                              if (stays)
                                                std::this_thread::sleep_for(std::chrono::milliseconds(5));
                                              return server_.is_running() && sink.is_writable();
                                            });
    });
  }

  void note(const httplib::Request& request) {
    std::lock_guard lock(mutex_);
    requests_.push_back(request.method + " " + request.target +
                        (request.body.empty() ? "" : " " + request.body));
  }
  std::vector<std::string> requests() {
    std::lock_guard lock(mutex_);
    return requests_;
  }

 private:
  httplib::Server server_;
  int port_ = 0;
  std::thread thread_;
  std::mutex mutex_;  // the library's server has threads of its own
  std::vector<std::string> requests_;
};

/// Answers its one connection with `bytes`, whatever it asks; then closes, or keeps it open until the test
/// ends.
class RawServer {
 public:
  explicit RawServer(std::string bytes, bool closes = true)
      : listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    auto* any = reinterpret_cast<sockaddr*>(&address);
    socklen_t size = sizeof address;
    EXPECT_EQ(::bind(listener_.get(), any, size), 0);
    EXPECT_EQ(::listen(listener_.get(), 4), 0);
    EXPECT_EQ(::getsockname(listener_.get(), any, &size), 0);
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this, bytes = std::move(bytes), closes] {
      Fd client(::accept(listener_.get(), nullptr, nullptr));
      char buffer[4096];
      if (!client || ::recv(client.get(), buffer, sizeof buffer, 0) <= 0) return;
      (void)!::send(client.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (!closes)
        while (::recv(client.get(), buffer, sizeof buffer, 0) > 0) {
        }
    });
  }
  ~RawServer() {
    ::shutdown(listener_.get(), SHUT_RDWR);
    thread_.join();
  }
  Remote remote(RemoteLimits limits = {}) const {
    return Remote(*ServerUrl::parse("http://127.0.0.1:" + std::to_string(port_)), kToken, -1, limits);
  }

 private:
  Fd listener_;
  int port_ = 0;
  std::thread thread_;
};

/// One scan as the API gives it.
inline std::string scan_json(const std::string& id, const std::string& ref, const std::string& state,
                             const std::string& verdict = "", int score = 0, const std::string& expect = "",
                             const std::string& error = "") {
  return R"({"scan_id":")" + id + R"(","ref":")" + ref + R"(","state":")" + state +
         R"(","lane":"batch","verdict":")" + verdict + R"(","score":)" + std::to_string(score) +
         R"(,"expect":")" + expect + R"(","error":")" + error +
         R"(","submitted_ns":1795576500000000000,"attempt":1,"waits":[]})";
}
inline std::string event_text(const std::string& name, const std::string& id, const std::string& rest) {
  return "event: " + name + "\ndata: {\"scan_id\":\"" + id + "\"," + rest + "}\n\n";
}

}  // namespace assay::cli
