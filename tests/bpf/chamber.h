// chamber: what the tracer's tests share: a minimal root file system, a veth pair of namespaces with a small
// server in the outer one, a cgroup, and run_guest(), which runs one verb of guest.c inside a real runsc
// under a real Tracer. Everything is removed when it goes out of scope.
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
#include <filesystem>
#include <nlohmann/json.hpp>
#include <thread>

#include "agent/trace/bpf_support.h"
#include "agent/trace/tracer.h"
#include "common/digest.h"
#include "common/event.h"
#include "common/fd.h"
#include "common/process.h"

namespace assay {

namespace fs = std::filesystem;

/// Why the tests cannot run here; empty when they can. Under CI=true they must.
inline std::string cannot_run() {
  std::string why;
  if (geteuid() != 0)
    why = "needs root";
  else if (access("/sys/kernel/btf/vmlinux", R_OK) != 0)
    why = "needs a kernel with BTF";
  else if (!find_program("runsc"))
    why = "needs runsc";
  return why;
}

#define ASSAY_REQUIRE_HOST()                           \
  do {                                                 \
    if (auto why = cannot_run(); !why.empty()) {       \
      if (std::getenv("CI") != nullptr) FAIL() << why; \
      GTEST_SKIP() << why;                             \
    }                                                  \
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

/// A directory that is gone afterwards.
class TempDir {
 public:
  TempDir() {
    char name[] = "/tmp/assay-trace-XXXXXX";
    path_ = mkdtemp(name);
  }
  ~TempDir() { fs::remove_all(path_); }
  const fs::path& path() const { return path_; }

 private:
  fs::path path_;
};

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
    // What runsc left dies a moment after it: cgroup.events changes when the group is empty. Reading it arms
    // the next poll.
    auto kill = open_file((path_ / "cgroup.kill").string(), O_WRONLY);
    if (kill) (void)write_all(kill->get(), "1", "cgroup.kill");
    Fd events = must(open_file((path_ / "cgroup.events").string(), O_RDONLY));
    for (int64_t deadline = wall_ns() + 10'000'000'000; wall_ns() < deadline;) {
      char text[128] = "";
      (void)!pread(events.get(), text, sizeof text - 1, 0);
      if (std::string_view(text).find("populated 0") != std::string_view::npos && rmdir(path_.c_str()) == 0)
        return;
      pollfd changed{events.get(), POLLPRI, 0};
      poll(&changed, 1, 100);
    }
    ADD_FAILURE() << path_ << " is left behind";
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

/// guest.c, compiled once per test program.
inline const fs::path& guest_program() {
  static TempDir dir;
  static fs::path program = [] {
    fs::path out = dir.path() / "guest";
    sh({"gcc", "-static", "-O1", "-w", "-pthread", "-o", out.string(),
        ASSAY_SOURCE_DIR "/tests/bpf/guest.c"});
    return out;
  }();
  return program;
}

struct GuestRun {
  std::vector<Event> events;
  std::vector<SourceCount> counts;
  int status = -1;
  std::string err;
  std::string sha256;  // of the guest program
  int64_t wall_ns = 0;
  uint64_t cgroup_cpu_ns = 0;  // as the kernel accounts it

  const SourceCount& count(Source source) const {
    for (const auto& c : counts)
      if (c.source == source) return c;
    std::abort();
  }
  /// The first event that `match` accepts; a failure, and an empty event, when there is none.
  template <class Match>
  Event find(const char* what, Match match) const {
    for (const auto& e : events)
      if (match(e)) return e;
    std::string all;
    for (const auto& e : events) all += event_text(e) + "\n";
    ADD_FAILURE() << "no such event: " << what << "\n" << all;
    return {};
  }
  Event find(EventKind kind, const std::string& call = "", Source source = Source::seccheck) const {
    return find((std::string(to_string(kind)) + " " + call).c_str(), [&](const Event& e) {
      return e.kind == kind && e.source == source && (call.empty() || e.call == call);
    });
  }
  std::vector<Event> all(EventKind kind, Source source = Source::seccheck) const {
    std::vector<Event> out;
    for (const auto& e : events)
      if (e.kind == kind && e.source == source) out.push_back(e);
    return out;
  }
};

struct GuestOptions {
  bool network = false;
  bool trace = true;
  int64_t take_pause_ms = 5;
};

inline std::string runtime_config(const fs::path& rootfs, const std::vector<std::string>& args,
                                  const std::string& net_ns) {
  nlohmann::json caps = {"CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_SETUID",          "CAP_SETGID",
                         "CAP_KILL",  "CAP_SYS_CHROOT",   "CAP_NET_BIND_SERVICE"};
  nlohmann::json namespaces = {{{"type", "pid"}}, {{"type", "mount"}}, {{"type", "ipc"}}, {{"type", "uts"}}};
  nlohmann::json network = {{"type", "network"}};
  if (!net_ns.empty()) network["path"] = net_ns;
  namespaces.push_back(network);
  return nlohmann::json{{"ociVersion", "1.0.2"},
                        {"process",
                         {{"args", args},
                          {"cwd", "/"},
                          {"env", {"PATH=/bin", "HOME=/root"}},
                          {"user", {{"uid", 0}, {"gid", 0}}},
                          {"capabilities", {{"bounding", caps}, {"effective", caps}, {"permitted", caps}}}}},
                        {"root", {{"path", rootfs.string()}}},
                        {"hostname", "guest"},
                        {"linux", {{"namespaces", namespaces}}}}
      .dump();
}

/// Runs `/bin/guest ARGS...` as the container's first process and returns what the tracer saw.
inline GuestRun run_guest(std::vector<std::string> args, const GuestOptions& options = {}) {
  prctl(PR_SET_CHILD_SUBREAPER, 1);
  GuestRun out;
  TempDir dir;
  TestCgroup cgroup;
  std::unique_ptr<TestNetwork> network;
  if (options.network) network = std::make_unique<TestNetwork>();
  fs::path rootfs = dir.path() / "rootfs";
  for (const char* sub : {"bin", "etc", "tmp", "proc", "dev", "sys", "mnt"})
    fs::create_directories(rootfs / sub);
  fs::copy_file(guest_program(), rootfs / "bin/guest");
  fs::copy_file(guest_program(), rootfs / "tmp/dropped");
  must(write_file((rootfs / "etc/motd").string(), "welcome\n"));
  args.insert(args.begin(), "guest");
  must(write_file((dir.path() / "config.json").string(),
                  runtime_config(rootfs, args, network ? network->guest_path() : "")));
  out.sha256 = must(digest_fd(must(open_file(guest_program().string(), O_RDONLY)).get(), "guest")).hex();

  std::optional<Tracer> tracer;
  std::string id = "assay-trace-test-" + std::to_string(getpid());
  Command command;
  command.argv = {"runsc",
                  "--root",
                  (dir.path() / "state").string(),
                  "--platform=systrap",
                  "--overlay2=none",
                  "--ignore-cgroups",
                  options.network ? "--network=sandbox" : "--network=none"};
  if (options.trace) {
    TracerConfig config;
    config.dir = dir.path();
    config.start_time_ns = wall_ns();
    config.cgroup_id = cgroup.id();
    config.rootfs = rootfs;
    if (network) {
      config.world_ns_fd = network->world_ns();
      config.world_ifindex = network->ifindex();
      config.guest_addr = "172.17.0.2";
    }
    tracer.emplace(must(Tracer::open(config)));
    command.argv.push_back("--pod-init-config=" + tracer->pod_init_config().string());
  }
  command.argv.insert(command.argv.end(), {"run", "--bundle", dir.path().string(), id});
  command.new_mount_ns = true;
  command.cover = {"/proc/sys/net"};
  Fd procs = cgroup.procs();
  command.cgroup_procs_fds = {procs.get()};
  Fd log = must(open_file((dir.path() / "log").string(), O_CREAT | O_RDWR | O_APPEND));
  command.stderr_fd = log.get();
  int64_t begin = wall_ns();
  Child child = must(spawn(command));
  for (int64_t deadline = begin + 120'000'000'000; wall_ns() < deadline;) {
    pollfd waits[] = {{child.pidfd(), POLLIN, 0}, {tracer ? tracer->fd() : -1, POLLIN, 0}};
    poll(waits, 2, 1000);
    if (tracer)
      for (auto& e : tracer->take()) out.events.push_back(std::move(e));
    if (waits[0].revents) break;
  }
  out.status = child.wait().shell_code();
  out.wall_ns = wall_ns() - begin;
  out.cgroup_cpu_ns = cgroup.cpu_ns();
  if (tracer) {
    for (auto& e : tracer->finish()) out.events.push_back(std::move(e));
    out.counts = tracer->counts();
  }
  out.err = must(read_file((dir.path() / "log").string(), 1 << 20));
  EXPECT_NE(out.status, 99) << out.err;
  if (std::getenv("ASSAY_SHOW_EVENTS") != nullptr) {
    for (const auto& e : out.events) printf("%s\n    %s\n", event_text(e).c_str(), event_json(e).c_str());
    for (const auto& c : out.counts)
      printf("%s: seen %lu lost %lu %s\n", to_string(c.source), static_cast<unsigned long>(c.seen),
             static_cast<unsigned long>(c.lost), c.detail.c_str());
    printf("status %d: %s\n", out.status, out.err.c_str());
  }
  return out;
}

}  // namespace assay
