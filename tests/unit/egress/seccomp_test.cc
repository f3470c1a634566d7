// The forwarder's filter, each call in a child of its own.
#include "agent/egress/seccomp.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <cerrno>

#include "tests/confined.h"

namespace assay::egress {
namespace {

constexpr int kFlags = SOCK_NONBLOCK | SOCK_CLOEXEC;

std::string confined(const std::function<int()>& f) { return test::run_confined(confine, f); }

TEST(EgressSeccomp, StartingOpeningAndTracingKill) {
  NEEDS_FILTER();
  test::expect_bystander(confine);
  EXPECT_EQ(confined([] { return ::open("/etc/passwd", O_RDONLY); }), "killed");
}

TEST(EgressSeccomp, SocketsAreThoseOfTheInternetAlone) {
  NEEDS_FILTER();
  for (int family : {AF_INET, AF_INET6})
    for (int type : {SOCK_STREAM, SOCK_DGRAM})
      EXPECT_EQ(
          confined([=] { return ::socket(family, type | kFlags, 0) >= 0 || errno == EAFNOSUPPORT ? 0 : 1; }),
          "exit 0");
  EXPECT_EQ(confined([] { return ::socket(AF_UNIX, SOCK_STREAM | kFlags, 0); }), "killed");
  EXPECT_EQ(confined([] { return ::socket(AF_INET, SOCK_RAW | kFlags, IPPROTO_RAW); }), "killed");
  EXPECT_EQ(confined([] { return ::socket(AF_NETLINK, SOCK_DGRAM | kFlags, 0); }), "killed");
  EXPECT_EQ(confined([] { return ::bind(0, nullptr, 0); }), "killed");
  EXPECT_EQ(confined([] { return ::listen(0, 1); }), "killed");
}

TEST(EgressSeccomp, OptionsAreThoseOfARelayAlone) {
  NEEDS_FILTER();
  EXPECT_EQ(confined([] {
              int fd = ::socket(AF_INET, SOCK_STREAM | kFlags, 0), on = 1;
              return ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
            }),
            "exit 0");
  EXPECT_EQ(confined([] {
              int fd = ::socket(AF_INET, SOCK_STREAM | kFlags, 0), mark = 1;
              return ::setsockopt(fd, SOL_SOCKET, SO_MARK, &mark, sizeof mark);
            }),
            "killed");
}

TEST(EgressSeccomp, MemoryIsNeverExecutable) {
  NEEDS_FILTER();
  test::expect_memory_without_code(confine);
}

}  // namespace
}  // namespace assay::egress
