// One account in one region: the control plane lists, the data plane is asked for what is behind an index,
// with a token that may expire at any time.
#include "sources/aws/ecr_source.h"

#include "common/clock.h"
#include "common/text.h"
#include "sources/aws/ecr.h"
#include "sources/platforms.h"
#include "sources/registry.h"

namespace assay::sources::aws {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kThrottled{30'000};  // ECR does not say for how long

class EcrSource : public Source {
 public:
  EcrSource(const SourceSpec& spec, const std::string& region, const std::string& role,
            const SourceOptions& options)
      : spec_(spec),
        name_("ecr " + region + (role.empty() ? "" : " as " + role)),
        options_(options),
        chain_({role, spec.endpoint, region, ""}, options.stop_fd),
        ecr_(region, spec.endpoint, chain_, options.stop_fd),
        login_(region, spec.endpoint, role, options.stop_fd) {}

  Status each_repository(const std::function<bool(Repository)>& visit) override {
    size_t seen = 0;
    bool too_many = false;
    Status done = ecr_.each_repository([&](EcrRepository one) {
      too_many = ++seen > kMaxRepositories;
      if (too_many) return false;
      std::string host = spec_.registry_host;
      if (host.empty()) host = one.uri.substr(0, one.uri.find('/'));
      return visit({std::move(host), std::move(one.name), one.created_s * 1'000'000'000});
    });
    if (!done) return told(done.error());
    if (too_many)
      return Error{Errc::limit, name_ + ": more than " + std::to_string(kMaxRepositories) + " repositories"};
    return Status();
  }

  Result<std::vector<TaggedImage>> images(const Repository& repository) override {
    std::vector<TaggedImage> out;
    Status done = ecr_.each_image(repository.name, [&](EcrImage image) {
      int64_t pushed_ns = image.pushed_s * 1'000'000'000;
      if (image.tags.empty()) image.tags.emplace_back();
      for (std::string& tag : image.tags)
        out.push_back({std::move(tag), image.digest, image.media_type, pushed_ns, image.size_bytes});
      return out.size() <= kMaxTags;
    });
    if (!done) return told(done.error());
    if (out.size() > kMaxTags)
      return Error{Errc::limit, repository.str() + ": more than " + std::to_string(kMaxTags) + " tags"};
    return out;
  }

  Result<TaggedImage> resolve(const Repository& repository, const std::string& tag) override {
    return with_token<TaggedImage>(repository, [&](Registry& registry) -> Result<TaggedImage> {
      ASSAY_TRY(ManifestFound found, registry.head(repository.name, tag));
      return TaggedImage{tag, found.digest, found.media_type, 0, found.size_bytes};
    });
  }

  Result<std::vector<PlatformImage>> platforms(const Repository& repository,
                                               const TaggedImage& image) override {
    return with_token<std::vector<PlatformImage>>(
        repository, [&](Registry& registry) { return platforms_of(registry, repository.name, image); });
  }

  milliseconds busy_for() const override { return busy_for_; }

 private:
  Error told(const Error& error) {
    if (error.code == Errc::busy) busy_for_ = kThrottled;
    return error.context(name_);
  }

  // A token that was refused is one that has expired: once more with another.
  template <class T>
  Result<T> with_token(const Repository& repository, const std::function<Result<T>(Registry&)>& ask) {
    for (int again = 0;; ++again) {
      auto login = login_.get(wall_s());
      if (!login) return told(login.error());
      if (!registry_ || registry_->host() != repository.host)
        registry_.emplace(RegistryOptions{repository.host, spec_.insecure, "", options_.places, *login},
                          Http(options_.stop_fd));
      else
        registry_->set_login(*login);
      Result<T> out = ask(*registry_);
      if (out || again > 0 || out.error().code != Errc::denied) {
        if (!out && out.error().code == Errc::busy) busy_for_ = registry_->busy_for();
        return out;
      }
      login_.forget();
    }
  }

  SourceSpec spec_;
  std::string name_;
  SourceOptions options_;
  CredentialChain chain_;
  Ecr ecr_;
  EcrLogin login_;
  std::optional<Registry> registry_;
  milliseconds busy_for_{kThrottled};
};

}  // namespace

Result<std::vector<std::unique_ptr<Source>>> open_ecr(const SourceSpec& spec, const SourceOptions& options) {
  std::vector<std::string> regions = spec.regions, roles = spec.roles;
  if (regions.empty()) {
    ASSAY_TRY(std::string region, default_region(options.stop_fd));
    regions.push_back(region);
  }
  if (roles.empty()) roles.emplace_back();
  std::vector<std::unique_ptr<Source>> out;
  for (const std::string& role : roles)
    for (const std::string& region : regions)
      out.push_back(std::make_unique<EcrSource>(spec, region, role, options));
  return out;
}

}  // namespace assay::sources::aws
