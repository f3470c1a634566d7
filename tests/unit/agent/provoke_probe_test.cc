// Probes of ports: against servers on loopback, real ones where every Debian has them, and the exact
// greetings of others.
#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>

#include <functional>
#include <map>
#include <random>
#include <set>
#include <thread>

#include "agent/provoke/ports.h"
#include "common/process.h"
#include "tests/support.h"

namespace assay {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

ProbeResult probe(uint32_t port, const std::string& proto = "tcp") {
  Probe client({proto, "127.0.0.1", port}, make_socket, steady_clock::now());
  auto until = steady_clock::now() + std::chrono::seconds(20);
  while (!client.advance(steady_clock::now()) && steady_clock::now() < until) {
    pollfd ready{client.fd(), client.events(), 0};
    ::poll(&ready, 1, 20);
  }
  EXPECT_LT(steady_clock::now(), until);
  return client.result();
}

Fd listener(int type, uint32_t& port) {
  Fd fd(::socket(AF_INET, type | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  EXPECT_EQ(::bind(fd.get(), reinterpret_cast<sockaddr*>(&address), size), 0);
  EXPECT_EQ(type == SOCK_STREAM ? ::listen(fd.get(), 8) : 0, 0);
  ::getsockname(fd.get(), reinterpret_cast<sockaddr*>(&address), &size);
  port = ntohs(address.sin_port);
  return fd;
}

// Serves connections one after the other on a thread, until it goes out of scope.
class Server {
 public:
  explicit Server(std::function<void(int)> serve) : fd_(listener(SOCK_STREAM, port)) {
    thread_ = std::thread([this, serve = std::move(serve)] {
      for (;;) {
        Fd peer(::accept(fd_.get(), nullptr, nullptr));
        if (!peer) return;
        serve(peer.get());
      }
    });
  }
  ~Server() {
    ::shutdown(fd_.get(), SHUT_RDWR);
    thread_.join();
  }
  uint32_t port = 0;

 private:
  Fd fd_;
  std::thread thread_;
};

std::string hear(int fd) {
  char buffer[4096];
  pollfd ready{fd, POLLIN, 0};
  if (::poll(&ready, 1, 3000) <= 0) return "";
  ssize_t n = ::recv(fd, buffer, sizeof buffer, 0);
  return n > 0 ? std::string(buffer, static_cast<size_t>(n)) : "";
}
void say(int fd, std::string_view text) { ::send(fd, text.data(), text.size(), MSG_NOSIGNAL); }

TEST(Probe, CrawlsAWebServer) {
  Server server([](int fd) {
    std::string request = hear(fd),
                body = "<a href='/one'>1</a><a href=two?x=1>2</a><a href=\"http://x/three\">3</a>";
    bool root = request.starts_with("GET / HTTP/1.1\r\n");
    if (!root) body = "nothing";
    say(fd, std::string(root ? "HTTP/1.1 200 OK" : "HTTP/1.1 404 Not Found") +
                "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body);
  });
  ProbeResult result = probe(server.port);
  EXPECT_EQ(result.app, "http");
  EXPECT_EQ(result.status, 200);
  ASSERT_GE(result.asked.size(), 4u);
  EXPECT_EQ(result.asked[0], "GET / 200");
  std::set<std::string> asked(result.asked.begin(), result.asked.end());
  for (const char* page :
       {"GET /one 404", "GET /two?x=1 404", "GET /three 404", "GET /robots.txt 404", "GET /admin 404"})
    EXPECT_TRUE(asked.contains(page)) << page;
  EXPECT_TRUE(result.answer.starts_with("HTTP/1.1 200 OK"));
}

TEST(Probe, SpeaksTlsToWhoeverSpeaksItWithACertificateOfItsOwn) {
  TempDir dir;
  Command make;
  make.argv = {"openssl", "req",   "-x509", "-newkey", "rsa:2048",         "-nodes", "-subj",
               "/CN=x",   "-days", "2",     "-keyout", dir.path() / "key", "-out",   dir.path() / "cert"};
  auto made = run(std::move(make), std::chrono::seconds(60));
  ASSAY_NEED(made && made->status.shell_code() == 0, "openssl");
  uint32_t port = 0;
  listener(SOCK_STREAM, port);  // a free one
  Command serve;
  serve.argv = {"openssl", "s_server",
                "-quiet",  "-www",
                "-accept", "127.0.0.1:" + std::to_string(port),
                "-key",    dir.path() / "key",
                "-cert",   dir.path() / "cert"};
  auto server = spawn(serve);
  ASSERT_TRUE(server);
  ProbeResult result;
  for (int i = 0; i < 50 && result.app.empty(); ++i) {
    std::this_thread::sleep_for(milliseconds(50));
    result = probe(port);
  }
  EXPECT_EQ(result.app, "https") << result.how;
  EXPECT_EQ(result.status, 200);
  EXPECT_NE(result.answer.find("s_server"), std::string::npos);
}

TEST(Probe, AnswersAGreetingInItsProtocol) {
  struct Case {
    std::string greeting, app, expected;
  };
  for (const Case& c : {Case{"SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u3\r\n", "ssh", "SSH-2.0-"},
                        Case{"220 mail.test ESMTP Postfix (Debian/GNU)\r\n", "smtp", "EHLO "},
                        Case{"220 (vsFTPd 3.0.3)\r\n", "ftp", "USER anonymous\r\n"},
                        Case{"* OK [CAPABILITY IMAP4rev1] Dovecot ready.\r\n", "imap", "a CAPABILITY\r\n"},
                        Case{std::string("\x4a\0\0\0\x0a"
                                         "8.0.36\0........",
                                         20),
                             "mysql", "root"}}) {
    std::string said;
    {
      Server server([&](int fd) {
        say(fd, c.greeting);
        said = hear(fd);
      });
      EXPECT_EQ(probe(server.port).app, c.app);
    }
    EXPECT_NE(said.find(c.expected), std::string::npos) << c.app << ": " << said;
  }
}

TEST(Probe, RecognisesAServerThatWasAddressedInAnotherProtocol) {
  Server redis([](int fd) {
    for (std::string words; !(words = hear(fd)).empty();) {
      if (words.starts_with("*1\r\n$4\r\nPING"))
        say(fd, "+PONG\r\n");
      else if (words.starts_with("*1\r\n$4\r\nINFO"))
        say(fd, "$19\r\nredis_version:7.0.15\r\n");
      else
        say(fd, "-ERR wrong number of arguments for 'get' command\r\n");
    }
  });
  ProbeResult result = probe(redis.port);
  EXPECT_EQ(result.app, "redis");
  EXPECT_NE(result.answer.find("redis_version"), std::string::npos) << result.answer;
}

TEST(Probe, TellsNobodyAndSilenceApart) {
  uint32_t port = 0;
  listener(SOCK_STREAM, port);  // closed at once
  EXPECT_EQ(probe(port).how, "refused");
  EXPECT_EQ(probe(port, "udp").how, "no answer");
  Fd silent = listener(SOCK_STREAM, port);
  auto begun = steady_clock::now();
  ProbeResult result = probe(port);
  EXPECT_EQ(result.app, "");
  EXPECT_EQ(result.how, "no answer");
  EXPECT_LT(steady_clock::now() - begun, std::chrono::seconds(15));
}

TEST(Probe, KeepsNoMoreOfAFloodThanItMust) {
  Server server([](int fd) {
    std::string much(65536, 'x');
    for (int i = 0; i < 200; ++i)
      if (::send(fd, much.data(), much.size(), MSG_NOSIGNAL) < 0) return;
  });
  ProbeResult result = probe(server.port);
  EXPECT_EQ(result.app, "unknown");
  EXPECT_LE(result.answer.size(), Probe::kMaxAnswer);
}

TEST(Probe, AsksANameServerByUdp) {
  uint32_t port = 0;
  Fd server = listener(SOCK_DGRAM, port);
  std::thread answer([&] {
    char buffer[512];
    sockaddr_in from{};
    socklen_t size = sizeof from;
    ssize_t n = ::recvfrom(server.get(), buffer, sizeof buffer, 0, reinterpret_cast<sockaddr*>(&from), &size);
    if (n > 0)
      ::sendto(server.get(), buffer, static_cast<size_t>(n), 0, reinterpret_cast<sockaddr*>(&from), size);
  });
  EXPECT_EQ(probe(port, "udp").app, "unknown");
  answer.join();
}

Event call(EventKind kind, int32_t fd, const std::string& address = "", uint32_t port = 0,
           const char* proto = "tcp") {
  Event event;
  event.kind = kind;
  event.pid = 5;
  event.fd = fd;
  event.src_addr = address;
  event.src_port = port;
  event.proto = proto;
  return event;
}

TEST(Ports, AreLearnedFromCallsProbedOnceAndToldAsTheyAre) {
  Server web([](int fd) {
    hear(fd);
    say(fd, "HTTP/1.0 401 Unauthorized\r\nContent-Length: 0\r\n\r\n");
  });
  std::map<std::string, std::string> told;
  Ports ports({{"tcp", 1}, {"tcp", web.port}}, "127.0.0.1", make_socket, [&](Event event) {
    EXPECT_TRUE(told.emplace(event.path, event.name + " " + std::to_string(event.result)).second)
        << event.path;
  });
  ports.note(call(EventKind::bind, 3, "0.0.0.0", web.port));
  EXPECT_TRUE(ports.idle());  // bound, and nobody listens yet
  ports.note(call(EventKind::listen, 3));
  ports.note(call(EventKind::listen, 3));
  ports.note(call(EventKind::bind, 4, "127.0.0.1", 6379));
  ports.note(call(EventKind::listen, 4));
  ports.note(call(EventKind::bind, 5, "0.0.0.0", 40000, "udp"));  // a client's own
  EXPECT_EQ(told["tcp/6379"], "loopback only 0");
  for (auto until = steady_clock::now() + std::chrono::seconds(20);
       !ports.idle() && steady_clock::now() < until;) {
    ports.turn(steady_clock::now(), true);
    std::this_thread::sleep_for(milliseconds(5));
  }
  EXPECT_EQ(told["tcp/" + std::to_string(web.port)], "http 401");
  ports.finish();
  EXPECT_EQ(told["tcp/1"], "nobody listened 0");
  EXPECT_EQ(told.size(), 3u);
}

// What servers say is hostile: no bytes may break those who look at them.
TEST(Probe, AnyAnswerIsSurvived) {
  std::mt19937 random(7);
  const std::vector<std::string> seeds = {
      "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nLocation: /x\r\n\r\nhref=\"/a\" src=b >",
      "R\0\0\0\x08\0\0\0\0", "220 ESMTP\r\n", "\x20\x02\0\0", "+PONG\r\n"};
  for (int round = 0; round < 30'000; ++round) {
    std::string text = seeds[random() % seeds.size()];
    text.resize(random() % (text.size() + 1));
    for (int i = 0; i < 3 && !text.empty(); ++i) text[random() % text.size()] = static_cast<char>(random());
    if (const ProbeProtocol* found = recognise(text))
      for (size_t turn = 0; turn < 8; ++turn) found->reply(text, turn);
    Crawl crawl;
    crawl.learn(parse_http_answer(text));
    size_t pages = 0;
    while (!crawl.next().empty()) ++pages;
    EXPECT_LE(pages, 9u + Crawl::kMaxLinks);
  }
}

}  // namespace
}  // namespace assay
