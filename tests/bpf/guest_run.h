// guest_run: run_guest(), which runs one verb of guest.c inside a real runsc under a real Tracer, and what it
// saw.
#pragma once

#include <cstdlib>
#include <nlohmann/json.hpp>
#include <optional>

#include "agent/trace/syscalls.h"
#include "agent/trace/tracer.h"
#include "common/clock.h"
#include "common/digest.h"
#include "common/event.h"
#include "tests/bpf/chamber.h"

namespace assay {

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
  std::string silence{};  // a call that the Sentry is kept from reporting: its points are not enabled
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

/// Takes a call's points out of the session that the tracer asks for.
inline void silence_call(const fs::path& pod_init, const std::string& call) {
  auto session = nlohmann::json::parse(must(read_file(pod_init.string(), 4 << 20)));
  auto& points = session["trace_session"]["points"];
  size_t before = points.size();
  std::string raw = "syscall/sysno/" + std::to_string(syscall_number(call)) + "/";
  points.erase(std::remove_if(points.begin(), points.end(),
                              [&](const auto& point) {
                                auto name = point["name"].template get<std::string>();
                                return name.starts_with(raw) || name == "syscall/" + call + "/exit";
                              }),
               points.end());
  EXPECT_LT(points.size(), before) << call;
  must(write_file(pod_init.string(), session.dump()));
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
    if (!options.silence.empty()) silence_call(tracer->pod_init_config(), options.silence);
    command.argv.push_back("--pod-init-config=" + tracer->pod_init_config().string());
    for (const auto& option : tracer->runtime_options()) command.argv.push_back(option);
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
  cgroup.wait_empty();
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

/// What every event of the guest's first process says of it.
inline void expect_first_process(const Event& e) {
  EXPECT_EQ(e.plane, Plane::guest) << event_json(e);
  EXPECT_EQ(e.source, Source::seccheck);
  EXPECT_EQ(e.pid, 1);
  EXPECT_EQ(e.tid, 1);
  EXPECT_EQ(e.uid, 0u);
  EXPECT_EQ(e.gid, 0u);
  EXPECT_EQ(e.comm, "guest");
  EXPECT_GT(e.seq, 0u);
  EXPECT_GT(e.time_ns, 0);
}

}  // namespace assay
