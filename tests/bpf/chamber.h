// chamber: what a guest of the tests needs around it: a cgroup, a veth pair of namespaces with a small server
// in the outer one. Everything is removed when it goes out of scope.
#pragma once

#include <arpa/inet.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <sched.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <thread>

#include "agent/trace/bpf_support.h"
#include "agent/trace/tracer.h"
#include "common/clock.h"
#include "common/digest.h"
#include "common/event.h"
#include "common/fd.h"
#include "common/process.h"
#include "tests/support.h"

namespace assay {

namespace fs = std::filesystem;

/// Why the tests cannot run here; empty when they can. Under CI=true they must.
inline std::string cannot_run() {
  std::string why;
  if (geteuid() != 0)
    why = "root";
  else if (access("/sys/kernel/btf/vmlinux", R_OK) != 0)
    why = "a kernel with BTF";
  else if (!find_program("runsc"))
    why = "runsc";
  return why;
}

#define ASSAY_REQUIRE_HOST()        \
  do {                              \
    auto why_ = cannot_run();       \
    ASSAY_NEED(why_.empty(), why_); \
  } while (false)

template <class T>
T must(Result<T> result) {
  if (!result) {
    ADD_FAILURE() << result.error().what;
    std::abort();
  }
  return std::move(*result);
}
inline void must(Status status) {
  if (!status) {
    ADD_FAILURE() << status.error().what;
    std::abort();
  }
}

inline std::string sh(std::vector<std::string> argv, int net_ns_fd = -1) {
  std::string shown;
  for (const auto& arg : argv) shown += arg + " ";
  Command command;
  command.argv = std::move(argv);
  command.net_ns_fd = net_ns_fd;
  auto output = must(run(std::move(command), std::chrono::seconds(60), 1 << 20));
  EXPECT_EQ(output.status.shell_code(), 0) << shown << ": " << output.err;
  return output.out;
}

/// A v2 cgroup of the test's own.
class TestCgroup {
 public:
  TestCgroup() {
    fs::path root =
        fs::exists("/sys/fs/cgroup/unified/cgroup.procs") ? "/sys/fs/cgroup/unified" : "/sys/fs/cgroup";
    static int number = 0;
    path_ = root / ("assay-trace-test-" + std::to_string(getpid()) + "-" + std::to_string(number++));
    fs::create_directory(path_);
    struct stat st {};
    stat(path_.c_str(), &st);
    id_ = st.st_ino;
  }
  ~TestCgroup() {
    auto kill = open_file((path_ / "cgroup.kill").string(), O_WRONLY);
    if (kill) (void)write_all(kill->get(), "1", "cgroup.kill");
    wait_empty();
    if (rmdir(path_.c_str()) != 0) ADD_FAILURE() << path_ << " is left behind: " << strerror(errno);
  }
  /// What runsc left dies a moment after it. cgroup.events changes when the group is empty; reading it arms
  /// the next poll.
  void wait_empty() const {
    Fd events = must(open_file((path_ / "cgroup.events").string(), O_RDONLY));
    for (int64_t deadline = wall_ns() + 10'000'000'000; wall_ns() < deadline;) {
      char text[128] = "";
      (void)!pread(events.get(), text, sizeof text - 1, 0);
      if (std::string_view(text).find("populated 0") != std::string_view::npos) return;
      pollfd changed{events.get(), POLLPRI, 0};
      poll(&changed, 1, 100);
    }
  }
  void wait_populated() const {
    for (int64_t deadline = wall_ns() + 10'000'000'000; wall_ns() < deadline; usleep(1000))
      if (must(read_file((path_ / "cgroup.events").string(), 4096)).find("populated 1") != std::string::npos)
        return;
  }
  uint64_t id() const { return id_; }
  uint64_t cpu_ns() const {
    auto stat = must(read_file((path_ / "cpu.stat").string(), 4096));
    return std::strtoull(stat.c_str() + stat.find("usage_usec ") + 11, nullptr, 10) * 1000;
  }
  Fd procs() const { return must(open_file((path_ / "cgroup.procs").string(), O_WRONLY)); }

 private:
  fs::path path_;
  uint64_t id_ = 0;
};

inline Fd new_net_ns() {
  Fd out;
  std::thread([&] {
    if (unshare(CLONE_NEWNET) == 0) out = must(open_file("/proc/thread-self/ns/net", O_RDONLY));
  }).join();
  return out;
}

/// Two namespaces, one veth pair; the outer one answers on TCP 80, 443 and 4444 and on UDP 53, for every
/// address.
class TestNetwork {
 public:
  TestNetwork() : guest_(new_net_ns()), world_(new_net_ns()), stop_(eventfd(0, EFD_CLOEXEC)) {
    std::string world_path = "/proc/" + std::to_string(getpid()) + "/fd/" + std::to_string(world_.get());
    sh({"ip", "link", "add", "eth0", "type", "veth", "peer", "name", "outer", "netns", world_path},
       guest_.get());
    sh({"ip", "addr", "add", "172.17.0.2/16", "dev", "eth0"}, guest_.get());
    sh({"ip", "link", "set", "lo", "up"}, guest_.get());
    sh({"ip", "link", "set", "eth0", "up"}, guest_.get());
    sh({"ip", "addr", "add", "172.17.0.1/16", "dev", "outer"}, world_.get());
    sh({"ip", "link", "set", "lo", "up"}, world_.get());
    sh({"ip", "link", "set", "outer", "up"}, world_.get());
    sh({"ip", "route", "add", "default", "via", "172.17.0.1"}, guest_.get());
    sh({"ip", "route", "add", "local", "0.0.0.0/0", "dev", "lo"}, world_.get());
    std::thread([&] {
      setns(world_.get(), CLONE_NEWNET);
      ifindex_ = if_nametoindex("outer");
      for (auto port : {uint16_t{80}, uint16_t{443}, uint16_t{4444}}) listen_on(port, SOCK_STREAM);
      listen_on(53, SOCK_DGRAM);
    }).join();
    server_ = std::thread([this] { serve(); });
  }
  ~TestNetwork() {
    uint64_t one = 1;
    (void)!write(stop_.get(), &one, sizeof one);
    server_.join();
  }
  std::string guest_path() const {
    return "/proc/" + std::to_string(getpid()) + "/fd/" + std::to_string(guest_.get());
  }
  int world_ns() const { return world_.get(); }
  unsigned ifindex() const { return ifindex_; }

 private:
  void listen_on(uint16_t port, int type) {
    Fd fd(socket(AF_INET, type | SOCK_CLOEXEC, 0));
    sockaddr_in any{};
    any.sin_family = AF_INET;
    any.sin_port = htons(port);
    ASSERT_EQ(bind(fd.get(), reinterpret_cast<sockaddr*>(&any), sizeof any), 0);
    if (type == SOCK_STREAM) listen(fd.get(), 16);
    sockets_.push_back(std::move(fd));
  }
  // DNS: the question with one answer, 198.18.0.7. TCP: what came is read to its end, then "world says
  // hello".
  void serve_one(int fd) {
    char bytes[4096];
    sockaddr_in peer{};
    socklen_t length = sizeof peer;
    int type = 0;
    socklen_t type_length = sizeof type;
    getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &type_length);
    if (type == SOCK_DGRAM) {
      ssize_t n = recvfrom(fd, bytes, sizeof bytes, 0, reinterpret_cast<sockaddr*>(&peer), &length);
      std::string reply(bytes, n > 0 ? static_cast<size_t>(n) : 0);
      if (reply.size() < 12) return;
      reply[2] = '\x81', reply[3] = '\x80', reply[7] = 1;
      reply += std::string("\xc0\x0c\x00\x01\x00\x01\x00\x00\x00\x3c\x00\x04\xc6\x12\x00\x07", 16);
      sendto(fd, reply.data(), reply.size(), 0, reinterpret_cast<sockaddr*>(&peer), length);
      return;
    }
    Fd talk(accept4(fd, nullptr, nullptr, SOCK_CLOEXEC));
    timeval patience{5, 0};
    setsockopt(talk.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    while (recv(talk.get(), bytes, sizeof bytes, 0) > 0) {
    }
    (void)!send(talk.get(), "world says hello", 16, MSG_NOSIGNAL);
  }
  void serve() {
    for (;;) {
      std::vector<pollfd> waits{{stop_.get(), POLLIN, 0}};
      for (const auto& fd : sockets_) waits.push_back({fd.get(), POLLIN, 0});
      poll(waits.data(), waits.size(), -1);
      if (waits[0].revents) return;
      for (const auto& wait : waits)
        if (wait.revents) serve_one(wait.fd);
    }
  }

  Fd guest_, world_, stop_;
  unsigned ifindex_ = 0;
  std::vector<Fd> sockets_;
  std::thread server_;
};

}  // namespace assay
