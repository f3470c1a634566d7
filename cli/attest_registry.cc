// Registries as the verbs over attestations see them.
#include <boost/program_options.hpp>

#include "agent/platforms.h"
#include "cli/attest.h"
#include "common/keys.h"
#include "common/platform.h"
#include "common/process.h"
#include "common/text.h"
#include "common/words.h"
#include "sources/platforms.h"

namespace assay::cli {
namespace {

constexpr size_t kMaxPassphraseBytes = 4096;

std::string tag_or_digest(const ImageRef& ref) { return ref.digest.empty() ? ref.tag : ref.digest; }

// The entry of an index that is `digest`, or for `platform`.
Result<std::string> entry_of(sources::Registry& registry, const ImageRef& ref, const std::string& index,
                             const std::string& platform, const std::string& digest) {
  ASSAY_TRY(sources::ManifestFound whole, registry.manifest(ref.repository, index));
  ASSAY_TRY(auto entries, parse_index(whole.bytes, ref.str() + ": its index"));
  std::vector<std::string> there;
  for (const Descriptor& entry : entries) {
    if (entry.attestation) continue;
    if (digest.empty() ? platform_key(entry.platform()) == platform : entry.digest.str() == digest)
      return entry.digest.str();
    there.push_back(printable(entry.platform(), 60));
  }
  if (!digest.empty())
    return Error{Errc::conflict, ref.str() + " is an index now that does not name " + digest};
  return Error{Errc::not_found, ref.str() + " has no image for " + platform + " but for " +
                                    joined(there, ", ") + ": --platform chooses"};
}

}  // namespace

void add_registry_options(po::options_description& options) {
  auto add = options.add_options();
  add("insecure", po::bool_switch(), "the registry may speak plain HTTP or show an unknown certificate");
  add("authfile", po::value<std::string>(), "docker config.json with the registry's credentials");
  add("certs", po::value<std::string>(), "directory laid out as /etc/containers/certs.d");
}

sources::Registry open_registry_of(const po::variables_map& map, const ImageRef& ref) {
  sources::RegistryOptions options;
  options.host = ref.registry;
  options.insecure = map["insecure"].as<bool>();
  options.auth_file = option_text(map, "authfile");
  options.places.certs_dir = option_text(map, "certs");
  return sources::Registry(std::move(options), sources::Http());
}

Result<ImageRef> registry_ref(const std::string& text) {
  ASSAY_TRY(ImageRef ref, ImageRef::parse(text));
  if (ref.kind == ImageRef::Kind::registry) return ref;
  return Error{Errc::invalid, "'" + printable(text, 200) + "' is not in a registry: attestations lie there"};
}

Result<ImageThere> find_image(sources::Registry& registry, const ImageRef& ref, const std::string& platform,
                              const std::string& digest) {
  ASSAY_TRY(sources::ManifestFound found, registry.head(ref.repository, tag_or_digest(ref)));
  ImageThere out;
  std::string wanted = platform.empty() ? host_platform() : platform_key(platform);
  bool index = found.media_type.find("index") != std::string::npos ||
               found.media_type.find("manifest.list") != std::string::npos;
  if (index) {
    out.index_digest = found.digest;
    ASSAY_TRY(std::string entry, entry_of(registry, ref, found.digest, wanted, digest));
    ASSAY_TRY(found, registry.head(ref.repository, entry));
  }
  out.subject = {ref.repository, found.digest, found.media_type, found.size_bytes};
  if (!digest.empty() && found.digest != digest)
    return Error{Errc::conflict, ref.str() + " is " + found.digest + " now, and the scan was of " + digest +
                                     ": scan it again, or name it by its digest"};
  return out;
}

Result<std::string> key_passphrase(const po::variables_map& map) {
  if (std::string file = option_text(map, "passphrase-file"); !file.empty()) {
    ASSAY_TRY(std::string text, read_secret_file(file, kMaxPassphraseBytes));
    while (text.ends_with('\n') || text.ends_with('\r')) text.pop_back();
    return text;
  }
  std::string own = environment("ASSAY_KEY_PASSPHRASE");
  return own.empty() ? environment("COSIGN_PASSWORD") : own;
}

}  // namespace assay::cli
