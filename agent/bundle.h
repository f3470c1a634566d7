// bundle: the OCI runtime config (runtime-spec config.md) for an image. Pure but for reading /etc/passwd and
// /etc/group of the image.
#pragma once

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "common/oci.h"
#include "common/result.h"

namespace assay {

struct BundleOptions {
  std::filesystem::path rootfs{};  // merged
  std::string hostname{};
  std::string net_ns_path{};  // empty: an empty network namespace of its own
  std::filesystem::path
      etc_dir{};  // holds resolv.conf, hosts, hostname to be bind-mounted into /etc; empty: none
  std::vector<std::string> env{};  // NAME=value; what the image sets itself wins
  std::vector<std::pair<std::filesystem::path, std::string>> binds{};  // host path, guest path
  std::vector<std::pair<std::filesystem::path, std::string>> looks{};  // likewise, read-only: guest_looks.h
  std::filesystem::path starter{};  // on the host, to be found at kStarterPath; empty: not there
  uint64_t memory_bytes = 0;        // what the guest may see as its memory; 0: not set
};

/// What will run first: argv after entrypoint and cmd are joined, the resolved user, cwd, the environment.
struct InitProcess {
  std::vector<std::string> argv, env;
  std::string cwd;
  uint32_t uid = 0, gid = 0;
  std::vector<uint32_t> groups;
};

/// Errors: invalid (no entrypoint and no cmd; unknown user), naming the image's field.
Result<InitProcess> init_process(const ImageConfig& image, const std::filesystem::path& image_root);
/// What the runtime will mount on or start in, for Rootfs::mount(): "/proc/", "/etc/hosts", the working
/// directory...
std::vector<std::string> mount_points(const ImageConfig& image);
/// The environment of what runs in the container: the image's own, then what `options` add.
std::vector<std::string> container_env(const InitProcess& init, const BundleOptions& options);
/// What `runsc exec --process` reads: like the container's own process, but `argv` as root, and able to lift
/// limits.
std::string exec_config(const InitProcess& init, const BundleOptions& options,
                        const std::vector<std::string>& argv);
/// config.json.
std::string runtime_config(const ImageConfig& image, const InitProcess& init, const BundleOptions& options);

}  // namespace assay
