// oci: OCI (and Docker schema 2) manifests, indexes and image configs, parsed from hostile JSON into plain
// structs. Pure. Source: OCI image-spec manifest.md, image-index.md, config.md.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "common/digest.h"
#include "common/result.h"

namespace assay {

struct Descriptor {
  std::string media_type;
  Digest digest;
  uint64_t size_bytes = 0;
  std::string architecture, os, variant;  // of an index entry's platform, may be empty
  bool attestation = false;   // an index entry that tells of another one (BuildKit, attestation-storage.md)
  std::string artifact_type;  // of a referrer

  /// "linux/arm64/v8", as OCI and docker write platforms; empty where it has none.
  std::string platform() const;
};

struct Manifest {
  Descriptor config;
  std::vector<Descriptor> layers;
};

struct ImageConfig {
  std::string architecture, os, variant, created;
  std::vector<std::string> entrypoint, cmd, env;
  std::string user, working_dir, stop_signal;
  std::vector<std::string> exposed_ports;  // "80/tcp"
  std::vector<std::string> healthcheck;    // Docker's: "CMD" or "CMD-SHELL" and what follows; empty: none
  std::vector<Digest> diff_ids;            // one a layer, of the uncompressed tar
  std::vector<std::string> layer_history;  // created_by, one a layer ("" where the image does not say)

  std::string platform() const;  // likewise
};

/// What errors call a manifest and an index, whose image the reader knows.
inline constexpr const char* kManifestName = "its manifest";
inline constexpr const char* kIndexName = "its index";

/// Errc::corrupt or Errc::unsupported; `name` begins the message.
Result<Manifest> parse_manifest(std::string_view json, const std::string& name);
Result<std::vector<Descriptor>> parse_index(std::string_view json, const std::string& name);
Result<ImageConfig> parse_image_config(std::string_view json, const std::string& name);
/// Whether raw bytes that a registry served are an index (or manifest list) rather than a manifest.
bool is_index(std::string_view json);

}  // namespace assay
