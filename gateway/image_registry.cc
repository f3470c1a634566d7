// One question, one connection.
#include "gateway/image_registry.h"

#include <algorithm>

#include "common/platform.h"
#include "common/text.h"
#include "sources/http_url.h"
#include "sources/platforms.h"
#include "sources/registry.h"

namespace assay::gateway {
namespace {

// Who may start a pod chooses whom we ask: but not for a cloud's metadata.
Result<sources::Registry> open_registry(const RegistrySettings& settings, const ImageRef& ref, int stop_fd) {
  std::string host = ref.registry.substr(0, ref.registry.rfind(':'));
  if (sources::is_link_local(ref.registry) || sources::is_link_local(host))
    return Error{Errc::denied,
                 printable(ref.registry, 200) + " is a link-local address: no registry is asked there"};
  sources::RegistryOptions options;
  options.host = ref.registry;
  options.insecure = is_insecure(settings, ref.registry);
  options.auth_file = settings.auth_file;
  options.places = settings.places;
  return sources::Registry(std::move(options), sources::Http(stop_fd));
}

}  // namespace

bool is_insecure(const RegistrySettings& settings, const std::string& host) {
  return std::find(settings.insecure.begin(), settings.insecure.end(), host) != settings.insecure.end();
}

Result<std::string> digest_of_tag(const RegistrySettings& settings, const ImageRef& ref, int stop_fd) {
  ASSAY_TRY(sources::Registry registry, open_registry(settings, ref, stop_fd));
  ASSAY_TRY(sources::ManifestFound found, registry.head(ref.repository, ref.tag));
  return found.digest;
}

Result<std::optional<std::vector<std::string>>> images_of_index(const RegistrySettings& settings,
                                                                const ImageRef& ref,
                                                                const std::string& digest, int stop_fd) {
  std::optional<std::vector<std::string>> out;
  ASSAY_TRY(sources::Registry registry, open_registry(settings, ref, stop_fd));
  ASSAY_TRY(sources::ManifestFound found, registry.manifest(ref.repository, digest));
  if (!is_index(found.bytes)) return out;
  ASSAY_TRY(auto images, sources::platforms_in(registry, ref.repository, found));
  out.emplace();
  for (const std::string& platform : settings.platforms) {
    auto of_it = std::find_if(images.begin(), images.end(), [&](const sources::PlatformImage& image) {
      return platform_key(image.platform) == platform;
    });
    if (of_it == images.end())
      return Error{Errc::unsupported, "the index " + digest + " has no image for " + platform};
    if (std::find(out->begin(), out->end(), of_it->digest) == out->end()) out->push_back(of_it->digest);
  }
  return out;
}

}  // namespace assay::gateway
