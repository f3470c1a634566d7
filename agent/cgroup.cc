// One scan's directories in every hierarchy, their limits and their figures.
#include "agent/cgroup.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cmath>
#include <memory>
#include <sstream>

namespace assay {
namespace {

constexpr uint64_t kCpuPeriodUs = 100'000;
constexpr int kMkdirTries = 10;

bool has(const CgroupMount& mount, const char* controller) {
  return std::find(mount.controllers.begin(), mount.controllers.end(), controller) != mount.controllers.end();
}

// v2 hands a controller down only where the parent says so. What cannot be had shows when the limit is set.
void delegate(const std::string& dir, const CgroupMount& mount, const CgroupMount* v1_memory) {
  if (!mount.v2 || v1_memory) return;
  for (const char* controller : {"memory", "cpu", "pids"})
    if (has(mount, controller))
      (void)write_file(dir + "/cgroup.subtree_control", std::string("+") + controller);
}

// Another agent may remove an empty parent between our two mkdirs: try again from the top.
Status make_dirs(const CgroupMount& mount, const std::string& name, const CgroupMount* v1_memory) {
  for (int attempt = 0;; ++attempt) {
    std::string dir = mount.dir;
    int error = 0;
    for (size_t begin = 0; begin < name.size() && error == 0;) {
      size_t end = std::min(name.find('/', begin), name.size());
      delegate(dir, mount, v1_memory);
      dir += "/" + name.substr(begin, end - begin);
      bool leaf = end == name.size();
      if (::mkdir(dir.c_str(), 0755) != 0 && (errno != EEXIST || leaf)) error = errno;
      begin = end + 1;
    }
    if (error == 0) return Status();
    if (error == EEXIST) return Error{Errc::invalid, "cgroup " + dir + " exists already"};
    if (error != ENOENT || attempt == kMkdirTries) return errno_error("make cgroup " + dir, error);
  }
}

Status set(const std::string& path, uint64_t value) {
  return write_file(path, std::to_string(value)).context("set cgroup limit");
}

Status limit_v1(const CgroupMount& mount, const std::string& dir, const CgroupLimits& limits) {
  if (has(mount, "memory")) {
    ASSAY_CHECK(set(dir + "/memory.limit_in_bytes", limits.memory_bytes));
    // Memory and swap together; missing where swap is not accounted.
    (void)set(dir + "/memory.memsw.limit_in_bytes", limits.memory_bytes);
  }
  if (has(mount, "cpu") && limits.cpus > 0) {
    ASSAY_CHECK(set(dir + "/cpu.cfs_period_us", kCpuPeriodUs));
    ASSAY_CHECK(
        set(dir + "/cpu.cfs_quota_us", static_cast<uint64_t>(std::llround(limits.cpus * kCpuPeriodUs))));
  }
  if (has(mount, "pids")) ASSAY_CHECK(set(dir + "/pids.max", limits.pids));
  return Status();
}

Status limit_v2(const std::string& dir, const CgroupLimits& limits) {
  auto undelegated = [&](const Error& error) {
    return Error{Errc::unsupported,
                 error.what +
                     ": this cgroup v2 hierarchy does not hand down the controller; run the agent "
                     "in a service with Delegate=yes, or outside of a container"};
  };
  if (auto done = set(dir + "/memory.max", limits.memory_bytes); !done) return undelegated(done.error());
  (void)set(dir + "/memory.swap.max", 0);
  if (auto done = set(dir + "/pids.max", limits.pids); !done) return undelegated(done.error());
  if (limits.cpus > 0) {
    auto quota =
        std::to_string(std::llround(limits.cpus * kCpuPeriodUs)) + " " + std::to_string(kCpuPeriodUs);
    if (auto done = write_file(dir + "/cpu.max", quota); !done) return undelegated(done.error());
  }
  return Status();
}

uint64_t number_in(const std::vector<std::string>& dirs, const char* file, std::string_view key) {
  for (const std::string& dir : dirs) {
    auto text = read_file(dir + "/" + file, 1 << 20);
    if (!text) continue;
    std::stringstream stream(*text);
    uint64_t value = 0;
    if (key.empty()) return stream >> value ? value : 0;
    for (std::string name; stream >> name >> value;)
      if (name == key) return value;
  }
  return 0;
}

}  // namespace

uint64_t full_stall_ns(std::string_view pressure) {
  size_t line = pressure.find("full ");
  size_t total = pressure.find("total=", line);
  if (line == pressure.npos || total == pressure.npos) return 0;
  uint64_t microseconds = 0;
  std::from_chars(pressure.data() + total + 6, pressure.data() + pressure.size(), microseconds);
  return microseconds * 1000;
}

Result<Cgroup> Cgroup::create(const std::string& name, const CgroupLimits& limits) {
  ASSAY_TRY(auto mounts, cgroup_mounts());
  const CgroupMount* v1_memory = nullptr;
  bool memory = false, pids = false;
  for (const CgroupMount& mount : mounts) {
    memory |= has(mount, "memory");
    pids |= has(mount, "pids");
    if (!mount.v2 && has(mount, "memory")) v1_memory = &mount;
  }
  if (!memory || !pids)
    return Error{Errc::unsupported,
                 std::string("no cgroup hierarchy offers the ") + (memory ? "pids" : "memory") +
                     " controller; mount cgroup2 at /sys/fs/cgroup, or boot with cgroup_enable=memory"};
  Cgroup cgroup;
  cgroup.name_ = name;
  for (const CgroupMount& mount : mounts) {
    std::string dir = mount.dir + "/" + name;
    ASSAY_CHECK(make_dirs(mount, name, v1_memory));
    cgroup.dirs_.push_back(dir);
    if (!mount.v2) ASSAY_CHECK(limit_v1(mount, dir, limits));
    if (mount.v2 && !v1_memory) ASSAY_CHECK(limit_v2(dir, limits));
    ASSAY_TRY(Fd procs, open_file(dir + "/cgroup.procs", O_WRONLY));
    cgroup.procs_.push_back(std::move(procs));
    if (struct stat st{}; mount.v2 && ::stat(dir.c_str(), &st) == 0)
      cgroup.id_ = st.st_ino;  // kernfs: inode = cgroup id
  }
  return cgroup;
}

Cgroup::Cgroup(Cgroup&& other) noexcept
    : name_(std::move(other.name_)),
      dirs_(std::exchange(other.dirs_, {})),
      procs_(std::move(other.procs_)),
      id_(std::exchange(other.id_, 0)) {}

Cgroup& Cgroup::operator=(Cgroup&& other) noexcept {
  if (this != &other) {
    remove();
    name_ = std::move(other.name_);
    dirs_ = std::exchange(other.dirs_, {});
    procs_ = std::move(other.procs_);
    id_ = std::exchange(other.id_, 0);
  }
  return *this;
}

Cgroup::~Cgroup() { remove(); }

std::vector<int> Cgroup::procs_fds() const {
  std::vector<int> fds;
  for (const Fd& fd : procs_) fds.push_back(fd.get());
  return fds;
}

void Cgroup::kill_all() const {
  for (const std::string& dir : dirs_) kill_cgroup(dir);
}

void Cgroup::reap_orphans(pid_t except) const {
  std::unique_ptr<DIR, int (*)(DIR*)> proc(::opendir("/proc"), ::closedir);
  if (!proc) return;
  while (dirent* entry = ::readdir(proc.get())) {
    pid_t pid = std::atoi(entry->d_name);
    if (pid <= 0 || pid == except) continue;
    std::string base = std::string("/proc/") + entry->d_name;
    auto stat = read_file(base + "/stat", 4096);
    if (!stat || stat->rfind(')') == std::string::npos) continue;
    std::stringstream fields(stat->substr(stat->rfind(')') + 1));
    char state = 0;
    pid_t parent = 0;
    fields >> state >> parent;
    if (parent != ::getpid() || state != 'Z') continue;
    // A zombie is still a member of its v2 cgroup, even of a removed one.
    auto groups = read_file(base + "/cgroup", 64 * 1024);
    if (groups && groups->find("/" + name_) != std::string::npos) ::waitpid(pid, nullptr, WNOHANG);
  }
}

void Cgroup::remove() {
  if (dirs_.empty()) return;
  kill_all();
  procs_.clear();
  for (const std::string& dir : dirs_) {
    if (!remove_cgroup(dir)) continue;
    // The agent's own directory and ours go with the last scan; rmdir refuses while anything is in them.
    std::string parent = dir;
    for (auto depth = std::count(name_.begin(), name_.end(), '/'); depth > 0; --depth) {
      parent.resize(parent.rfind('/'));
      if (::rmdir(parent.c_str()) != 0) break;
    }
  }
  dirs_.clear();
}

uint64_t Cgroup::memory_peak_bytes() const {
  for (const char* file : {"memory.max_usage_in_bytes", "memory.peak", "memory.current"})
    if (uint64_t value = number_in(dirs_, file, "")) return value;
  return 0;
}

uint64_t Cgroup::cpu_ns() const {
  if (uint64_t value = number_in(dirs_, "cpuacct.usage", "")) return value;
  return number_in(dirs_, "cpu.stat", "usage_usec") * 1000;
}

uint64_t Cgroup::oom_kills() const {
  if (uint64_t value = number_in(dirs_, "memory.oom_control", "oom_kill")) return value;
  return number_in(dirs_, "memory.events", "oom_kill");
}

uint64_t Cgroup::pids_refused() const { return number_in(dirs_, "pids.events", "max"); }

uint64_t Cgroup::throttled_ns() const {
  if (uint64_t value = number_in(dirs_, "cpu.stat", "throttled_time")) return value;
  return number_in(dirs_, "cpu.stat", "throttled_usec") * 1000;
}

uint64_t Cgroup::starved_ns() const {
  uint64_t out = 0;
  for (const std::string& dir : dirs_)
    for (const char* file : {"/cpu.pressure", "/io.pressure"})
      if (auto text = read_file(dir + file, 4096)) out += full_stall_ns(*text);
  return out == 0 ? 0 : out - std::min(out, throttled_ns());  // where nobody waits, one file less is read
}

}  // namespace assay
