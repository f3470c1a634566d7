// Which cgroup hierarchies this host has, and what can be done to a directory of any of them: empty it,
// remove it.
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <memory>
#include <set>
#include <sstream>
#include <thread>

#include "agent/cgroup.h"

namespace assay {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr milliseconds kPatience{2000};
constexpr size_t kMaxFileBytes = 4 << 20;
constexpr const char* kWanted[] = {"memory", "cpu", "cpuacct", "pids"};

// mountinfo writes space, tab, newline and backslash as \ooo.
std::string unescape(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\' && i + 3 < text.size()) {
      out += static_cast<char>((text[i + 1] - '0') * 64 + (text[i + 2] - '0') * 8 + (text[i + 3] - '0'));
      i += 3;
    } else {
      out += text[i];
    }
  }
  return out;
}

std::vector<std::string> split(std::string_view text, char separator) {
  std::vector<std::string> out;
  std::stringstream stream{std::string(text)};
  for (std::string part; std::getline(stream, part, separator);)
    if (!part.empty()) out.push_back(part);
  return out;
}

std::vector<std::string> subdirectories(const std::string& dir) {
  std::vector<std::string> out;
  std::unique_ptr<DIR, int (*)(DIR*)> handle(::opendir(dir.c_str()), ::closedir);
  if (!handle) return out;
  while (dirent* entry = ::readdir(handle.get())) {
    std::string name = entry->d_name;
    if (entry->d_type == DT_DIR && name != "." && name != "..") out.push_back(dir + "/" + name);
  }
  return out;
}

void collect_pids(const std::string& dir, std::set<pid_t>& pids) {
  for (const std::string& child : subdirectories(dir)) collect_pids(child, pids);
  auto text = read_file(dir + "/cgroup.procs", kMaxFileBytes);
  if (!text) return;
  std::stringstream stream(*text);
  for (pid_t pid; stream >> pid;)
    if (pid > 0 && pid != ::getpid()) pids.insert(pid);
}

}  // namespace

std::vector<CgroupMount> parse_cgroup_mounts(std::string_view mountinfo) {
  std::vector<CgroupMount> mounts;
  std::set<std::string> seen;
  for (const std::string& line : split(mountinfo, '\n')) {
    auto fields = split(line, ' ');
    auto dash = std::find(fields.begin(), fields.end(), "-");
    if (fields.size() < 7 || fields.end() - dash < 4) continue;
    const std::string& type = dash[1];
    if (type != "cgroup" && type != "cgroup2") continue;
    if (!seen.insert(type == "cgroup2" ? type : dash[3]).second) continue;
    CgroupMount mount{unescape(fields[4]), type == "cgroup2", {}};
    if (!mount.v2) {
      for (const std::string& option : split(dash[3], ','))
        if (option != "rw" && option != "ro") mount.controllers.push_back(option);
    }
    mounts.push_back(std::move(mount));
  }
  return mounts;
}

Result<std::vector<CgroupMount>> cgroup_mounts() {
  ASSAY_TRY(std::string text, read_file("/proc/self/mountinfo", kMaxFileBytes));
  std::vector<CgroupMount> wanted;
  for (CgroupMount& mount : parse_cgroup_mounts(text)) {
    if (mount.v2) {
      ASSAY_TRY(std::string controllers, read_file(mount.dir + "/cgroup.controllers", kMaxFileBytes));
      mount.controllers = split(controllers.substr(0, controllers.find('\n')), ' ');
    }
    bool useful = std::any_of(std::begin(kWanted), std::end(kWanted), [&](const char* name) {
      return std::find(mount.controllers.begin(), mount.controllers.end(), name) != mount.controllers.end();
    });
    if (mount.v2 || useful) wanted.push_back(std::move(mount));
  }
  return wanted;
}

unsigned kill_cgroup(const std::string& dir) {
  std::set<pid_t> killed;
  auto deadline = steady_clock::now() + kPatience;
  for (milliseconds pause{1};; pause = std::min(pause * 2, milliseconds(20))) {
    std::set<pid_t> pids;
    collect_pids(dir, pids);
    if (pids.empty() || steady_clock::now() > deadline) break;
    killed.insert(pids.begin(), pids.end());
    // cgroup.kill (v2, since 5.14) is atomic: nothing can fork its way out of it. But it would take us with
    // it, too.
    auto own = read_file(dir + "/cgroup.procs", kMaxFileBytes);
    bool has_us = own && ("\n" + *own).find("\n" + std::to_string(::getpid()) + "\n") != std::string::npos;
    auto kill_file = open_file(dir + "/cgroup.kill", O_WRONLY);
    if (has_us || !kill_file || ::write(kill_file->get(), "1", 1) != 1)
      for (pid_t pid : pids) ::kill(pid, SIGKILL);
    std::this_thread::sleep_for(pause);
  }
  return static_cast<unsigned>(killed.size());
}

bool remove_cgroup(const std::string& dir) {
  for (const std::string& child : subdirectories(dir)) remove_cgroup(child);
  auto deadline = steady_clock::now() + kPatience;
  while (::rmdir(dir.c_str()) != 0) {
    if (errno == ENOENT) return true;
    if (errno != EBUSY || steady_clock::now() > deadline || !subdirectories(dir).empty()) return false;
    std::this_thread::sleep_for(milliseconds(2));
  }
  return true;
}

}  // namespace assay
