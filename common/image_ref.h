// ImageRef: a reference to an image as users write it, parsed and completed. Pure.
// Registry references follow the distribution grammar (github.com/distribution/reference):
// [host[:port]/]path[:tag][@digest], with docker.io and library/ and :latest filled in as docker does.
// oci:DIR[:tag], oci-archive:FILE[:tag], docker-archive:FILE[:ref].
#pragma once

#include <string>
#include <string_view>

#include "common/result.h"

namespace assay {

struct ImageRef {
  enum class Kind { registry, oci, oci_archive, docker_archive };
  Kind kind = Kind::registry;
  std::string registry;    // "docker.io", "127.0.0.1:5000" (kind registry)
  std::string repository;  // "library/nginx"
  std::string tag;         // may be empty when a digest is given
  std::string digest;      // "sha256:..." or empty
  std::string path;        // of the directory or file (other kinds)

  /// Errc::invalid names the reference and the rule that it breaks.
  static Result<ImageRef> parse(std::string_view text);
  /// In full: "docker.io/library/nginx:latest", "oci-archive:/tmp/x.tar".
  std::string str() const;
  /// As skopeo(1) wants it: "docker://docker.io/library/nginx:latest", "oci-archive:/tmp/x.tar".
  std::string skopeo() const;

  bool operator==(const ImageRef&) const = default;
};

}  // namespace assay
