// pull: brings an image's manifest, config and layer blobs into the host's shared blob store, by skopeo, and
// verifies every digest. First stage of a scan; feeds unpack. Does not look inside layers.
#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "agent/pull_login.h"
#include "common/image_ref.h"
#include "common/oci.h"
#include "common/result.h"

namespace assay {

struct PullOptions {
  std::filesystem::path blobs_dir;  // shared by all scans of this host: sha256/<hex>
  bool insecure = false;
  std::string auth_file;
  /// Of a job with a login of its own (common/registry_auth.h): the only one that is used. Written for skopeo
  /// into `login_dir`, which is the caller's to remove.
  std::string registry_auth{};
  std::filesystem::path login_dir{};
  std::string platform{};        // of an index this platform's image; empty: this host's
  PullLogins* logins = nullptr;  // borrowed; none: skopeo looks for logins and certificates by itself
  std::chrono::seconds timeout{600};
  int cancel_fd = -1;
  /// Called once, as soon as it is known which manifest the reference means: for registries before anything
  /// else of the image is fetched. An error of it ends the pull and is returned.
  std::function<Status(const Digest& manifest)> resolved{};
  /// Called before Errc::busy is returned, where the registry said for how long it is to be left alone.
  std::function<void(std::chrono::milliseconds)> leave_alone{};
};

struct PulledLayer {
  Descriptor blob;
  Digest diff_id;
  std::string created_by;
  std::filesystem::path path;  // of the blob
};

struct PulledImage {
  Digest manifest_digest;    // as the source serves it for this platform
  std::string index_digest;  // of the index that the reference named, or empty
  Digest config_digest;
  ImageConfig config;
  std::vector<PulledLayer> layers;  // base first
  bool cached = false;              // config and layers were all there
};

/// Errors: unreachable (registry), not_found (repository, tag), denied (credentials), corrupt (digest
/// mismatch), unsupported (no image for the platform), busy (the registry limits our
/// rate), no_space. Each says what to do; the reference is the caller's to name.
Result<PulledImage> pull(const ImageRef& ref, const PullOptions& options);

}  // namespace assay
