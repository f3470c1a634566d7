// stage: lays one scan's lures out before the guest starts: a layer of files that comes on top of the image
// (honeytokens, the scan's CA in the image's own trust stores), environment variables, and the Unix sockets
// of decoy services. Reads the image, which is hostile; writes only into its own directory.
#pragma once

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "agent/lure/lures.h"
#include "common/fd.h"
#include "common/oci.h"
#include "common/result.h"

namespace assay {

/// A Unix socket on the host, listening, that the guest finds at `guest_path`. Who connects to it talks to
/// the sinkhole.
struct DecoySocket {
  std::string name;  // "docker.sock"
  std::filesystem::path host_path;
  std::string guest_path;  // "/var/run/docker.sock"
  Fd listener;             // non-blocking
};

struct Stage {
  lure::Lures lures;
  std::filesystem::path layer;   // on top of the image, below the guest's own; owners and modes as the guest
                                 // is to see them
  std::vector<std::string> env;  // NAME=value; the image's own settings of a name win
  std::vector<DecoySocket> sockets;
  std::vector<std::pair<std::string, std::string>> hosts;  // further lines of /etc/hosts: address, names
};

struct StageOptions {
  Persona persona = Persona::bare;
  bool network = true;  // without, there is nobody to answer: no CA, no sockets
  std::string hostname;
};

/// `image_root`: Rootfs::image(). `dir`: this scan's own, empty. An image in which something cannot be placed
/// (a read-only link maze, a file where a directory is needed) goes without it.
Result<Stage> set_stage(const ImageConfig& image, const std::filesystem::path& image_root,
                        const std::filesystem::path& dir, const StageOptions& options);

}  // namespace assay
