// Skopeo: one image source as skopeo(1) reads it. Its failures are told in our words: a code, one line, and
// what to do.
#pragma once

#include <chrono>
#include <filesystem>
#include <string>
#include <vector>

#include "agent/pull.h"
#include "common/image_ref.h"
#include "common/result.h"

namespace assay {

class Skopeo {
 public:
  /// `ref` and `options` are borrowed. `tmp_dir` is where skopeo unpacks archives.
  Skopeo(const ImageRef& ref, const PullOptions& options, std::filesystem::path tmp_dir);

  /// The raw bytes of what the reference names; `digest` (registries only) names one manifest of the same
  /// repository instead.
  Result<std::string> manifest(const std::string& digest = "") const;
  /// The raw image config of a manifest.
  Result<std::string> config(const std::string& digest) const;
  /// Copies the image's layers into `blobs_dir`, and an OCI layout that refers to them to `layout`.
  Status copy(const std::string& digest, const std::filesystem::path& layout) const;

 private:
  std::vector<std::string> of_platform() const;
  std::string source(const std::string& digest) const;
  Result<std::string> run(std::vector<std::string> args, bool copying, size_t limit_bytes) const;

  const ImageRef& ref_;
  const PullOptions& options_;
  std::filesystem::path tmp_dir_;
  std::chrono::steady_clock::time_point deadline_;
};

/// What skopeo printed when it failed on `ref`, in our words.
Error skopeo_error(const ImageRef& ref, const std::string& printed);

}  // namespace assay
