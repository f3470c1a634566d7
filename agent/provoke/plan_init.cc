// What an init system would start: enabled systemd units, /etc/init.d, rc.local.
#include <algorithm>
#include <array>
#include <set>

#include "agent/provoke/plan.h"

namespace assay {
namespace {

constexpr std::chrono::milliseconds kTime{5000};
constexpr size_t kMaxUnits = 60;

// What only prepares a machine, or would end it: nothing of it means anything in a container.
constexpr std::array kMachineScripts = {"halt",
                                        "reboot",
                                        "killprocs",
                                        "sendsigs",
                                        "single",
                                        "umountfs",
                                        "umountnfs.sh",
                                        "umountroot",
                                        "hwclock.sh",
                                        "kmod",
                                        "procps",
                                        "udev",
                                        "mountall.sh",
                                        "mountnfs.sh",
                                        "mountkernfs.sh",
                                        "mountdevsubfs.sh",
                                        "checkfs.sh",
                                        "checkroot.sh",
                                        "bootmisc.sh",
                                        "bootlogs",
                                        "hostname.sh",
                                        "networking",
                                        "rmnologin",
                                        "urandom",
                                        "rc",
                                        "rcS",
                                        "rc.local",
                                        "skeleton",
                                        "README",
                                        "x11-common",
                                        "brightness",
                                        "cryptdisks",
                                        "cryptdisks-early",
                                        "keyboard-setup.sh",
                                        "console-setup.sh",
                                        "dbus",
                                        "functions"};

bool is_machine_script(const std::string& name) {
  return std::find(kMachineScripts.begin(), kMachineScripts.end(), name) != kMachineScripts.end();
}

// ExecStart lines of one unit file's [Service] section; a trailing backslash continues a line.
std::vector<std::string> exec_starts(const std::string& text) {
  std::vector<std::string> out;
  bool in_service = false;
  std::string joined;
  for (const std::string& line : lines_of(text)) {
    joined += line;
    if (joined.ends_with('\\')) {
      joined.back() = ' ';
      continue;
    }
    if (joined.starts_with("[")) in_service = joined.starts_with("[Service]");
    for (std::string_view key : {"ExecStartPre=", "ExecStart=", "ExecStartPost="})
      if (in_service && joined.starts_with(key) && out.size() < 8) out.push_back(joined.substr(key.size()));
    joined.clear();
  }
  return out;
}

void add_unit(const PlanInput& in, const std::string& path, std::vector<Step>& steps) {
  auto text = in.files.read(path);
  if (!text) return;
  for (const std::string& line : exec_starts(*text)) {
    auto argv = parse_exec_start(line);
    if (argv.empty() || !in.files.is_executable(argv[0])) continue;
    steps.push_back({"init", path, std::move(argv), {}, "/", 0, 0, kTime});
  }
}

// Units that are enabled stand in a *.wants or *.requires directory; links into /lib are resolved in the
// image.
std::set<std::string> add_units(const PlanInput& in, std::vector<Step>& steps) {
  std::set<std::string> names;
  const std::string etc = "/etc/systemd/system/";
  for (const std::string& dir : in.files.list(etc)) {
    bool wanted = dir.ends_with(".wants") || dir.ends_with(".requires");
    if (!wanted || dir.starts_with("sysinit.") || dir.starts_with("timers.") || dir.starts_with("sockets."))
      continue;
    for (const std::string& unit : in.files.list(etc + dir)) {
      if (!unit.ends_with(".service") || names.size() >= kMaxUnits || !names.insert(unit).second) continue;
      std::string path = in.files.resolve(etc + dir + "/" + unit);
      if (!path.empty()) add_unit(in, path, steps);
    }
  }
  return names;
}

}  // namespace

std::vector<std::string> parse_exec_start(std::string_view text) {
  text.remove_prefix(std::min(text.find_first_not_of(" \t-@+!:"), text.size()));
  std::vector<std::string> out;
  std::string word;
  bool in_word = false;
  char quote = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (c == '%' || c == '$' || c == '\r') return {};
    if (quote == 0 && (c == ' ' || c == '\t')) {
      if (in_word) out.push_back(std::move(word));
      word.clear();
      in_word = false;
      continue;
    }
    in_word = true;
    if (quote == 0 && (c == '"' || c == '\''))
      quote = c;
    else if (c == quote)
      quote = 0;
    else if (c == '\\' && i + 1 < text.size())
      word += text[++i];
    else
      word += c;
  }
  if (quote != 0) return {};
  if (in_word) out.push_back(std::move(word));
  std::erase(out, ";");
  if (out.empty() || !out[0].starts_with('/')) return {};
  return out;
}

void add_init(const PlanInput& in, std::vector<Step>& steps) {
  std::set<std::string> units = add_units(in, steps);
  for (const std::string& name : in.files.list("/etc/init.d")) {
    std::string path = "/etc/init.d/" + name;
    if (name[0] == '.' || is_machine_script(name) || units.contains(name + ".service") ||
        !in.files.is_executable(path))
      continue;
    steps.push_back({"init", path, {path, "start"}, {}, "/", 0, 0, kTime});
  }
  for (const char* path : {"/etc/rc.local", "/etc/rc.d/rc.local"})
    if (in.files.is_executable(path)) {
      steps.push_back({"init", path, {path}, {}, "/", 0, 0, kTime});
      break;
    }
}

}  // namespace assay
