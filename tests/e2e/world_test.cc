// A guest in the simulated internet: names resolve, every address and port answers, and all of it is
// reported.
#include "agent/world.h"

#include <algorithm>
#include <map>

#include "tests/e2e/chamber.h"

namespace assay::chamber {
namespace {

// Speaks DNS by hand: a static program has no resolver library.
constexpr const char* kGuest = R"(
#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>
static int dial(int type, const char* address, int port) {
  struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(port)};
  struct timeval patience = {5, 0};
  inet_aton(address, &to.sin_addr);
  int fd = socket(AF_INET, type, 0);
  setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  if (connect(fd, (void*)&to, sizeof to) != 0) { perror(address); return -1; }
  return fd;
}
static void say(const char* address, int port, const char* text) {
  char reply[2048];
  int fd = dial(SOCK_STREAM, address, port);
  if (*text) write(fd, text, strlen(text));
  int n = read(fd, reply, sizeof reply - 1);
  reply[n > 0 ? n : 0] = 0;
  reply[strcspn(reply, "\r\n")] = 0;
  reply[24] = 0;
  printf("%d %s\n", port, reply);
  close(fd);
}
int main(void) {
  static const char query[] = "\x12\x34\x01\0\0\1\0\0\0\0\0\0\4pool\7example\3com\0\0\1\0\1";
  unsigned char reply[512];
  char address[32] = "";
  int fd = dial(SOCK_DGRAM, "172.17.0.1", 53);
  write(fd, query, sizeof query - 1);
  int n = read(fd, reply, sizeof reply);
  if (n > 4) sprintf(address, "%d.%d.%d.%d", reply[n - 4], reply[n - 3], reply[n - 2], reply[n - 1]);
  printf("dns %d %s\n", n, address);
  say(address, 8080, "GET /a.sh HTTP/1.1\r\nHost: pool.example.com\r\n\r\n");
  say(address, 3333, "{\"id\":1,\"method\":\"login\",\"params\":{\"login\":\"x\"}}\n");
  say("8.8.4.4", 22, "");
  fd = dial(SOCK_DGRAM, "9.9.9.9", 53);  // a name server of the guest's own choice
  write(fd, query, sizeof query - 1);
  printf("dns %d\n", (int)read(fd, reply, sizeof reply));
  fd = dial(SOCK_DGRAM, "1.2.3.4", 123);
  char ntp[48] = {0x23};
  write(fd, ntp, sizeof ntp);
  printf("ntp %d\n", (int)read(fd, reply, sizeof reply));
  fd = dial(SOCK_DGRAM, "5.6.7.8", 9999);
  write(fd, "datagram", 8);
  fd = dial(SOCK_STREAM, "203.0.113.9", 4444);
  write(fd, "uid=0(root)\n", 12);
  puts("done");
  fflush(stdout);
  sleep(1);
  return 0;
}
)";

std::string summary(const Event& event) {
  std::string out = std::string(to_string(event.kind)) + " " + event.proto + " " + event.src_addr + " " +
                    event.dst_addr + ":" + std::to_string(event.dst_port) + " name=" + event.name +
                    " type=" + event.query_type + " answers=";
  for (const std::string& answer : event.answers) out += answer + ",";
  out += " result=" + std::to_string(event.result) + " data=";
  if (event.kind != EventKind::canary)  // its marker is its own
    out += event.data.substr(0, event.data.find_first_of(std::string("\r\n\0", 3)));
  return out + "\n";
}

TEST(World, AnswersAndReportsWhateverTheGuestDials) {
  REQUIRE_HOST();
  TempDir temp;
  std::string id = temp.path().filename();
  Bundle bundle(temp.path() / "bundle");
  ASSERT_TRUE(bundle.add_guest(kGuest));
  std::vector<Event> events;
  std::string printed;
  {
    auto network = Network::create();
    ASSERT_TRUE(network) << network.error().what;
    auto cgroup = Cgroup::create("assay/" + id + "/scan", {});
    ASSERT_TRUE(cgroup) << cgroup.error().what;
    auto world = World::start(*network, lure::Lures{}, {}, 0);
    ASSERT_TRUE(world) << world.error().what;
    ASSERT_TRUE(bundle.configure({"/guest"}, network->guest_ns_path()));
    SandboxConfig config;
    config.id = id;
    config.bundle_dir = bundle.dir();
    config.runtime_root = temp.path() / "runsc";
    config.cgroup = &*cgroup;
    auto sandbox = Sandbox::start(config);
    ASSERT_TRUE(sandbox) << sandbox.error().what;
    printed = read_output(sandbox->stdout_fd(), "done\n", seconds(30));
    auto status = wait_for_end(*sandbox, seconds(20));
    EXPECT_TRUE(status && status->shell_code() == 0) << sandbox->runtime_error();
    EXPECT_TRUE(world->running());
    events = world->finish();
    EXPECT_TRUE(world->running());
    EXPECT_EQ(world->lost(), 0u);
    EXPECT_EQ(world->seen(), events.size());
  }
  ASSERT_FALSE(events.empty());
  std::string address = events[0].answers.empty() ? "" : events[0].answers[0];
  EXPECT_EQ(address, "198.19.58.75");  // follows from the name alone
  EXPECT_EQ(printed,
            "dns 50 198.19.58.75\n"
            "8080 HTTP/1.1 200 OK\n"
            "3333 {\"id\":1,\"jsonrpc\":\"2.0\",\n"
            "22 SSH-2.0-OpenSSH_9.2p1 De\n"
            "dns 50\n"
            "ntp 48\n"
            "done\n");
  std::sort(events.begin(), events.end(),
            [](const Event& a, const Event& b) { return a.time_ns < b.time_ns; });
  std::string seen;
  for (const Event& event : events) {
    EXPECT_EQ(event.plane, Plane::host);
    EXPECT_EQ(event.source, Source::sinkhole);
    EXPECT_NE(event.src_port, 0u);
    seen += summary(event);
  }
  const std::string kLogin = R"({"id":1,"method":"login","params":{"login":"x"}})";
  EXPECT_EQ(
      seen,
      "dns udp 172.17.0.2 172.17.0.1:53 name=pool.example.com type=A answers=" + address +
          ", result=0 data=\n" + "session tcp 172.17.0.2 " + address +
          ":8080 name=pool.example.com type= answers= result=0 data=GET /a.sh HTTP/1.1\n" +
          "http tcp 172.17.0.2 " + address + ":8080 name=pool.example.com type= answers= result=0 data=\n" +
          "canary tcp 172.17.0.2 " + address + ":8080 name=pool.example.com type= answers= result=0 data=\n" +
          "session tcp 172.17.0.2 " + address + ":3333 name=pool.example.com type= answers= result=0 data=" +
          kLogin + "\n" + "http tcp 172.17.0.2 " + address +
          ":3333 name=pool.example.com type= answers= result=0 data=" + kLogin + "\n" +
          "session tcp 172.17.0.2 8.8.4.4:22 name= type= answers= result=0 data=\n"
          "dns udp 172.17.0.2 9.9.9.9:53 name=pool.example.com type=A answers=" +
          address + ", result=0 data=\n" +
          "session udp 172.17.0.2 1.2.3.4:123 name= type= answers= result=0 data=#\n" +
          "session udp 172.17.0.2 5.6.7.8:9999 name= type= answers= result=0 data=datagram\n"
          "session tcp 172.17.0.2 203.0.113.9:4444 name= type= answers= result=0 data=uid=0(root)\n");
  EXPECT_EQ(left_behind(id, temp.path() / "runsc"), "");
}

// Speaks IPv6 alone: what the interface has, HTTP, DNS, NTP and a ping.
constexpr const char* kGuest6 = R"(
#include <arpa/inet.h>
#include <ifaddrs.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>
static int dial(int type, int protocol, const char* address, int port) {
  struct sockaddr_in6 to = {.sin6_family = AF_INET6, .sin6_port = htons(port)};
  struct timeval patience = {5, 0};
  inet_pton(AF_INET6, address, &to.sin6_addr);
  int fd = socket(AF_INET6, type, protocol);
  setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  if (connect(fd, (void*)&to, sizeof to) != 0) { perror(address); return -1; }
  return fd;
}
int main(void) {
  char text[64];
  unsigned char reply[2048];
  struct ifaddrs* at;
  getifaddrs(&at);
  for (; at; at = at->ifa_next) {
    if (!at->ifa_addr || at->ifa_addr->sa_family != AF_INET6 || strcmp(at->ifa_name, "eth0")) continue;
    inet_ntop(AF_INET6, &((struct sockaddr_in6*)at->ifa_addr)->sin6_addr, text, sizeof text);
    if (strncmp(text, "fe80", 4)) printf("eth0 %s\n", text);
  }
  int fd = dial(SOCK_STREAM, 0, "2001:db8::80", 8080);
  write(fd, "GET / HTTP/1.1\r\nHost: six.example\r\n\r\n", 39);
  int n = read(fd, reply, 12);
  printf("http %.*s\n", n > 0 ? n : 0, reply);
  close(fd);
  static const char query[] = "\x12\x34\x01\0\0\1\0\0\0\0\0\0\4pool\7example\3com\0\0\x1c\0\1";
  fd = dial(SOCK_DGRAM, 0, "2001:4860:4860::8888", 53);
  write(fd, query, sizeof query - 1);
  n = read(fd, reply, sizeof reply);
  if (n >= 62) inet_ntop(AF_INET6, reply + n - 16, text, sizeof text);
  printf("dns %d %s\n", n, text);
  fd = dial(SOCK_DGRAM, 0, "2001:db8::123", 123);
  char ntp[48] = {0x23};
  write(fd, ntp, sizeof ntp);
  printf("ntp %d\n", (int)read(fd, reply, sizeof reply));
  fd = dial(SOCK_DGRAM, IPPROTO_ICMPV6, "2001:db8::5", 0);
  write(fd, "\x80\0\0\0\0\1\0\1payload", 15);
  for (n = 0; n < 4 && read(fd, reply, sizeof reply) > 0 && reply[0] != 129; ++n) {}
  printf("ping %d\n", reply[0]);
  puts("done");
  return 0;
}
)";

// runsc takes the addresses out of the namespace; the second one finds them again.
TEST(World, GuestsOneAfterTheOtherSpeakIpv6) {
  REQUIRE_HOST();
  ASSAY_NEED(fs::exists("/proc/sys/net/ipv6"), "a kernel with IPv6");
  TempDir temp;
  Bundle bundle(temp.path() / "bundle");
  ASSERT_TRUE(bundle.add_guest(kGuest6));
  auto network = Network::create();
  ASSERT_TRUE(network) << network.error().what;
  EXPECT_EQ(network->guest_addr6(), "fd00:172:17::2");
  auto world = World::start(*network, lure::Lures{}, {}, 0);
  ASSERT_TRUE(world) << world.error().what;
  ASSERT_TRUE(bundle.configure({"/guest"}, network->guest_ns_path()));
  for (const char* turn : {"one", "two"}) {
    std::string id = std::string(temp.path().filename()) + "-" + turn;
    auto cgroup = Cgroup::create("assay/" + id + "/scan", {});
    ASSERT_TRUE(cgroup) << cgroup.error().what;
    SandboxConfig config;
    config.id = id;
    config.bundle_dir = bundle.dir();
    config.runtime_root = temp.path() / "runsc";
    config.cgroup = &*cgroup;
    auto sandbox = Sandbox::start(config);
    ASSERT_TRUE(sandbox) << sandbox.error().what;
    EXPECT_EQ(read_output(sandbox->stdout_fd(), "done\n", seconds(30)),
              "eth0 fd00:172:17::2\nhttp HTTP/1.1 200\ndns 62 2001:2::c613:3a4b\nntp 48\nping 129\ndone\n")
        << turn << read_output(sandbox->stderr_fd(), "", milliseconds(10));
    EXPECT_TRUE(wait_for_end(*sandbox, seconds(20))) << turn;
    auto restored = network->restore_guest();
    ASSERT_TRUE(restored) << restored.error().what;
  }
  std::map<std::string, int> seen;
  for (const Event& event : world->finish())
    if (event.kind == EventKind::session || event.kind == EventKind::dns)
      ++seen[std::string(to_string(event.kind)) + " " + event.proto + " " + event.src_addr + " " +
             event.dst_addr + ":" + std::to_string(event.dst_port)];
  EXPECT_EQ(seen, (std::map<std::string, int>{{"session tcp fd00:172:17::2 2001:db8::80:8080", 2},
                                              {"dns udp fd00:172:17::2 2001:4860:4860::8888:53", 2},
                                              {"session udp fd00:172:17::2 2001:db8::123:123", 2}}));
}

TEST(World, SinkholeRunsWithoutAnyPrivilege) {
  REQUIRE_HOST();
  auto network = Network::create();
  ASSERT_TRUE(network) << network.error().what;
  auto world = World::start(*network, lure::Lures{}, {}, 0);
  ASSERT_TRUE(world) << world.error().what;
  pid_t pid = sinkhole_of_ours();
  ASSERT_NE(pid, 0);
  auto status = read_file("/proc/" + std::to_string(pid) + "/status", 65536);
  ASSERT_TRUE(status);
  EXPECT_NE(status->find("\nUid:\t65534\t65534\t65534\t65534\n"), std::string::npos);
  EXPECT_NE(status->find("\nGid:\t65534\t65534\t65534\t65534\n"), std::string::npos);
  EXPECT_NE(status->find("\nGroups:\t \n"), std::string::npos);
  EXPECT_NE(status->find("\nNoNewPrivs:\t1\n"), std::string::npos);
#ifndef __SANITIZE_ADDRESS__
  // It may come to its filter after it was started.
  for (int i = 0; i < 100 && status->find("\nSeccomp:\t2\n") == std::string::npos; ++i) {
    ::usleep(20'000);
    status = read_file("/proc/" + std::to_string(pid) + "/status", 65536);
    ASSERT_TRUE(status);
  }
  EXPECT_NE(status->find("\nSeccomp:\t2\n"), std::string::npos);
#endif
  for (const char* set : {"CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"})
    EXPECT_NE(status->find(std::string("\n") + set + ":\t0000000000000000\n"), std::string::npos) << set;
}

TEST(World, DeadSinkholeIsNoticed) {
  REQUIRE_HOST();
  auto network = Network::create();
  ASSERT_TRUE(network) << network.error().what;
  auto world = World::start(*network, lure::Lures{}, {}, 0);
  ASSERT_TRUE(world) << world.error().what;
  pid_t pid = sinkhole_of_ours();
  ASSERT_NE(pid, 0);
  ::kill(pid, SIGKILL);
  pollfd p{world->fd(), POLLIN, 0};
  ASSERT_EQ(::poll(&p, 1, 5000), 1);
  EXPECT_TRUE(world->take().empty());
  EXPECT_FALSE(world->running());
  EXPECT_EQ(world->fd(), -1);  // a loop that polls it must not spin
}

}  // namespace
}  // namespace assay::chamber
