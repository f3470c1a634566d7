// Http against servers that answer well, slowly, without end, too much, and not at all.
#include "sources/http.h"

#include <gtest/gtest.h>

#include "tests/unit/sources/servers.h"

namespace assay::sources {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using std::chrono::steady_clock;

// Code and text of an error; "200 body" of an answer.
std::string shown(const Result<HttpReply>& reply) {
  if (!reply) return std::string(to_string(reply.error().code)) + ": " + reply.error().what;
  return std::to_string(reply->status) + " " + reply->body;
}

HttpAsk get(const std::string& url) {
  HttpAsk out;
  out.url = url;
  return out;
}

// Names no port, which differs.
std::string without_port(std::string text) {
  size_t at = text.find("127.0.0.1:");
  if (at == std::string::npos) return text;
  size_t end = text.find_first_not_of("0123456789", at + 10);
  return text.replace(at, (end == std::string::npos ? text.size() : end) - at, "HOST");
}

TEST(Http, SendsMethodHeadersAndBodyAndReadsTheAnswer) {
  Served server;
  auto echo = [](const httplib::Request& request, httplib::Response& response) {
    response.set_header("X-Seen", request.method + " " + request.get_header_value("X-One") + "/" +
                                      request.get_header_value("Content-Type"));
    response.status = 207;
    response.set_content("<" + request.body + ">", "text/plain");
  };
  server->Post("/", echo);
  server->Put("/", echo);
  server->Get("/", echo);
  server->Delete("/", echo);
  server.start();
  Http http;
  HttpAsk ask = get(server.url());
  ask.headers = {{"X-One", "1"}, {"Content-Type", "application/json"}};
  for (const char* method : {"POST", "PUT", "GET", "DELETE", "HEAD"}) {
    ask.method = method;
    ask.body = ask.method == "POST" || ask.method == "PUT" ? "{}" : "";
    auto reply = http.ask(ask);
    std::string seen = ask.method == "HEAD" ? "HEAD" : ask.method;
    EXPECT_EQ(shown(reply), ask.method == "HEAD" ? "207 " : "207 <" + ask.body + ">");
    EXPECT_EQ(reply ? reply->header("x-seen") : "", seen + " 1/application/json");
  }
  ask.method = "PUT";
  ask.body = "";
  EXPECT_EQ(shown(http.ask(ask)), "207 <>");
}

TEST(Http, KeepsConnections) {
  Served server;
  std::set<int> ports;
  server->Get(
      "/", [&](const httplib::Request& request, httplib::Response&) { ports.insert(request.remote_port); });
  server.start();
  Http http;
  for (int i = 0; i < 5; ++i) EXPECT_EQ(shown(http.ask(get(server.url()))), "200 ");
  EXPECT_EQ(ports.size(), 1u);
}

TEST(Http, BasicAuthIsSentAtOnceAndInNoError) {
  Served server;
  server->Get("/", [](const httplib::Request& request, httplib::Response& response) {
    response.set_content(request.get_header_value("Authorization"), "text/plain");
  });
  server.start();
  Http http;
  HttpAsk ask = get(server.url());
  ask.basic = {"robot", "s3cret:x"};
  EXPECT_EQ(shown(http.ask(ask)), "200 Basic cm9ib3Q6czNjcmV0Ong=");
  ask.limit_bytes = 1;
  std::string error = shown(http.ask(ask));
  EXPECT_EQ(error.find("s3cret"), std::string::npos);
  EXPECT_EQ(without_port(error), "limit: HOST answers with more than the 1 bytes that are read");
}

TEST(Http, RefusesUrlsAndHeadersThatCannotBeAsked) {
  Http http;
  for (const char* url : {"", "nonsense", "file:///etc/passwd", "ftp://127.0.0.1/", "http://",
                          "http://u:p@127.0.0.1/", "http://127.0.0.1/a b", "gopher://127.0.0.1/"})
    EXPECT_EQ(shown(http.ask(get(url))).substr(0, 8), "invalid:") << url;
  HttpAsk ask = get("http://127.0.0.1:1/");
  ask.headers = {{"X-One", "1\r\nX-Two: 2"}};
  EXPECT_EQ(shown(http.ask(ask)),
            "invalid: request to 127.0.0.1:1: header 'X-One' holds a line break or NUL");
}

TEST(Http, SaysWhatKeptItFromAnAnswer) {
  Http http;
  EXPECT_EQ(shown(http.ask(get("http://127.0.0.1:1/?token=s3cret"))),
            "unreachable: 127.0.0.1:1 takes no connection: Connection refused");
  RawServer silent([](int, const RawServer&) {});
  EXPECT_EQ(without_port(shown(http.ask(get(silent.url())))),
            "unreachable: HOST has cut the connection before its answer was whole");
  RawServer cut([](int fd, const RawServer&) {
    RawServer::send(fd, "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc");
  });
  EXPECT_EQ(without_port(shown(http.ask(get(cut.url())))),
            "unreachable: HOST has cut the connection before its answer was whole");
  RawServer ssh([](int fd, const RawServer&) { RawServer::send(fd, "SSH-2.0-OpenSSH_9.2\r\n"); });
  EXPECT_EQ(without_port(shown(http.ask(get(ssh.url())))),
            "unreachable: HOST does not speak HTTP: Received HTTP/0.9 when not allowed");
}

TEST(Http, ASlowServerIsGivenUp) {
  RawServer drip([](int fd, const RawServer& server) {
    RawServer::send(fd, "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n");
    while (!server.ends(20) && RawServer::send(fd, "x")) {
    }
  });
  Http http;
  HttpAsk ask = get(drip.url());
  ask.whole = milliseconds(300);
  auto from = steady_clock::now();
  EXPECT_EQ(without_port(shown(http.ask(ask))), "timeout: HOST has not answered in whole within 300 ms");
  EXPECT_LT(steady_clock::now() - from, seconds(5));
}

TEST(Http, AnEndlessBodyAndEndlessHeadersAreCutOff) {
  RawServer body([](int fd, const RawServer&) {
    RawServer::send(fd, "HTTP/1.1 200 OK\r\n\r\n");
    while (RawServer::send(fd, std::string(65536, 'x'))) {
    }
  });
  Http http;
  HttpAsk ask = get(body.url());
  ask.limit_bytes = 100'000;
  EXPECT_EQ(without_port(shown(http.ask(ask))),
            "limit: HOST answers with more than the 100000 bytes that are read");
  auto headers = [](const std::string& line, const std::string& status = "200 OK") {
    return [line, status](int fd, const RawServer&) {
      RawServer::send(fd, "HTTP/1.1 " + status + "\r\n");
      while (RawServer::send(fd, line)) {
      }
    };
  };
  RawServer many(headers("X-One: " + std::string(1000, 'x') + "\r\n"));
  EXPECT_EQ(without_port(shown(http.ask(get(many.url())))),
            "limit: HOST answers with more than 65536 bytes of headers");
  RawServer continued(headers("\r\nHTTP/1.1 100 Continue\r\n", "100 Continue"));
  EXPECT_EQ(without_port(shown(http.ask(get(continued.url())))),
            "limit: HOST answers with more than 65536 bytes of headers");
  RawServer one_line(headers(std::string(1000, 'x')));
  EXPECT_FALSE(http.ask(get(one_line.url())));
}

TEST(Http, HeadOfSomethingLargeIsNoLargeAnswer) {
  RawServer large([](int fd, const RawServer&) {
    RawServer::send(fd, "HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n");
  });
  Http http;
  HttpAsk ask = get(large.url());
  ask.method = "HEAD";
  auto reply = http.ask(ask);
  EXPECT_EQ(shown(reply), "200 ");
  EXPECT_EQ(reply->header("content-length"), "99999999999");
}

TEST(Http, AStopEndsARequestAndAPauseAtOnce) {
  RawServer mute([](int, const RawServer& server) { server.ends(20'000); });
  Fd stop = *make_event();
  Http http(stop.get());
  auto from = steady_clock::now();
  std::thread stopper([&] {
    std::this_thread::sleep_for(milliseconds(100));
    raise_event(stop.get());
  });
  EXPECT_EQ(shown(http.ask(get(mute.url()))).substr(0, 10), "cancelled:");
  EXPECT_LT(steady_clock::now() - from, seconds(3));
  stopper.join();
  Status paused = http.pause(seconds(60));
  ASSERT_FALSE(paused);
  EXPECT_EQ(paused.error().code, Errc::cancelled);
  EXPECT_EQ(shown(http.ask(get("http://127.0.0.1:1/"))), "cancelled: stopped");
  clear_event(stop.get());
  EXPECT_TRUE(http.pause(milliseconds(1)));
  EXPECT_LT(steady_clock::now() - from, seconds(10));
}

}  // namespace
}  // namespace assay::sources
