// registry_referrers: the referrers API (distribution-spec 1.1, "Listing Referrers") over manifests that were
// seen going by: what a registry without it is given by the proxy in front. Pure, but for what it remembers.
#pragma once

#include <map>
#include <mutex>
#include <string>
#include <vector>

namespace assay::farm {

class RegistryReferrers {
 public:
  /// A manifest that the registry has taken, put to /v2/REPOSITORY/manifests/...: the digest that it refers
  /// to, for OCI-Subject; empty: none.
  std::string take(const std::string& path, const std::string& manifest);
  /// The answer to GET /v2/REPOSITORY/referrers/DIGEST; empty: `path` is no such thing.
  std::string list(const std::string& path) const;

 private:
  mutable std::mutex mutex_;
  std::map<std::string, std::vector<std::string>> entries_;  // by "REPOSITORY/DIGEST", as JSON
};

}  // namespace assay::farm
