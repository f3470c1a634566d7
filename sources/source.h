// source: a seam: what lists repositories and the images in them. registry_source (the distribution API) and
// aws/ecr_source (Amazon's) are behind it. Listing takes as long as it takes: call it from a thread of its
// own, one at a time.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "common/oci.h"
#include "common/result.h"
#include "sources/places.h"

namespace assay::sources {

/// What a source is, as users write it: docs/sources.md. JSON: {"registry": "HOST[:PORT]"} with
/// "repositories" in the sweep's filter, {"ecr": {...}}.
struct SourceSpec {
  enum class Kind : uint8_t { registry, ecr };
  Kind kind = Kind::registry;
  // registry
  std::string host;                       // "registry.example:5000", "docker.io"
  std::vector<std::string> repositories;  // named one by one, for registries without a catalog; empty: the
                                          // catalog's
  bool insecure = false;
  std::string auth_file;
  // ecr
  std::vector<std::string> regions;  // empty: that of the environment
  std::vector<std::string> roles;    // ARNs to assume, each is an account of its own; empty: as we are
  std::string endpoint;       // of all AWS services instead of Amazon's own; for tests and VPC endpoints
  std::string registry_host;  // in place of ACCOUNT.dkr.ecr.REGION.amazonaws.com, likewise

  bool operator==(const SourceSpec&) const = default;
  /// "registry.example:5000", "ecr eu-west-1,us-east-1".
  std::string str() const;
};

/// "registry.example:5000", "registry.example/team/app,team/db" (these repositories alone),
/// "ecr:REGION[,REGION...][?role=ARN[&role=ARN...]]". Errc::invalid names the text and the rule.
Result<SourceSpec> parse_source(std::string_view text);
/// One object of a sweep's "sources"; unknown fields are refused by name.
Result<SourceSpec> source_from_json(std::string_view json);
std::string source_json(const SourceSpec& spec);

/// One repository of a source: what an image reference begins with.
struct Repository {
  std::string host;  // "123456789012.dkr.ecr.eu-west-1.amazonaws.com"
  std::string name;  // "team/app"
  int64_t created_ns = 0;

  std::string str() const { return host + "/" + name; }
  bool operator==(const Repository&) const = default;
};

/// What a repository holds under one tag, or untagged.
struct TaggedImage {
  std::string tag;          // empty: none
  std::string digest;       // of the manifest or index; empty: not said by the list, see resolve()
  std::string media_type;   // empty: not known
  int64_t pushed_ns = 0;    // 0: not known
  uint64_t size_bytes = 0;  // 0: not known
};

/// One manifest for one platform.
struct PlatformImage {
  std::string digest;
  std::string platform;    // "linux/amd64", "linux/arm64/v8"; empty: its config does not say
  int64_t created_ns = 0;  // by the image's config, where that was read; 0: not known
};

inline constexpr size_t kMaxRepositories = 100'000;  // of a source
inline constexpr size_t kMaxTags = 100'000;          // of a repository
inline constexpr size_t kMaxPlatforms = 100;         // of an index

struct SourceOptions {
  PlaceFiles places;
  int stop_fd = -1;                                     // borrowed
  std::function<void(const std::string& line)> note{};  // what took a second try, and why
};

class Source {
 public:
  virtual ~Source() = default;

  /// In the order served; stops when `visit` returns false. Errors as of every method here: unreachable,
  /// denied (login), not_found, busy (see busy_for()), timeout, unsupported (it has no catalog), limit,
  /// corrupt, cancelled; each in words, with host and repository.
  virtual Status each_repository(const std::function<bool(Repository)>& visit) = 0;
  virtual Result<std::vector<TaggedImage>> images(const Repository& repository) = 0;
  /// What a tag means now: its digest, media type and size.
  virtual Result<TaggedImage> resolve(const Repository& repository, const std::string& tag) = 0;
  /// The manifests behind a digest: one for a plain image, those of an index; attestations are left out.
  virtual Result<std::vector<PlatformImage>> platforms(const Repository& repository,
                                                       const TaggedImage& image) = 0;
  /// After Errc::busy: for how long to leave the source alone, as it said (a minute where it did not), and
  /// which host that is.
  virtual std::chrono::milliseconds busy_for() const = 0;
};

/// One source for each account and region of the spec, or the one registry. Does not connect yet, but for
/// what it takes to assume a role.
Result<std::vector<std::unique_ptr<Source>>> open_source(const SourceSpec& spec,
                                                         const SourceOptions& options);

}  // namespace assay::sources
