// The places, and the calls.
#include "common/looks.h"

#include <algorithm>
#include <cctype>
#include <string>

namespace assay {
namespace {

struct Place {
  std::string_view path;
  bool below;  // and all that begins with it
  std::string_view kind;
};
constexpr Place kPlaces[] = {
    {"/dev/kmsg", false, "kernel_log"},
    {"/proc/kmsg", false, "kernel_log"},
    {"/sys/class/dmi/id", true, "firmware"},
    {"/sys/devices/virtual/dmi/id", true, "firmware"},
    {"/sys/firmware/dmi", true, "firmware"},
    {"/sys/hypervisor", true, "hypervisor"},
    {"/proc/xen", true, "hypervisor"},
    {"/proc/scsi", true, "disks"},
    {"/proc/ide", true, "disks"},
    {"/sys/block", true, "disks"},
    {"/dev/disk/by-id", true, "disks"},
    {"/proc/modules", false, "modules"},
    {"/sys/module", true, "modules"},
    {"/proc/version", false, "kernel"},
    {"/proc/ioports", false, "hardware"},
    {"/proc/iomem", false, "hardware"},
    {"/proc/interrupts", false, "hardware"},
    {"/sys/class/thermal", true, "hardware"},
    {"/sys/devices/system/clocksource", true, "hardware"},
    {"/.dockerenv", false, "container"},
    {"/run/.containerenv", false, "container"},
    {"/proc/1/cgroup", false, "container"},
    {"/proc/1/sched", false, "container"},
    {"/proc/1/environ", false, "container"},
    {"/proc/cpuinfo", false, "processors"},
    {"/proc/uptime", false, "uptime"},
    {"/proc/self/status", false, "tracer"},
};
constexpr std::string_view kPathCalls[] = {"stat",      "lstat",      "newfstatat", "statx",     "access",
                                           "faccessat", "faccessat2", "readlink",   "readlinkat"};

bool is_in(std::string_view path, const Place& place) {
  if (!path.starts_with(place.path)) return false;
  std::string_view rest = path.substr(place.path.size());
  return rest.empty() || (place.below && rest.starts_with('/'));
}

// /sys/class/net/IF/address
bool is_hardware_address(std::string_view path) {
  return path.starts_with("/sys/class/net/") && path.ends_with("/address");
}

}  // namespace

std::string_view look_at(std::string_view path) {
  if (!path.starts_with('/')) return {};
  if (is_hardware_address(path)) return "hardware_address";
  for (const Place& place : kPlaces)
    if (is_in(path, place)) return place.kind;
  return {};
}

bool is_look_call(std::string_view call) {
  return std::find(std::begin(kPathCalls), std::end(kPathCalls), call) != std::end(kPathCalls);
}

std::string_view look_of(const Event& event) {
  if (event.kind == EventKind::open) return look_at(event.path);
  if (event.kind != EventKind::syscall) return {};
  if (event.call == "syslog") {  // SYSLOG_ACTION_READ, READ_ALL, READ_CLEAR, SIZE_BUFFER: syslog(2)
    auto action = static_cast<uint32_t>(event.args[0]);
    return action == 2 || action == 3 || action == 4 || action == 10 ? "kernel_log" : "";
  }
  return is_look_call(event.call) ? look_at(event.path) : std::string_view();
}

bool is_telling_look(std::string_view kind) {
  return !kind.empty() && kind != "processors" && kind != "uptime" && kind != "tracer";
}

bool names_sandbox(const std::vector<std::string>& argv) {
  constexpr std::string_view kNames[] = {"gvisor", "runsc"};
  for (const std::string& argument : argv) {
    std::string text = argument.substr(0, 4096);
    std::transform(text.begin(), text.end(), text.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    for (std::string_view name : kNames)
      if (text.find(name) != std::string::npos) return true;
  }
  return false;
}

}  // namespace assay
