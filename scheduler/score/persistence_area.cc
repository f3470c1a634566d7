// The table, and how a path is held against it.
#include "scheduler/score/persistence_area.h"

#include <algorithm>
#include <iterator>

#include "common/paths.h"

namespace assay {
namespace {

struct Place {
  std::string_view area, path;
  enum class By { file, below, name, home } by;  // the path itself; anything below it; the last part; below ~
};
using enum Place::By;

constexpr Place kPlaces[] = {
    {"cron", "/etc/crontab", file},
    {"cron", "/etc/anacrontab", file},
    {"cron", "/etc/cron.d", below},
    {"cron", "/etc/cron.hourly", below},
    {"cron", "/etc/cron.daily", below},
    {"cron", "/etc/cron.weekly", below},
    {"cron", "/etc/cron.monthly", below},
    {"cron", "/etc/periodic", below},
    {"cron", "/etc/crontabs", below},
    {"cron", "/var/spool/cron", below},
    {"at", "/var/spool/at", below},
    {"at", "/var/spool/cron/atjobs", below},
    {"systemd", "/etc/systemd", below},
    {"systemd", "/run/systemd/system", below},
    {"systemd", "/run/systemd/generator", below},
    {"systemd", "/usr/lib/systemd", below},
    {"systemd", "/usr/local/lib/systemd", below},
    {"systemd", "/lib/systemd", below},
    {"systemd", "/.config/systemd", home},
    {"systemd", "/.local/share/systemd", home},
    {"init", "/etc/rc.local", file},
    {"init", "/etc/rc.d", below},
    {"init", "/etc/inittab", file},
    {"init", "/etc/init.d", below},
    {"init", "/etc/init", below},
    {"init", "/etc/local.d", below},
    {"init", "/etc/runlevels", below},
    {"profile", "/etc/profile", file},
    {"profile", "/etc/profile.d", below},
    {"profile", "/etc/bash.bashrc", file},
    {"profile", "/etc/bashrc", file},
    {"profile", "/etc/environment", file},
    {"profile", "/etc/zsh", below},
    {"profile", "/etc/skel", below},
    {"profile", ".bashrc", name},
    {"profile", ".bash_profile", name},
    {"profile", ".bash_login", name},
    {"profile", ".profile", name},
    {"profile", ".zshrc", name},
    {"profile", ".zshenv", name},
    {"profile", ".zprofile", name},
    {"profile", ".zlogin", name},
    {"profile", ".kshrc", name},
    {"profile", "config.fish", name},
    {"shell_trap", ".bash_logout", name},
    {"shell_trap", ".zlogout", name},
    {"shell_trap", "/etc/bash.bash_logout", file},
    {"ssh", "authorized_keys", name},
    {"ssh", "authorized_keys2", name},
    {"ssh", "/.ssh/rc", home},
    {"ssh", "/.ssh/config", home},
    {"ssh", "/etc/ssh", below},
    {"ld_preload", "/etc/ld.so.preload", file},
    {"ld_preload", "/etc/ld.so.conf", file},
    {"ld_preload", "/etc/ld.so.conf.d", below},
    {"sudoers", "/etc/sudoers", file},
    {"sudoers", "/etc/sudoers.d", below},
    {"sudoers", "/etc/doas.conf", file},
    {"sudoers", "/etc/polkit-1", below},
    {"account", "/etc/passwd", file},
    {"account", "/etc/shadow", file},
    {"account", "/etc/group", file},
    {"account", "/etc/gshadow", file},
    {"pam", "/etc/pam.d", below},
    {"pam", "/etc/pam.conf", file},
    {"pam", "/lib/security", below},
    {"pam", "/lib/x86_64-linux-gnu/security", below},
    {"pam", "/usr/lib/security", below},
    {"pam", "/usr/lib/x86_64-linux-gnu/security", below},
    {"udev", "/etc/udev", below},
    {"udev", "/lib/udev/rules.d", below},
    {"udev", "/usr/lib/udev/rules.d", below},
    {"autostart", "/etc/xdg/autostart", below},
    {"autostart", "/etc/X11/Xsession.d", below},
    {"autostart", "/.config/autostart", home},
    {"autostart", ".xinitrc", name},
    {"autostart", ".xsession", name},
    {"motd", "/etc/update-motd.d", below},
    {"package_hook", "/etc/apt/apt.conf.d", below},
    {"package_hook", "/etc/apt/apt.conf", file},
    {"package_hook", "/etc/dpkg/dpkg.cfg.d", below},
    {"package_hook", "/var/lib/dpkg/info", below},
    {"package_hook", "/etc/yum/pluginconf.d", below},
    {"package_hook", "/etc/dnf/plugins", below},
    {"package_hook", "/etc/apk/commit_hooks.d", below},
    {"module", "/etc/modules", file},
    {"module", "/etc/modules-load.d", below},
    {"module", "/etc/modprobe.d", below},
    {"module", "/lib/modules", below},
    {"module", "/usr/lib/modules", below},
};

bool is_below(std::string_view path, std::string_view directory) {
  return path.size() > directory.size() + 1 && path.starts_with(directory) && path[directory.size()] == '/';
}

// /root/.config/autostart/x, /home/dev/.ssh/rc
bool is_in_home(std::string_view path, std::string_view tail) {
  std::string_view rest;
  if (path.starts_with("/root/")) rest = path.substr(5);
  if (path.starts_with("/home/")) {
    size_t end = path.find('/', 6);
    if (end != std::string_view::npos) rest = path.substr(end);
  }
  return rest == tail || is_below(rest, tail);
}

bool is_at(std::string_view path, const Place& place) {
  switch (place.by) {
    case file:
      return path == place.path;
    case below:
      return is_below(path, place.path);
    case name:
      return base_name(path) == place.path;
    case home:
      return is_in_home(path, place.path);
  }
  return false;
}

}  // namespace

std::string_view persistence_area(std::string_view path) {
  if (!path.starts_with('/')) return {};
  // An at job lies below cron's directory: the longest place wins.
  const Place* best = nullptr;
  for (const Place& place : kPlaces)
    if (is_at(path, place) && (best == nullptr || place.path.size() > best->path.size())) best = &place;
  return best == nullptr ? std::string_view() : best->area;
}

}  // namespace assay
