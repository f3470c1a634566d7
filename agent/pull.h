// pull: brings an image's manifest, config and layer blobs into the host's shared blob store, by skopeo, and
// verifies every digest. First stage of a scan; feeds unpack. Does not look inside layers.
#pragma once

#include <chrono>
#include <filesystem>
#include <string>
#include <vector>

#include "agent/oci.h"
#include "common/image_ref.h"
#include "common/result.h"

namespace assay {

struct PullOptions {
  std::filesystem::path blobs_dir;  // shared by all scans of this host: sha256/<hex>
  bool insecure = false;
  std::string auth_file;
  std::chrono::seconds timeout{600};
  int cancel_fd = -1;
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
};

/// Errors: unreachable (registry), not_found (repository, tag), denied (credentials), corrupt (digest
/// mismatch), unsupported (no image for linux on this machine's architecture), no_space. Each names the
/// reference and says what to do.
Result<PulledImage> pull(const ImageRef& ref, const PullOptions& options);

}  // namespace assay
