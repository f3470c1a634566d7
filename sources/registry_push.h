// registry_push: small things put into a registry by the OCI distribution API (spec.md, "Push"): blobs in one
// piece, manifests, and what refers to an image where the registry keeps no list of that itself ("Referrers
// Tag Schema"). With the registry's own login, which needs the right to push; mirrors are left alone.
#pragma once

#include <chrono>
#include <functional>
#include <string>

#include "common/oci.h"
#include "common/result.h"
#include "sources/registry.h"

namespace assay::sources {

struct PushedManifest {
  std::string digest;
  bool listed = false;  // the registry lists it among what refers to its subject (OCI-Subject, spec.md)
};

class RegistryPush {
 public:
  /// `registry` is borrowed. `moment`: how long to wait before a second try; a registry that is not reached
  /// or fails is asked twice.
  explicit RegistryPush(Registry& registry, std::chrono::milliseconds moment = std::chrono::milliseconds(500))
      : registry_(registry), moment_(moment) {}

  /// Nothing is sent where it has it. Returns its digest.
  Result<std::string> blob(const std::string& repository, const std::string& bytes);
  /// `reference`: a tag; empty: by digest alone. `subject`: the digest that it refers to, or empty.
  Result<PushedManifest> manifest(const std::string& repository, const std::string& reference,
                                  const std::string& bytes, const std::string& media_type,
                                  const std::string& subject = "");
  /// What stands under a tag becomes what `change` makes of it ("" where there is none), and is looked at
  /// again: who writes there at the same time may have overwritten ours, as the API knows no lock. Then it is
  /// done once more, a few times (Errc::conflict). `change` gives back the text itself where nothing is to
  /// do.
  using Change = std::function<Result<std::string>(const std::string& manifest)>;
  Status change(const std::string& repository, const std::string& tag, const std::string& media_type,
                const Change& change);

 private:
  template <class Try>
  auto twice(Try&& attempt) -> decltype(attempt());
  Status upload(const std::string& repository, const std::string& bytes, const std::string& digest);

  Registry& registry_;
  std::chrono::milliseconds moment_;
};

/// An index with one more entry, `entry` as JSON, unless its digest is there already; other entries and
/// fields stay as they are. `index` may be empty: a new one. Errc::corrupt: it is no index; `name` begins the
/// message.
Result<std::string> index_with(const std::string& index, const std::string& entry, const std::string& name);

}  // namespace assay::sources
