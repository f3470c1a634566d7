// A third of the process tree: what a program was executed for: which script an interpreter was given, and
// whether a package manager of the image is at work.
#include <algorithm>
#include <iterator>
#include <string_view>

#include "common/interpreter.h"
#include "common/paths.h"
#include "scheduler/score/process_tree.h"

namespace assay {
namespace {

constexpr size_t kMaxOptions = 6;

template <class List>
bool has(const List& list, std::string_view item) {
  return std::find(std::begin(list), std::end(list), item) != std::end(list);
}

// `sh /tmp/x`, `python3 -u x.py`: an interpreter's first argument that is no option; empty: it was given
// none, but code, a module, or its standard input.
std::string_view script_argument(const std::vector<std::string>& argv) {
  constexpr std::string_view kCode[] = {"-c", "-e", "-E", "-m", "--eval", "--print", "-p"};
  constexpr std::string_view kWithValue[] = {"-o",         "-O", "-W", "-X",       "-cp",
                                             "-classpath", "-I", "-r", "--require"};
  size_t first = !argv.empty() && base_name(argv[0]).starts_with("busybox") ? 2 : 1;
  for (size_t i = first; i < argv.size() && i < first + kMaxOptions - 1; ++i) {
    const std::string& arg = argv[i];
    if (has(kCode, arg)) return {};
    if (has(kWithValue, arg)) ++i;
    if (!arg.empty() && arg[0] != '-') return arg;
  }
  return {};
}

// busybox is whatever its name says it is.
bool interprets(const std::string& path, const std::vector<std::string>& argv) {
  std::string_view name = argv.empty() ? std::string_view() : base_name(argv[0]);
  bool box = base_name(path).starts_with("busybox");
  if (box && name.starts_with("busybox"))
    name = argv.size() > 1 ? std::string_view(argv[1]) : std::string_view();
  return (!box && is_interpreter(path)) || (is_interpreter(name) && !name.starts_with("busybox"));
}

// Where the package managers of distributions lie, and what they do themselves by order, not for a package.
constexpr std::string_view kManagers[] = {"apt", "apt-get", "aptitude", "dpkg", "apk",    "rpm",
                                          "dnf", "dnf5",    "microdnf", "yum",  "zypper", "pacman"};
constexpr std::string_view kManagerPlaces[] = {"/usr/bin/", "/bin/", "/sbin/", "/usr/sbin/", "/usr/libexec/"};
constexpr std::string_view kOrders[] = {"invoke", "Invoke", "--eval", "--pipe", "%(", "Dir::Bin"};
// Programs that a package brings, and the scripts that are run as it is installed.
constexpr std::string_view kPackagePlaces[] = {"/usr/",
                                               "/bin/",
                                               "/sbin/",
                                               "/lib/",
                                               "/lib64/",
                                               "/etc/",
                                               "/opt/",
                                               "/var/lib/dpkg/",
                                               "/var/cache/debconf/",
                                               "/var/tmp/rpm-tmp.",
                                               "/memfd:lib/apk/exec/"};

bool is_manager(const Proc& proc) {
  const std::string& path = proc.shown.path;
  std::string_view name = base_name(path);
  bool python = name.starts_with("python");  // dnf and yum are scripts
  for (std::string_view place : kManagerPlaces) {
    if (!path.starts_with(place) || path.size() != place.size() + name.size()) continue;
    if (proc.shown.origin != "image") return false;
    if (!has(kManagers, name) && !(python && has(kManagers, base_name(proc.script_path)))) return false;
    return std::none_of(std::begin(kOrders), std::end(kOrders), [&](std::string_view order) {
      return proc.command_line.find(order) != std::string::npos;
    });
  }
  return false;
}

}  // namespace

void ProcessTree::find_script(Proc& proc) {
  proc.script.clear();
  proc.script_origin.clear();
  proc.script_path.clear();
  const auto& argv = proc.shown.argv;
  proc.interpreter = interprets(proc.shown.path, argv);
  if (!proc.interpreter || base_name(proc.shown.path).ends_with("awk")) return;
  std::string_view argument = script_argument(argv);
  if (argument.empty()) return;
  proc.script_path = resolve_path(proc.cwd, std::string(argument));
  const auto* writer = writer_of(proc.script_path);
  if (writer == nullptr) return;
  proc.script = proc.script_path;
  proc.script_origin = writer->created ? "dropped" : "changed";
  proc.script_layer = 0;
}

// What a package's scripts start is the package manager's work as well, but not a program that they fetched
// or made where no package's files lie.
void ProcessTree::find_package_manager(Proc& proc) const {
  const std::string& path = proc.script.empty() ? proc.shown.path : proc.script;
  bool own = proc.shown.origin == "image" && proc.script.empty();
  bool place = std::any_of(std::begin(kPackagePlaces), std::end(kPackagePlaces),
                           [&](std::string_view prefix) { return path.starts_with(prefix); });
  if (!own && !place) proc.by_package_manager = false;
  if (is_manager(proc)) proc.by_package_manager = true;
}

}  // namespace assay
