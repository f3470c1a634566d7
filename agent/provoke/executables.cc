#include "agent/provoke/executables.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <memory>
#include <unordered_set>

#include "agent/harvest_file.h"
#include "common/paths.h"
#include "common/starter.h"

namespace assay {
namespace {

constexpr size_t kMaxPathBytes = 4000;
constexpr size_t kMaxDatabaseBytes = 32 << 20;
constexpr std::array kNotWalked = {"/proc", "/sys", "/dev"};

constexpr std::array kLeftAlone = {
    // ends the machine, or others
    "halt", "reboot", "poweroff", "shutdown", "init", "telinit", "runlevel", "kill", "killall", "killall5",
    "pkill", "skill", "snice", "fuser", "systemctl", "systemd", "start-stop-daemon", "kexec", "sulogin",
    "agetty", "getty", "tini", "dumb-init", "docker-init", "s6-svscan",
    // reads or rewrites accounts and keys, which is what it is for, or the machine's set-up
    "pwconv", "pwunconv", "grpconv", "grpunconv", "shadowconfig", "update-passwd", "vipw", "vigr", "pwck",
    "grpck", "cppw", "cpgr", "unix_update", "unix_chkpwd", "faillock", "faillog", "pwhistory_helper",
    "pam_timestamp_check", "chfn", "chsh", "chage", "passwd", "gpasswd", "expiry", "login", "su", "sudo",
    "runuser", "newgrp", "sg", "chpasswd", "chgpasswd", "newusers", "useradd", "userdel", "usermod",
    "groupadd", "groupdel", "groupmod", "groupmems", "adduser", "addgroup", "deluser", "delgroup",
    "mkhomedir_helper", "pam-auth-update", "pam_getenv", "add-shell", "remove-shell", "update-shells",
    "ssh-keysign", "ssh-keygen", "lslogins", "lscpu", "dmidecode", "hwclock", "rtcwake", "ctrlaltdel",
    "unminimize", "ldconfig", "depmod", "swapoff", "umount", "fsfreeze", "pivot_root", "switch_root",
    "chroot", "update-initramfs", "fix_db.pl", "frontend",
    // prints or sleeps without end
    "yes", "pause"};

bool is_program(int root, const std::string& path, const struct stat& s) {
  if (!S_ISREG(s.st_mode) || (s.st_mode & 0111) == 0 || s.st_size < 4) return false;
  auto fd = open_below(root, path.substr(1), O_RDONLY, Links::refuse);
  if (!fd) return false;
  std::string type = content_type(fd->get());
  return type == "elf" || type == "script";
}

// Libraries have the mode bit in many images; they are not what one starts.
bool is_library(std::string_view name) {
  return name.ends_with(".so") || name.find(".so.") != std::string_view::npos;
}

}  // namespace

Executables::Executables(const ImageFiles& files) : files_(files) {}

bool Executables::look(std::chrono::steady_clock::time_point until) {
  while (!dirs_.empty() && std::chrono::steady_clock::now() < until) {
    std::string dir = std::move(dirs_.back());
    dirs_.pop_back();
    look_into(dir);
    if (entries_ >= kMaxEntries || found_.size() >= kMaxFound) dirs_.clear();
  }
  return dirs_.empty();
}

void Executables::look_into(const std::string& dir) {
  auto fd = open_below(files_.root_fd(), dir.substr(1), O_RDONLY | O_DIRECTORY, Links::refuse);
  if (!fd) return;
  std::unique_ptr<DIR, int (*)(DIR*)> stream(::fdopendir(fd->get()), ::closedir);
  if (!stream) return;
  int dir_fd = fd->release();  // the stream's now
  while (entries_ < kMaxEntries && found_.size() < kMaxFound) {
    const dirent* entry = ::readdir(stream.get());
    if (entry == nullptr) break;
    std::string name = entry->d_name;
    if (name == "." || name == "..") continue;
    ++entries_;
    struct stat s {};
    std::string path = (dir == "/" ? dir : dir + "/") + name;
    if (path.size() > kMaxPathBytes || ::fstatat(dir_fd, entry->d_name, &s, AT_SYMLINK_NOFOLLOW) != 0)
      continue;
    if (S_ISDIR(s.st_mode)) {
      if (std::find(kNotWalked.begin(), kNotWalked.end(), path) == kNotWalked.end()) dirs_.push_back(path);
    } else if (!is_library(name) && is_program(files_.root_fd(), path, s)) {
      found_.push_back(std::move(path));
    }
  }
}

void Executables::ran(const std::string& path, bool by_itself) {
  if (path.empty() || path.size() > kMaxPathBytes) return;
  auto known = resolved_.find(path);
  if (known == resolved_.end()) {
    if (resolved_.size() >= kMaxRan) return;
    known = resolved_.emplace(path, files_.resolve(path)).first;
  }
  if (known->second.empty()) return;
  bool& first = ran_.emplace(known->second, by_itself).first->second;
  first = first || by_itself;
}

void Executables::note(const Event& event) {
  if (event.kind == EventKind::clone && ours_.contains(event.pid) && ours_.size() < kMaxRan)
    ours_.insert(event.child_pid);
  if (event.kind == EventKind::start) ours_.clear();
  if (event.kind != EventKind::start && event.kind != EventKind::exec) return;
  if (event.path == kStarterPath) ours_.insert(event.pid);
  bool by_itself = !provoked_ && !ours_.contains(event.pid);
  auto absolute = [&](const std::string& path) {
    return path.starts_with('/') ? path : (event.cwd.empty() ? "" : event.cwd) + "/" + path;
  };
  if (!event.path.empty()) ran(absolute(event.path), by_itself);
  // `sh /usr/bin/tool` and `#!/bin/sh` both run the tool; an option's value that happens to be a program is
  // rare.
  for (size_t i = 0; i < std::min<size_t>(event.argv.size(), 3); ++i)
    if (event.argv[i].find('/') != std::string::npos) ran(absolute(event.argv[i]), by_itself);
}

Coverage Executables::coverage() const {
  Coverage out;
  out.executables = found_.size();
  for (const std::string& path : found_)
    if (auto it = ran_.find(path); it != ran_.end()) {
      ++out.ran;
      out.ran_by_itself += it->second ? 1 : 0;
    }
  return out;
}

std::vector<std::string> Executables::never_ran() const {
  auto packaged = packaged_files(files_);
  std::vector<std::pair<Origin, std::string>> ordered;
  for (const std::string& path : found_) {
    if (ran_.contains(path) || !may_be_started(path)) continue;
    auto known = packaged.find(path);
    ordered.emplace_back(known == packaged.end() ? Origin::own : known->second, path);
  }
  std::sort(ordered.begin(), ordered.end());
  std::vector<std::string> out;
  for (auto& [origin, path] : ordered) out.push_back(std::move(path));
  return out;
}

namespace {

// Packages that dpkg's status file calls essential, or that every Debian system has by their priority.
std::unordered_set<std::string> base_packages(const ImageFiles& files) {
  std::unordered_set<std::string> out;
  std::string name;
  for (const std::string& line :
       lines_of(files.read("/var/lib/dpkg/status", kMaxDatabaseBytes).value_or(""))) {
    if (line.starts_with("Package: ")) name = line.substr(9);
    if (line == "Priority: required" || line == "Priority: important" || line == "Essential: yes")
      out.insert(name);
  }
  return out;
}

}  // namespace

std::unordered_map<std::string, Origin> packaged_files(const ImageFiles& files) {
  std::unordered_map<std::string, Origin> out;
  // Before usr-merge a package said /bin/ls for what lies in /usr/bin by now.
  auto add = [&](std::string path, Origin origin) {
    for (const char* dir : {"/bin/", "/sbin/", "/lib/"})
      if (path.starts_with(dir)) out.emplace("/usr" + path, origin);
    out.emplace(std::move(path), origin);
  };
  size_t bytes = 0;
  auto base = base_packages(files);
  const std::string info = "/var/lib/dpkg/info/";
  for (const std::string& name : files.list(info)) {
    if (!name.ends_with(".list") || bytes >= kMaxDatabaseBytes) continue;
    auto text = files.read(info + name, 4 << 20);
    if (!text) continue;
    bytes += text->size();
    std::string package = name.substr(0, std::min(name.find(':'), name.rfind('.')));  // libc6:amd64.list
    bool is_base = base.contains(package);
    for (std::string& line : lines_of(*text)) add(std::move(line), is_base ? Origin::base : Origin::package);
  }
  // apk: "F:usr/bin" names a directory, "R:name" a file in it.
  std::string dir;
  for (const std::string& line :
       lines_of(files.read("/lib/apk/db/installed", kMaxDatabaseBytes).value_or(""))) {
    if (line.starts_with("F:")) dir = "/" + line.substr(2) + "/";
    if (line.starts_with("R:")) add(dir + line.substr(2), Origin::package);
  }
  return out;
}

bool may_be_started(std::string_view path) {
  // Elsewhere a name says nothing: an implant may call itself as it likes.
  constexpr std::array kSystem = {"/bin/",      "/sbin/",   "/lib",          "/usr/bin/",
                                  "/usr/sbin/", "/usr/lib", "/var/lib/dpkg/"};
  bool system =
      std::any_of(kSystem.begin(), kSystem.end(), [&](const char* dir) { return path.starts_with(dir); });
  if (!system) return true;
  std::string_view name = base_name(path);
  return std::find(kLeftAlone.begin(), kLeftAlone.end(), name) == kLeftAlone.end() &&
         !name.starts_with("debconf") && !name.starts_with("dpkg-") && !name.starts_with("systemd-") &&
         !name.starts_with("mkfs") && !name.starts_with("fsck") &&
         path.find("/dpkg/info/") == std::string_view::npos;
}

}  // namespace assay
