// The guard in whole scans: silent over what runsc does, and heard when somebody acts from inside the
// sandbox's cgroup.
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>

#include "agent/cgroup.h"
#include "common/fd.h"
#include "tests/e2e/assay.h"

namespace assay::e2e {
namespace {

nlohmann::json source_of(const nlohmann::json& report, const std::string& name) {
  for (const auto& source : report["completeness"]["sources"])
    if (source["source"] == name) return source;
  return {};
}

std::vector<nlohmann::json> guard_events(const TempDir& data, const nlohmann::json& report) {
  Ran trace = assay(data, {"trace", report["scan"]["id"], "--format", "json"});
  std::vector<nlohmann::json> out;
  std::istringstream lines(trace.out);
  for (std::string line; std::getline(lines, line);)
    if (auto event = nlohmann::json::parse(line, nullptr, false); event["kind"] == "guard")
      out.push_back(std::move(event));
  return out;
}

TEST(Guard, IsSilentOverAScanAndSaysHowMuchItSaw) {
  ASSAY_NEEDS_HOST();
  TempDir data;
  Ran ran = assay(
      data, {"scan", "oci-archive:" + image("escape").string(), "--duration", "5s", "--format", "json"});
  auto report = ran.json();
  ASSERT_TRUE(report.is_object()) << ran.err;
  EXPECT_EQ(report["verdict"], "malicious") << "by what it does in the guest";
  EXPECT_EQ(guard_events(data, report), std::vector<nlohmann::json>());
  auto guard = source_of(report, "guard");
  EXPECT_GT(guard["seen"], 20) << guard;
  EXPECT_EQ(guard["lost"], 0) << guard;
  EXPECT_EQ(guard.value("detail", ""), "");
}

// The v2 cgroup in which `parent` has a runsc; empty if there is none yet.
fs::path sandbox_cgroup(pid_t parent) {
  auto mounts = cgroup_mounts();
  if (!mounts) return {};
  std::error_code ignored;
  for (const CgroupMount& mount : *mounts) {
    if (!mount.v2) continue;
    for (fs::recursive_directory_iterator it(mount.dir + "/assay", ignored), end; !ignored && it != end;
         it.increment(ignored)) {
      if (it->path().filename() != "sandbox") continue;  // beside it is the sinkhole, a child as well
      std::ifstream procs(it->path() / "cgroup.procs");
      for (pid_t pid = 0; procs >> pid;) {
        auto status = read_file("/proc/" + std::to_string(pid) + "/status", 65536);
        if (status && status->find("\nPPid:\t" + std::to_string(parent) + "\n") != std::string::npos)
          return it->path();
      }
    }
  }
  return {};
}

TEST(Guard, ForeignProcessInARunningSandboxIsAFinding) {
  ASSAY_NEEDS_HOST();
  TempDir data;
  int out[2];
  ASSERT_EQ(pipe2(out, O_CLOEXEC), 0);
  Fd read_end(out[0]), write_end(out[1]);
  Command command;
  command.argv = {bin("assay"), "scan",   "oci-archive:" + image("quiet").string(),
                  "--duration", "8s",     "--format",
                  "json",       "--data", data.path() / "data"};
  command.stdout_fd = write_end.get();
  auto scan = spawn(command);
  ASSERT_TRUE(scan) << scan.error().what;
  write_end.reset();
  fs::path cgroup;
  for (int i = 0; i < 3000 && cgroup.empty(); ++i) {
    usleep(10'000);
    cgroup = sandbox_cgroup(scan->pid());
  }
  ASSERT_FALSE(cgroup.empty()) << "no sandbox within 30 s";
  std::string procs = cgroup / "cgroup.procs";
  pid_t foreigner = fork();
  if (foreigner == 0) {
    auto fd = open_file(procs, O_WRONLY | O_CLOEXEC);
    if (!fd || write(fd->get(), "0", 1) != 1) _exit(1);
    (void)mount("none", "/no-such-place", "tmpfs", 0, nullptr);
    _exit(0);
  }
  int status = -1;
  waitpid(foreigner, &status, 0);
  EXPECT_EQ(status, 0) << "it came into the cgroup";
  std::string text;
  char buffer[65536];
  for (ssize_t n; (n = read(read_end.get(), buffer, sizeof buffer)) > 0;)
    text.append(buffer, static_cast<size_t>(n));
  scan->wait();
  auto report = nlohmann::json::parse(text, nullptr, false);
  ASSERT_TRUE(report.is_object()) << text;
  std::set<std::string> titles;
  for (const auto& finding : report["findings"]) titles.insert(finding["title"].get<std::string>());
  EXPECT_TRUE(titles.contains("A process on the host that is none of the sandbox's"))
      << report["findings"].dump(1);
  EXPECT_TRUE(titles.contains("The sandbox's own process mounted or changed namespaces on the host"))
      << report["findings"].dump(1);
  EXPECT_EQ(report["verdict"], "malicious");
}

}  // namespace
}  // namespace assay::e2e
