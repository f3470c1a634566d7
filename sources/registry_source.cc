// The distribution API behind the seam. Connections fail and servers restart: what reads only is tried once
// more after a moment, and told to who wants notes. More patience is the caller's, who knows how much time
// there is.
#include "sources/registry_source.h"

#include "sources/platforms.h"
#include "sources/registry.h"

namespace assay::sources {
namespace {

constexpr std::chrono::milliseconds kMoment{500};

class RegistrySource : public Source {
 public:
  RegistrySource(const SourceSpec& spec, const SourceOptions& options)
      : spec_(spec),
        note_(options.note),
        pause_(options.stop_fd),
        registry_({spec.host, spec.insecure, spec.auth_file, options.places}, Http(options.stop_fd)) {}

  Status each_repository(const std::function<bool(Repository)>& visit) override {
    for (const std::string& name : spec_.repositories)
      if (!visit({spec_.host, name})) return Status();
    if (!spec_.repositories.empty()) return Status();
    // From its beginning when it is tried again: what was told is told once.
    size_t told = 0;
    return twice([&] {
      size_t seen = 0;
      return registry_.each_repository([&](const std::string& name) {
        if (seen++ < told) return true;
        ++told;
        return visit({spec_.host, name});
      });
    });
  }

  Result<std::vector<TaggedImage>> images(const Repository& repository) override {
    return twice([&]() -> Result<std::vector<TaggedImage>> {
      std::vector<TaggedImage> out;
      ASSAY_CHECK(registry_.each_tag(repository.name, [&](const std::string& tag) {
        out.push_back({.tag = tag, .digest = "", .media_type = ""});
        return true;
      }));
      return out;
    });
  }

  Result<TaggedImage> resolve(const Repository& repository, const std::string& tag) override {
    return twice([&]() -> Result<TaggedImage> {
      ASSAY_TRY(ManifestFound found, registry_.head(repository.name, tag));
      return TaggedImage{tag, found.digest, found.media_type, 0, found.size_bytes};
    });
  }

  Result<std::vector<PlatformImage>> platforms(const Repository& repository,
                                               const TaggedImage& image) override {
    return twice([&] { return platforms_of(registry_, repository.name, image); });
  }

  std::chrono::milliseconds busy_for() const override { return registry_.busy_for(); }

 private:
  template <class Try>
  auto twice(Try&& attempt) -> decltype(attempt()) {
    auto first = attempt();
    if (first || (first.error().code != Errc::unreachable && first.error().code != Errc::timeout))
      return first;
    if (note_) note_(first.error().what + "; tried once more");
    ASSAY_CHECK(pause_.pause(kMoment));
    return attempt();
  }

  SourceSpec spec_;
  std::function<void(const std::string&)> note_;
  Http pause_;  // waits, and asks nothing
  Registry registry_;
};

}  // namespace

std::unique_ptr<Source> open_registry(const SourceSpec& spec, const SourceOptions& options) {
  return std::make_unique<RegistrySource>(spec, options);
}

}  // namespace assay::sources
