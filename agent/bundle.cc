// config.json as docker would write it: what runs, as whom, with which mounts, capabilities and namespaces.
// (What docker adds only to protect its host, such as seccomp and masked paths, would show nothing here:
// gVisor's kernel is not the host's.)
#include "agent/bundle.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "agent/bundle_user.h"
#include "agent/guest_looks.h"
#include "common/starter.h"
#include "common/text.h"

namespace assay {
namespace {

using nlohmann::json;

constexpr const char* kPath = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
constexpr const char* kCapabilities[] = {
    "CAP_CHOWN",   "CAP_DAC_OVERRIDE", "CAP_FSETID",           "CAP_FOWNER",
    "CAP_MKNOD",   "CAP_NET_RAW",      "CAP_SETGID",           "CAP_SETUID",
    "CAP_SETFCAP", "CAP_SETPCAP",      "CAP_NET_BIND_SERVICE", "CAP_SYS_CHROOT",
    "CAP_KILL",    "CAP_AUDIT_WRITE"};
constexpr const char* kEtcFiles[] = {"resolv.conf", "hosts", "hostname"};

bool has_variable(const std::vector<std::string>& env, const std::string& name) {
  return std::any_of(env.begin(), env.end(), [&](const auto& v) { return v.starts_with(name + "="); });
}

// A later setting of a name replaces an earlier one, in its place; what is no setting is left out, as docker
// does.
std::vector<std::string> clean_env(const std::vector<std::string>& env) {
  std::vector<std::string> out;
  for (const std::string& variable : env) {
    size_t equals = variable.find('=');
    if (equals == std::string::npos || equals == 0) continue;
    std::string prefix = variable.substr(0, equals + 1);
    auto earlier = std::find_if(out.begin(), out.end(), [&](const auto& v) { return v.starts_with(prefix); });
    if (earlier == out.end()) {
      out.push_back(variable);
    } else {
      *earlier = variable;
    }
  }
  return out;
}

std::string working_dir(const ImageConfig& image) {
  std::filesystem::path dir = std::filesystem::path("/" + image.working_dir).lexically_normal();
  std::string text = dir.string();
  // A path of slashes alone may keep two of them (POSIX gives them a meaning); nobody here does.
  text.erase(0, std::min(text.find_first_not_of('/'), text.size()));
  while (text.ends_with('/')) text.pop_back();
  return "/" + text;
}

json mounts(const BundleOptions& options) {
  json out = json::array();
  auto add = [&](const char* destination, const char* type, const char* source,
                 std::vector<std::string> flags) {
    out.push_back(
        {{"destination", destination}, {"type", type}, {"source", source}, {"options", std::move(flags)}});
  };
  add("/proc", "proc", "proc", {"nosuid", "noexec", "nodev"});
  add("/dev", "tmpfs", "tmpfs", {"nosuid", "strictatime", "mode=755", "size=65536k"});
  add("/dev/pts", "devpts", "devpts",
      {"nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620", "gid=5"});
  add("/sys", "sysfs", "sysfs", {"nosuid", "noexec", "nodev", "ro"});
  add("/dev/mqueue", "mqueue", "mqueue", {"nosuid", "noexec", "nodev"});
  add("/dev/shm", "tmpfs", "shm", {"nosuid", "noexec", "nodev", "mode=1777", "size=65536k"});
  // Where the image's /tmp is empty runsc would put a tmpfs of its own over it, and what the guest drops
  // there would be lost with it. Only a real directory: a link would be followed on the host.
  std::filesystem::path tmp = options.rootfs / "tmp";
  std::error_code ignored;
  if (std::filesystem::symlink_status(tmp, ignored).type() == std::filesystem::file_type::directory)
    add("/tmp", "bind", tmp.c_str(), {"rbind", "rprivate", "rw"});
  for (const auto& [host, guest] : options.binds)
    add(guest.c_str(), "bind", host.c_str(), {"rbind", "rprivate", "rw"});
  for (const auto& [host, guest] : options.looks)
    add(guest.c_str(), "bind", host.c_str(), {"rbind", "rprivate", "ro", "nosuid", "nodev", "noexec"});
  if (!options.starter.empty())
    add(std::string(kStarterPath).c_str(), "bind", options.starter.c_str(), {"rbind", "rprivate", "ro"});
  if (options.etc_dir.empty()) return out;
  for (const char* name : kEtcFiles)
    add((std::string("/etc/") + name).c_str(), "bind", (options.etc_dir / name).c_str(),
        {"rbind", "rprivate", "rw"});
  return out;
}

json process(const InitProcess& init, const BundleOptions& options) {
  json held = json::array();
  for (const char* capability : kCapabilities) held.push_back(capability);
  // A process that is not root starts with none, but a setuid program may get them back within the bounding
  // set.
  json effective = init.uid == 0 ? held : json::array();
  return {{"terminal", false},
          {"user", {{"uid", init.uid}, {"gid", init.gid}, {"umask", 022}, {"additionalGids", init.groups}}},
          {"args", init.argv},
          {"env", container_env(init, options)},
          {"cwd", init.cwd},
          {"capabilities",
           {{"bounding", held},
            {"permitted", effective},
            {"effective", effective},
            {"inheritable", json::array()}}},
          {"rlimits", {{{"type", "RLIMIT_NOFILE"}, {"hard", 1048576}, {"soft", 1048576}}}},
          {"noNewPrivileges", false}};
}

}  // namespace

Result<InitProcess> init_process(const ImageConfig& image, const std::filesystem::path& image_root) {
  InitProcess out;
  out.argv = image.entrypoint;
  out.argv.insert(out.argv.end(), image.cmd.begin(), image.cmd.end());
  if (out.argv.empty())
    return Error{Errc::invalid,
                 "the image says nothing to run: neither Entrypoint nor Cmd is set in its config"};
  if (out.argv[0].empty())
    return Error{Errc::invalid,
                 "the image's Entrypoint and Cmd begin with an empty string instead of a program"};
  ASSAY_TRY(ExecUser user, resolve_user(image.user, image_root));
  out.uid = user.uid;
  out.gid = user.gid;
  out.groups = std::move(user.groups);
  out.cwd = working_dir(image);
  out.env = clean_env(image.env);
  if (!has_variable(out.env, "PATH")) out.env.insert(out.env.begin(), kPath);
  if (!has_variable(out.env, "HOME")) out.env.push_back("HOME=" + user.home);
  return out;
}

std::vector<std::string> container_env(const InitProcess& init, const BundleOptions& options) {
  const std::string& hostname = options.hostname;
  std::vector<std::string> env = init.env;
  if (!hostname.empty() && !has_variable(env, "HOSTNAME"))
    env.insert(std::find(env.begin(), env.end(), kPath) == env.begin() && !env.empty() ? env.begin() + 1
                                                                                       : env.begin(),
               "HOSTNAME=" + hostname);
  for (const std::string& variable : options.env)
    if (!has_variable(env, variable.substr(0, variable.find('=')))) env.push_back(variable);
  return env;
}

std::string exec_config(const InitProcess& init, const BundleOptions& options,
                        const std::vector<std::string>& argv) {
  InitProcess other = init;
  other.argv = argv;
  other.uid = other.gid = 0;
  other.groups.clear();
  other.cwd.assign(1, '/');
  json out = process(other, options);
  // To lift its limits, and to read programs that run from memory; nothing that it starts can have them.
  for (const char* set : {"bounding", "permitted", "effective"})
    for (const char* capability : {"CAP_SYS_RESOURCE", "CAP_SYS_PTRACE"})
      out["capabilities"][set].push_back(capability);
  return out.dump(1, ' ', false, json::error_handler_t::replace);
}

std::vector<std::string> mount_points(const ImageConfig& image) {
  std::vector<std::string> out = {"/proc/", "/dev/", "/sys/"};
  for (const char* name : kEtcFiles) out.push_back(std::string("/etc/") + name);
  out.push_back("/tmp/");
  for (std::string& place : guest_looks_places()) out.push_back(std::move(place));
  if (std::string dir = working_dir(image); dir != "/") out.push_back(dir + "/");
  return out;
}

std::string runtime_config(const ImageConfig& /*image*/, const InitProcess& init,
                           const BundleOptions& options) {
  json network = {{"type", "network"}};
  if (!options.net_ns_path.empty()) network["path"] = options.net_ns_path;
  json config = {
      {"ociVersion", "1.0.2"},
      {"process", process(init, options)},
      {"root", {{"path", options.rootfs.string()}, {"readonly", false}}},
      {"hostname", options.hostname},
      {"mounts", mounts(options)},
      {"linux",
       {{"namespaces",
         {{{"type", "pid"}}, {{"type", "ipc"}}, {{"type", "uts"}}, {{"type", "mount"}}, network}}}}};
  if (options.memory_bytes != 0) config["linux"]["resources"]["memory"]["limit"] = options.memory_bytes;
  // /etc/passwd may name a home that is no UTF-8.
  return config.dump(1, ' ', false, json::error_handler_t::replace);
}

}  // namespace assay
