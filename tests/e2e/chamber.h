// chamber: what the tests of sandbox, world and cleanup share: a guest program built here from C, a rootfs
// that holds nothing else, a hand-written runtime config, and a look at everything that could be left behind.
#pragma once

#include <gtest/gtest.h>
#include <poll.h>
#include <stdlib.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>

#include "agent/cgroup.h"
#include "agent/network.h"
#include "agent/sandbox.h"
#include "common/process.h"
#include "tests/support.h"

namespace assay::chamber {

namespace fs = std::filesystem;
using std::chrono::milliseconds;
using std::chrono::seconds;
using std::chrono::steady_clock;

// Skips visibly where this machine cannot run a sandbox; in CI it must.
#define REQUIRE_HOST()                                                \
  do {                                                                \
    auto host_ = ::assay::check_host();                               \
    ASSAY_NEED(host_, "a host that can scan: " + host_.error().what); \
    ASSERT_TRUE(::assay::become_subreaper());                         \
  } while (false)

// A bundle whose rootfs holds /guest, a static program made from `source`.
class Bundle {
 public:
  explicit Bundle(const fs::path& dir) : dir_(dir) { fs::create_directories(dir / "rootfs" / "proc"); }
  const fs::path& dir() const { return dir_; }
  fs::path rootfs() const { return dir_ / "rootfs"; }

  Status add_guest(const std::string& source) {
    ASSAY_CHECK(write_file(dir_ / "guest.c", source));
    Command cc;
    cc.argv = {"gcc", "-static", "-O1", "-o", (rootfs() / "guest").string(), (dir_ / "guest.c").string()};
    ASSAY_TRY(Output output, run(std::move(cc), seconds(60)));
    if (output.status.shell_code() != 0) return Error{Errc::invalid, output.err};
    return Status();
  }
  Status configure(const std::vector<std::string>& argv, const std::string& net_ns_path = "",
                   unsigned uid = 0) {
    auto network = nlohmann::json{{"type", "network"}};
    if (!net_ns_path.empty()) network["path"] = net_ns_path;
    nlohmann::json config = {
        {"ociVersion", "1.0.2"},
        {"process",
         {{"terminal", false},
          {"user", {{"uid", uid}, {"gid", uid}}},
          {"args", argv},
          {"env", {"PATH=/"}},
          {"cwd", "/"}}},
        {"root", {{"path", rootfs().string()}}},
        {"hostname", "guest"},
        {"mounts", {{{"destination", "/proc"}, {"type", "proc"}, {"source", "proc"}}}},
        {"linux",
         {{"namespaces",
           {{{"type", "pid"}}, {{"type", "mount"}}, {{"type", "ipc"}}, {{"type", "uts"}}, network}}}}};
    return write_file(dir_ / "config.json", config.dump());
  }

 private:
  fs::path dir_;
};

// What the guest prints until it ends, `until` appears, or time is up.
inline std::string read_output(int fd, const std::string& until, milliseconds patience) {
  std::string text;
  auto deadline = steady_clock::now() + patience;
  for (;;) {
    auto left = std::chrono::duration_cast<milliseconds>(deadline - steady_clock::now()).count();
    pollfd p{fd, POLLIN, 0};
    if (left <= 0 || ::poll(&p, 1, static_cast<int>(left)) <= 0) return text;
    char buffer[4096];
    ssize_t n = ::read(fd, buffer, sizeof buffer);
    if (n <= 0) return text;
    text.append(buffer, static_cast<size_t>(n));
    if (!until.empty() && text.find(until) != std::string::npos) return text;
  }
}

inline std::optional<ExitStatus> wait_for_end(Sandbox& sandbox, milliseconds patience) {
  pollfd p{sandbox.pidfd(), POLLIN, 0};
  ::poll(&p, 1, static_cast<int>(patience.count()));
  return sandbox.ended();
}

// Everything on this host that carries `mark` (a scan's id, an instance): one line each, empty when nothing
// is left.
inline std::string left_behind(const std::string& mark, const fs::path& runtime_root) {
  std::string out;
  if (auto mounts = read_file("/proc/self/mountinfo", 1 << 24);
      mounts && mounts->find(mark) != std::string::npos)
    out += "mount\n";
  auto hierarchies = cgroup_mounts();
  if (!hierarchies) return "cannot look at cgroups\n";
  std::error_code error;
  for (const CgroupMount& mount : *hierarchies)
    for (fs::recursive_directory_iterator it(mount.dir + "/assay", error), end; !error && it != end;
         it.increment(error))
      if (it->is_directory() && it->path().string().find(mark) != std::string::npos)
        out += "cgroup " + it->path().string() + "\n";
  for (const auto& entry : fs::directory_iterator("/proc", error)) {
    auto cgroup = read_file(entry.path() / "cgroup", 1 << 16);
    auto command = read_file(entry.path() / "cmdline", 1 << 16);
    if ((cgroup && cgroup->find(mark) != std::string::npos) ||
        (command && command->find(mark) != std::string::npos))
      out += "process " + entry.path().filename().string() + "\n";
  }
  if (fs::exists(runtime_root)) {
    Command list;
    list.argv = {"runsc", "--root", runtime_root.string(), "list", "-quiet"};
    auto output = run(std::move(list), seconds(10));
    if (!output || !output->out.empty())
      out += "runsc " + (output ? output->out : output.error().what) + "\n";
    for (const auto& entry : fs::directory_iterator(runtime_root, error))
      out += "state " + entry.path().string() + "\n";
  }
  return out;
}

// The sinkhole that this process has started; its tests run one at a time.
inline pid_t sinkhole_of_ours() {
  for (const auto& entry : fs::directory_iterator("/proc")) {
    std::error_code error;
    auto exe = fs::read_symlink(entry.path() / "exe", error);
    auto status = read_file(entry.path() / "status", 65536);
    if (!error && exe.filename() == "assay-sinkhole" && status &&
        status->find("\nPPid:\t" + std::to_string(::getpid()) + "\n") != std::string::npos)
      return std::atoi(entry.path().filename().c_str());
  }
  return 0;
}

}  // namespace assay::chamber
