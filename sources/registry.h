// registry: one registry by the OCI distribution API (github.com/opencontainers/distribution-spec, spec.md):
// repositories, tags, manifests and referrers, page by page, with its logins and mirrors. Its own errors
// reach the user in words (registry_errors).
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "common/oci.h"
#include "common/result.h"
#include "sources/credentials.h"
#include "sources/http.h"
#include "sources/places.h"

namespace assay::sources {

struct RegistryOptions {
  std::string host;  // "docker.io", "127.0.0.1:5000"
  bool insecure = false;
  std::string auth_file;
  PlaceFiles places;
  std::optional<Login> login{};  // instead of what the files say (Amazon's tokens)
};

/// What a manifest request found.
struct ManifestFound {
  std::string digest;  // checked against the bytes where they were fetched
  std::string media_type;
  uint64_t size_bytes = 0;
  std::string bytes;  // empty after head()
};

class Registry {
 public:
  struct State;  // of the registry*.cc files alone

  Registry(RegistryOptions options, Http http);
  Registry(Registry&&) noexcept;
  Registry& operator=(Registry&&) noexcept;
  ~Registry();

  /// Errc::unsupported where it offers no catalog: names what to do instead.
  Status each_repository(const std::function<bool(const std::string&)>& visit);
  Status each_tag(const std::string& repository, const std::function<bool(const std::string&)>& visit);
  /// `reference`: a tag or a digest. No pull for those who count pulls; falls back to GET where HEAD says no
  /// digest.
  Result<ManifestFound> head(const std::string& repository, const std::string& reference);
  Result<ManifestFound> manifest(const std::string& repository, const std::string& reference);
  /// A small blob (an image's config), checked against its digest.
  Result<std::string> blob(const std::string& repository, const std::string& digest, size_t limit_bytes);
  /// What refers to a digest; by the referrers API, or the tag that stands in for it (sha256-HEX). `type`:
  /// only artifacts of this type; empty: all.
  Result<std::vector<Descriptor>> referrers(const std::string& repository, const std::string& digest,
                                            const std::string& type = "");
  void set_login(Login login);
  /// After Errc::busy: for how long it is to be left alone; a minute where it did not say.
  std::chrono::milliseconds busy_for() const;
  const std::string& host() const;
  /// Of the registry*.cc files alone.
  State& state() { return *state_; }

 private:
  std::unique_ptr<State> state_;
};

}  // namespace assay::sources
