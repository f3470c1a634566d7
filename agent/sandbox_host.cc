// What a scan needs of the machine, looked at before the first one: each missing thing in one line, with what
// to do about it.
#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>

#include "agent/sandbox.h"

namespace assay {
namespace {

constexpr const char* kInstallRunsc =
    "install runsc from bookworm-backports: apt-get install -t bookworm-backports runsc (Debian 13 has it in "
    "main)";
constexpr std::chrono::seconds kVersionTimeout{10};

Status check_cgroups() {
  ASSAY_TRY(auto mounts, cgroup_mounts());
  auto offers = [&](const char* name) {
    return std::any_of(mounts.begin(), mounts.end(), [&](const CgroupMount& mount) {
      return std::find(mount.controllers.begin(), mount.controllers.end(), name) != mount.controllers.end();
    });
  };
  for (const char* controller : {"memory", "pids", "cpu"})
    if (!offers(controller))
      return Error{Errc::unsupported, std::string("no cgroup hierarchy offers the ") + controller +
                                          " controller; boot with cgroup_enable=" + controller +
                                          ", or mount cgroup2 at /sys/fs/cgroup"};
  if (std::none_of(mounts.begin(), mounts.end(), [](const CgroupMount& mount) { return mount.v2; }))
    return Error{Errc::unsupported,
                 "cgroup v2 is not mounted, and BPF tells sandboxes apart by it; run: mkdir -p "
                 "/sys/fs/cgroup/unified && mount -t cgroup2 "
                 "none /sys/fs/cgroup/unified"};
  return Status();
}

}  // namespace

Result<std::string> judge_runtime_version(const std::string& printed) {
  std::string line = printed.substr(0, printed.find('\n'));
  constexpr std::string_view kPrefix = "runsc version ";
  if (!line.starts_with(kPrefix))
    return Error{Errc::unsupported, "runsc --version printed no version; " + std::string(kInstallRunsc)};
  // Debian 12's own: its stdout handling and its platforms fail on kernels from 6.x on.
  if (line.find("20221219") != std::string::npos)
    return Error{Errc::unsupported, line + " does not work on current kernels; " + kInstallRunsc};
  return line;
}

Result<std::string> runtime_version() {
  if (auto program = find_program("runsc"); !program)
    return Error{Errc::not_found, std::string("no runsc in PATH; ") + kInstallRunsc};
  Command command;
  command.argv = {"runsc", "--version"};
  ASSAY_TRY(Output output, run(std::move(command), kVersionTimeout));
  if (output.status.shell_code() != 0)
    return Error{Errc::unsupported, std::string("runsc --version failed; ") + kInstallRunsc};
  return judge_runtime_version(output.out);
}

bool offers_flag(std::string_view printed, std::string_view flag) {
  std::string line = "  -" + std::string(flag);
  for (size_t at = printed.find(line); at != std::string_view::npos; at = printed.find(line, at + 1)) {
    std::string_view rest = printed.substr(at + line.size());
    if ((at == 0 || printed[at - 1] == '\n') && (rest.empty() || rest[0] == '\n' || rest[0] == ' '))
      return true;
  }
  return false;
}

Status check_full_witness() {
  Command command;
  command.argv = {"runsc", "flags"};
  ASSAY_TRY(Output output, run(std::move(command), kVersionTimeout));
  if (offers_flag(output.out + output.err, "systrap-disable-syscall-patching")) return Status();
  ASSAY_TRY(std::string version, runtime_version());
  return Error{Errc::unsupported, version +
                                      " has no --systrap-disable-syscall-patching, which full-witness needs: "
                                      "install a newer release, or do without full-witness"};
}

Status check_host() {
  if (::geteuid() != 0)
    return Error{Errc::denied, "scanning needs root (namespaces, cgroups, BPF); run it with sudo"};
  utsname name{};
  ::uname(&name);
  std::string machine = name.machine;
  if (machine != "x86_64" && machine != "aarch64")
    return Error{Errc::unsupported, "gVisor runs on x86-64 and arm64 only; this machine is " + machine};
  ASSAY_TRY([[maybe_unused]] std::string version, runtime_version());
  if (::access("/sys/kernel/btf/vmlinux", R_OK) != 0)
    return Error{
        Errc::unsupported,
        "no /sys/kernel/btf/vmlinux: this kernel has no BTF, which the BPF programs need; boot a kernel with "
        "CONFIG_DEBUG_INFO_BTF (every Debian kernel since 11 has it)"};
  ASSAY_TRY(std::string filesystems, read_file("/proc/filesystems", 1 << 20));
  if (filesystems.find("\toverlay\n") == std::string::npos)
    return Error{Errc::unsupported, "the kernel does not know overlayfs; run: modprobe overlay"};
  ASSAY_CHECK(check_cgroups());
  for (const char* program : {"ip", "skopeo"})
    if (auto found = find_program(program); !found) return found.error();
  return Status();
}

}  // namespace assay
