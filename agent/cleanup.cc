// Two locks: an instance's own (held while it lives) and the base's (held while an instance appears, goes, or
// is judged), so that a directory is never seen between its making and its locking.
#include "agent/cleanup.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <set>
#include <sstream>

#include "agent/cgroup.h"
#include "common/digest.h"

namespace assay {
namespace {

namespace fs = std::filesystem;

constexpr const char* kLockName = "lock";
constexpr const char* kCgroupTop = "assay";
constexpr size_t kMaxMountinfoBytes = 16 << 20;

Result<Fd> lock_base(const fs::path& base) {
  std::error_code error;
  fs::create_directories(base, error);
  if (error) return errno_error("make run directory " + base.string(), error.value());
  ASSAY_TRY(Fd fd, open_file(base / ".lock", O_RDWR | O_CREAT, 0600));
  while (::flock(fd.get(), LOCK_EX) != 0)
    if (errno != EINTR) return errno_error("lock " + base.string());
  return fd;
}

// Of the directory itself, not of its name: two containers may both call theirs /run/assay and share the
// cgroup tree.
Result<std::string> base_mark(const fs::path& base) {
  struct stat st {};
  if (::stat(base.c_str(), &st) != 0) return errno_error("look at " + base.string());
  return Digest::of(std::to_string(st.st_dev) + ":" + std::to_string(st.st_ino)).hex().substr(0, 8) + "-";
}

bool is_instance(const std::string& name, const std::string& mark) {
  constexpr size_t kRandomDigits = 8;
  return name.starts_with(mark) && name.size() == mark.size() + kRandomDigits &&
         name.find_first_not_of("0123456789abcdef", mark.size()) == std::string::npos;
}

// Everything mounted at or below `dir`, innermost first. False if something stays mounted: then nothing there
// may be deleted.
bool unmount_below(const fs::path& dir, CleanupCount& count) {
  auto text = read_file("/proc/self/mountinfo", kMaxMountinfoBytes);
  if (!text) return false;
  std::vector<std::string> points;
  std::stringstream lines(*text);
  for (std::string line; std::getline(lines, line);) {
    std::stringstream fields(line);
    std::string skipped, point;
    fields >> skipped >> skipped >> skipped >> skipped >> point;
    if (point == dir.string() || point.starts_with(dir.string() + "/")) points.push_back(point);
  }
  bool clear = true;
  for (auto point = points.rbegin(); point != points.rend(); ++point) {
    if (::umount2(point->c_str(), MNT_DETACH | UMOUNT_NOFOLLOW) == 0)
      ++count.mounts;
    else
      clear = false;
  }
  return clear;
}

std::vector<std::string> names_in(const fs::path& dir) {
  std::vector<std::string> names;
  std::error_code error;
  for (fs::directory_iterator it(dir, error), end; !error && it != end; it.increment(error))
    if (it->is_directory(error) && !it->is_symlink(error)) names.push_back(it->path().filename().string());
  return names;
}

void remove_cgroups(const std::string& mark, const std::set<std::string>& living, CleanupCount& count) {
  auto mounts = cgroup_mounts();
  if (!mounts) return;
  std::set<std::string> dead;
  for (const CgroupMount& mount : *mounts) {
    std::string top = mount.dir + "/" + kCgroupTop;
    for (const std::string& instance : names_in(top)) {
      if (!is_instance(instance, mark) || living.contains(instance)) continue;
      auto scans = names_in(top + "/" + instance);
      dead.insert(scans.begin(), scans.end());
      count.processes += kill_cgroup(top + "/" + instance);
      remove_cgroup(top + "/" + instance);
    }
    ::rmdir(top.c_str());  // only if nobody is left in it
  }
  count.cgroups += static_cast<unsigned>(dead.size());
}

}  // namespace

Result<RunDir> RunDir::create(const fs::path& base_path) {
  std::error_code error;
  fs::path base = fs::absolute(base_path, error);
  ASSAY_TRY(Fd base_lock, lock_base(base));
  ASSAY_TRY(std::string mark, base_mark(base));
  uint32_t random = 0;
  if (::getrandom(&random, sizeof random, 0) != sizeof random) return errno_error("get random bytes");
  RunDir dir;
  dir.instance_ = mark + to_hex(std::string_view(reinterpret_cast<const char*>(&random), sizeof random));
  fs::path path = base / dir.instance_;
  if (::mkdir(path.c_str(), 0700) != 0) return errno_error("make run directory " + path.string());
  dir.path_ = path;
  ASSAY_TRY(dir.lock_, open_file(path / kLockName, O_RDWR | O_CREAT, 0600));
  if (::flock(dir.lock_.get(), LOCK_EX | LOCK_NB) != 0) return errno_error("lock " + path.string());
  return dir;
}

RunDir::RunDir(RunDir&& other) noexcept
    : path_(std::exchange(other.path_, {})),
      instance_(std::move(other.instance_)),
      lock_(std::move(other.lock_)) {}

RunDir& RunDir::operator=(RunDir&& other) noexcept {
  if (this != &other) {
    remove();
    path_ = std::exchange(other.path_, {});
    instance_ = std::move(other.instance_);
    lock_ = std::move(other.lock_);
  }
  return *this;
}

RunDir::~RunDir() { remove(); }

void RunDir::remove() {
  if (path_.empty()) return;
  auto base_lock = lock_base(path_.parent_path());
  CleanupCount ignored;
  std::error_code error;
  if (unmount_below(path_, ignored)) fs::remove_all(path_, error);
  path_.clear();
  lock_.reset();
}

Result<CleanupCount> clean_up_dead_agents(const fs::path& base_path) {
  std::error_code error;
  fs::path base = fs::absolute(base_path, error);
  ASSAY_TRY(Fd base_lock, lock_base(base));
  ASSAY_TRY(std::string mark, base_mark(base));
  std::set<std::string> living;
  std::vector<std::pair<std::string, Fd>> dead;
  for (const std::string& name : names_in(base)) {
    auto lock = open_file(base / name / kLockName, O_RDWR);
    if (!lock && lock.error().code != Errc::not_found)
      return lock.error().context("judge the agent of " + (base / name).string());
    if (lock && ::flock(lock->get(), LOCK_EX | LOCK_NB) != 0) {
      living.insert(name);
      continue;
    }
    dead.emplace_back(name, lock ? std::move(*lock) : Fd());
  }
  CleanupCount count;
  remove_cgroups(mark, living, count);  // first: nothing may still write into what is deleted
  for (const auto& [name, lock] : dead) {
    if (!is_instance(name, mark)) continue;  // not made by us
    if (unmount_below(base / name, count)) fs::remove_all(base / name, error);
    if (error || fs::exists(base / name))
      return Error{Errc::io,
                   "cannot remove " + (base / name).string() + ", left by a dead agent; remove it by hand"};
    ++count.instances;
  }
  return count;
}

}  // namespace assay
