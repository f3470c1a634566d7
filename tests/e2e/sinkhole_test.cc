// The sinkhole under load and under odd clients, without a guest: the test itself speaks from inside the
// guest's network namespace.
#include <arpa/inet.h>
#include <netinet/ip_icmp.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <algorithm>
#include <map>
#include <set>

#include "agent/world.h"
#include "tests/e2e/chamber.h"

namespace assay::chamber {
namespace {

sockaddr_in address(const char* ip, uint16_t port) {
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(port);
  ::inet_pton(AF_INET, ip, &to.sin_addr);
  return to;
}

Result<Fd> dial(int type, const char* ip, uint16_t port, int protocol = 0) {
  Fd fd(::socket(AF_INET, type | SOCK_CLOEXEC, protocol));
  timeval patience{5, 0};
  auto to = address(ip, port);
  if (!fd || ::setsockopt(fd.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience) != 0 ||
      ::connect(fd.get(), reinterpret_cast<sockaddr*>(&to), sizeof to) != 0)
    return errno_error("connect");
  return fd;
}

std::string receive(const Fd& fd) {
  char buffer[8192];
  ssize_t n = ::recv(fd.get(), buffer, sizeof buffer, 0);
  return n < 0 ? "<error>" : std::string(buffer, static_cast<size_t>(n));
}

const std::string kQuery("\x12\x34\x01\0\0\1\0\0\0\0\0\0\4pool\7example\3com\0\0\1\0\1", 34);

class SinkholeTest : public testing::Test {
 protected:
  void SetUp() override {
    REQUIRE_HOST();
    auto network = Network::create();
    ASSERT_TRUE(network) << network.error().what;
    network_.emplace(std::move(*network));
    auto world = World::start(*network_, lure::Lures{}, {}, 0);
    ASSERT_TRUE(world) << world.error().what;
    world_.emplace(std::move(*world));
  }
  void inside(const std::function<Status()>& f) {
    auto done = in_net_ns(network_->guest_ns(), f);
    ASSERT_TRUE(done) << done.error().what;
  }
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
  ASSERT_EQ(events.size(), 1u);
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

TEST_F(SinkholeTest, EchoIsAnsweredFromAnywhereButTheGuestsOwnSubnet) {
  std::string far, near;
  auto ping = [](const char* ip) -> Result<std::string> {
    ASSAY_TRY(Fd fd, dial(SOCK_RAW, ip, 0, IPPROTO_ICMP));
    timeval patience{0, 300'000};
    ::setsockopt(fd.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    std::string echo("\x08\0\xf7\xff\0\0\0\0", 8);  // with its checksum
    if (::send(fd.get(), echo.data(), echo.size(), 0) < 0) return errno_error("send");
    std::string reply = receive(fd);
    return std::string(reply.size() >= 28 && reply[20] == ICMP_ECHOREPLY ? "reply" : "silence");
  };
  inside([&]() -> Status {
    ASSAY_TRY(far, ping("93.184.216.34"));
    ASSAY_TRY(near, ping("172.17.0.77"));
    return Status();
  });
  EXPECT_EQ(far + " " + near, "reply silence");
}

}  // namespace
}  // namespace assay::chamber
