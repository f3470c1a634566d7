// The server's loop on loopback sockets of either family, as the agent hands them over; no namespaces, no
// steering.
#include "agent/sinkhole/server.h"

#include <gtest/gtest.h>
#include <netinet/in.h>

#include <algorithm>
#include <thread>

#include "agent/sinkhole/sockets.h"

namespace assay::sinkhole {
namespace {

// A server on a thread of its own, and our end of its report channel.
class Running {
 public:
  enum class Begin { at_once, later };
  explicit Running(int family, Begin begin = Begin::at_once) : scene_(lure::Lures{}) {
    tcp_ = bound(family, SOCK_STREAM);
    udp_ = bound(family, SOCK_DGRAM);
    EXPECT_EQ(::listen(tcp_.get(), 16), 0);
    int on = 1;
    EXPECT_EQ(::setsockopt(udp_.get(), IPPROTO_IP, IP_RECVORIGDSTADDR, &on, sizeof on), 0);
    if (family == AF_INET6) {
      EXPECT_EQ(::setsockopt(udp_.get(), IPPROTO_IPV6, IPV6_RECVORIGDSTADDR, &on, sizeof on), 0);
    }
    int pair[2];
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair), 0);
    ours_ = Fd(pair[0]);
    theirs_ = Fd(pair[1]);
    if (begin == Begin::at_once) start();
  }
  void start() {
    auto server = Server::open({tcp_.get(), udp_.get(), -1, theirs_.get(), {}}, kConnections, scene_);
    EXPECT_TRUE(server);
    thread_ = std::thread([server = std::move(*server)]() mutable { EXPECT_TRUE(server.run()); });
  }
  ~Running() {
    if (thread_.joinable()) finish();
  }
  Fd dial(int family, int type) {
    Fd fd(::socket(family, type, 0));
    Endpoint to{family == AF_INET6 ? six_ : Address::v4(0x7f000001),
                local_endpoint(type == SOCK_STREAM ? tcp_.get() : udp_.get())->port};
    sockaddr_storage address;
    socklen_t size = put_endpoint(to, family, address);
    EXPECT_EQ(::connect(fd.get(), reinterpret_cast<sockaddr*>(&address), size), 0);
    return fd;
  }
  static constexpr size_t kConnections = 8;
  int udp() const { return udp_.get(); }
  Report totals;  // the last one
  /// "kind transport src>dst name data" of each report until the server's end.
  std::string finish() {
    ::shutdown(ours_.get(), SHUT_WR);
    thread_.join();
    theirs_.reset();
    std::string out;
    char buffer[kMaxReportBytes];
    for (ssize_t n; (n = ::recv(ours_.get(), buffer, sizeof buffer, 0)) > 0;) {
      auto report = decode_report({buffer, static_cast<size_t>(n)});
      EXPECT_TRUE(report);
      if (report) totals = *report;
      if (!report || report->kind != ReportKind::session) continue;
      out += std::to_string(static_cast<int>(report->transport)) + " " + report->src_addr.text() + ">" +
             report->dst_addr.text() + " " + report->app + " " + report->data.substr(0, 5) + "\n";
    }
    return out;
  }

 private:
  static Fd bound(int family, int type) {
    Fd fd(::socket(family, type | SOCK_NONBLOCK, 0));
    int off = 0;
    if (family == AF_INET6) ::setsockopt(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);
    sockaddr_storage any;
    socklen_t size = put_endpoint({family == AF_INET6 ? Address() : Address::v4(0), 0}, family, any);
    EXPECT_EQ(::bind(fd.get(), reinterpret_cast<sockaddr*>(&any), size), 0);
    return fd;
  }
  static constexpr Address six_{{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}};
  Scene scene_;
  Fd tcp_, udp_, ours_, theirs_;
  std::thread thread_;
};

std::string ask_web(const Fd& fd) {
  std::string request = "GET / HTTP/1.0\r\n\r\n", reply(12, '\0');
  EXPECT_EQ(::send(fd.get(), request.data(), request.size(), 0), static_cast<ssize_t>(request.size()));
  EXPECT_EQ(::recv(fd.get(), reply.data(), reply.size(), MSG_WAITALL), 12);
  return reply;
}

TEST(Server, GoesOnWithIpv4WhereThereIsNoOther) {
  Running server(AF_INET);
  EXPECT_EQ(ask_web(server.dial(AF_INET, SOCK_STREAM)), "HTTP/1.1 200");
  Fd udp = server.dial(AF_INET, SOCK_DGRAM);
  ASSERT_EQ(::send(udp.get(), "hello", 5, 0), 5);
  std::string seen = server.finish();
  EXPECT_NE(seen.find("0 127.0.0.1>127.0.0.1 http GET /\n"), std::string::npos) << seen;
  EXPECT_NE(seen.find("1 127.0.0.1>127.0.0.1  hello\n"), std::string::npos) << seen;
}

TEST(Server, OneSocketTakesBothFamilies) {
  Running server(AF_INET6);
  for (int family : {AF_INET, AF_INET6}) {
    EXPECT_EQ(ask_web(server.dial(family, SOCK_STREAM)), "HTTP/1.1 200");
    Fd udp = server.dial(family, SOCK_DGRAM);
    ASSERT_EQ(::send(udp.get(), "hello", 5, 0), 5);
  }
  std::string seen = server.finish();
  for (const char* line : {"0 127.0.0.1>127.0.0.1 http GET /\n", "0 ::1>::1 http GET /\n",
                           "1 127.0.0.1>127.0.0.1  hello\n", "1 ::1>::1  hello\n"})
    EXPECT_NE(seen.find(line), std::string::npos) << line << seen;
}

TEST(Sockets, EndpointsSurviveBothForms) {
  Endpoint four{Address::v4(0xc6120307), 53};
  sockaddr_storage storage;
  for (int family : {AF_INET, AF_INET6}) {
    put_endpoint(four, family, storage);
    auto back = endpoint_of(storage);
    ASSERT_TRUE(back);
    EXPECT_EQ(back->addr.text() + " " + std::to_string(back->port), "198.18.3.7 53");
  }
  storage.ss_family = AF_UNIX;
  EXPECT_FALSE(endpoint_of(storage));
}

TEST(Server, WhoIsPushedOutIsReportedAndCounted) {
  Running server(AF_INET);
  std::vector<Fd> dialled;
  for (size_t i = 0; i < Running::kConnections + 3; ++i) {
    dialled.push_back(server.dial(AF_INET, SOCK_STREAM));
    ASSERT_EQ(::send(dialled.back().get(), "hello", 5, 0), 5);
  }
  std::string told = server.finish();
  EXPECT_EQ(static_cast<size_t>(std::count(told.begin(), told.end(), '\n')), dialled.size()) << told;
  EXPECT_EQ(server.totals.pushed_out, 3u);
  EXPECT_EQ(server.totals.lost, 0u);
}

TEST(Server, DatagramsThatItsSocketDroppedLastAreCountedToo) {
  Running server(AF_INET, Running::Begin::later);
  int on = 1, small = 4096;
  ASSERT_EQ(::setsockopt(server.udp(), SOL_SOCKET, SO_RXQ_OVFL, &on, sizeof on), 0);
  ASSERT_EQ(::setsockopt(server.udp(), SOL_SOCKET, SO_RCVBUF, &small, sizeof small), 0);
  constexpr int kSent = 200;
  std::vector<Fd> each;  // from a port of its own: a flow of its own
  for (int i = 0; i < kSent; ++i) {
    each.push_back(server.dial(AF_INET, SOCK_DGRAM));
    ASSERT_EQ(::send(each.back().get(), "datagram", 8, 0), 8);
  }
  server.start();
  std::string told = server.finish();
  auto seen = static_cast<uint64_t>(std::count(told.begin(), told.end(), '\n'));
  EXPECT_GT(seen, 0u);
  EXPECT_GT(server.totals.lost, 0u);
  EXPECT_EQ(seen + server.totals.lost, kSent);
}

}  // namespace
}  // namespace assay::sinkhole
