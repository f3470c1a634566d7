// The steps of a pull: name -> manifest digest -> manifest -> config -> layers, each verified before the next
// is asked for. Fed by the scan with a reference; feeds unpack.
#include "agent/pull.h"

#include <fcntl.h>
#include <map>
#include <optional>
#include <utility>

#include "agent/platforms.h"
#include "agent/pull_blobs.h"
#include "agent/pull_index.h"
#include "agent/pull_skopeo.h"
#include "common/platform.h"
#include "common/text.h"

namespace assay {
namespace {

namespace fs = std::filesystem;

constexpr size_t kMaxMetadataBytes = 8 << 20;

// The index's entry for the platform that was asked for, or else for this host: the plain one if there is, or
// a level that its processor has. Entries without a platform (attestations say "unknown") are no images.
Result<Descriptor> choose(const std::vector<Descriptor>& index, const std::string& asked) {
  const std::vector<std::string> wanted =
      asked.empty() ? host_platforms() : std::vector<std::string>{platform_key(asked)};
  std::map<std::string, const Descriptor*> entries;
  for (const Descriptor& entry : index)
    if (!entry.os.empty() && entry.os != "unknown")
      entries.try_emplace(canonical_platform(entry.os, entry.architecture, entry.variant), &entry);
  for (const std::string& platform : wanted)
    if (auto found = entries.find(platform); found != entries.end()) return *found->second;
  std::string list;
  for (const auto& [platform, entry] : entries) list += (list.empty() ? "" : ", ") + platform;
  return Error{Errc::unsupported, "no image for " + printable(wanted[0], 100) + ", only for: " +
                                      (list.empty() ? "no platform at all" : printable(list, 500))};
}

// "linux/amd64/v3" runs on and is "linux/amd64", as far as a config can say.
bool same_architecture(const std::string& image, const std::string& platform) {
  auto plain = [](const std::string& text) { return text.substr(0, text.find('/', text.find('/') + 1)); };
  return plain(image) == plain(platform);
}

struct Resolved {
  Digest digest;
  std::string index_digest;
  Manifest manifest;
};

// What a digest names: from here if it was ever fetched, else from the registry. `digest` empty: what the
// reference names.
Result<std::string> fetch_manifest(const Skopeo& skopeo, const BlobStore& blobs, const std::string& digest) {
  auto wanted = Digest::parse(digest);
  if (wanted)
    if (auto known = blobs.read(*wanted, kMaxMetadataBytes)) return known;
  ASSAY_TRY(std::string raw, skopeo.manifest(digest));
  Digest served = Digest::of(raw);
  if (wanted && served != *wanted)
    return Error{Errc::corrupt, "the registry served " + served.str() + " for manifest " + digest};
  ASSAY_CHECK(blobs.put(served, raw));
  return raw;
}

// Registries: at most two small requests say what the reference means now.
Result<Resolved> resolve(const ImageRef& ref, const std::string& platform, const Skopeo& skopeo,
                         const BlobStore& blobs) {
  Resolved out;
  ASSAY_TRY(std::string raw, fetch_manifest(skopeo, blobs, ref.digest));
  if (is_index(raw)) {
    out.index_digest = Digest::of(raw).str();
    ASSAY_TRY(auto index, parse_index(raw, kIndexName));
    ASSAY_TRY(Descriptor entry, choose(index, platform));
    ASSAY_TRY(raw, fetch_manifest(skopeo, blobs, entry.digest.str()));
  }
  out.digest = Digest::of(raw);
  ASSAY_TRY(out.manifest, parse_manifest(raw, kManifestName));
  return out;
}

// Archives and layouts: the copy that skopeo made says which manifest it took.
Result<Resolved> resolve_copied(const fs::path& layout, const BlobStore& blobs) {
  Resolved out;
  ASSAY_TRY(std::string raw_index, read_file(layout / "index.json", kMaxMetadataBytes));
  ASSAY_TRY(auto index, parse_index(raw_index, kIndexName));
  if (index.size() != 1)
    return Error{Errc::io, "skopeo copied " + std::to_string(index.size()) + " images instead of one"};
  out.digest = index[0].digest;
  ASSAY_TRY(std::string raw, blobs.read(out.digest, kMaxMetadataBytes));
  ASSAY_TRY(out.manifest, parse_manifest(raw, kManifestName));
  return out;
}

// A config says the variant seldom: it is held against nothing.
Result<ImageConfig> check_config(const Manifest& manifest, std::string_view raw, const std::string& asked) {
  ASSAY_TRY(ImageConfig config, parse_image_config(raw, "its config"));
  const std::string wanted = asked.empty() ? host_platform() : platform_key(asked);
  const std::string image =
      canonical_platform(config.os.empty() ? "linux" : config.os, config.architecture, "");
  const bool same =
      config.architecture.empty() ? image.starts_with("linux/") : same_architecture(image, wanted);
  if (!same)
    return Error{Errc::unsupported, "the image is for " + printable(image, 100) +
                                        (asked.empty() ? ", this machine is " : ", not for ") +
                                        printable(wanted, 100)};
  if (config.diff_ids.size() != manifest.layers.size())
    return Error{Errc::corrupt, "the manifest has " + std::to_string(manifest.layers.size()) +
                                    " layers, the config " + std::to_string(config.diff_ids.size())};
  return config;
}

// Removes blobs that are not what their name says, so that the next copy fetches them again. True: all layers
// are there.
Result<bool> have_layers(const Manifest& manifest, const BlobStore& blobs) {
  bool all = true;
  for (const Descriptor& layer : manifest.layers) {
    auto checked = blobs.verify(layer.digest, layer.size_bytes);
    if (checked) continue;
    if (checked.error().code != Errc::corrupt && checked.error().code != Errc::not_found)
      return checked.error();
    blobs.remove(layer.digest);
    all = false;
  }
  return all;
}

Status check_layers(const Manifest& manifest, const BlobStore& blobs) {
  for (const Descriptor& layer : manifest.layers)
    if (auto checked = blobs.verify(layer.digest, layer.size_bytes); !checked)
      return Error{Errc::corrupt,
                   checked.error().what + ": the source is damaged, push or save the image again"};
  return Status();
}

PulledImage describe(Resolved resolved, ImageConfig config, const BlobStore& blobs) {
  PulledImage out;
  out.manifest_digest = resolved.digest;
  out.index_digest = resolved.index_digest;
  out.config_digest = resolved.manifest.config.digest;
  for (size_t i = 0; i < resolved.manifest.layers.size(); ++i) {
    Descriptor& blob = resolved.manifest.layers[i];
    fs::path path = blobs.path(blob.digest);
    out.layers.push_back({std::move(blob), config.diff_ids[i], config.layer_history[i], path});
  }
  out.config = std::move(config);
  return out;
}

Status tell_resolved(const PullOptions& options, const Digest& digest) {
  return options.resolved ? options.resolved(digest) : Status();
}

Result<PulledImage> pull_registry(const ImageRef& ref, const PullOptions& options, const Skopeo& skopeo,
                                  const BlobStore& blobs, const fs::path& layout) {
  ASSAY_TRY(Resolved resolved, resolve(ref, options.platform, skopeo, blobs));
  ASSAY_CHECK(tell_resolved(options, resolved.digest));
  // The config as served: a copy to an OCI layout would rewrite that of a Docker manifest.
  const Digest& config_digest = resolved.manifest.config.digest;
  auto raw = blobs.read(config_digest, kMaxMetadataBytes);
  bool cached = static_cast<bool>(raw);
  if (!raw) {
    raw = skopeo.config(resolved.digest.str());
    if (!raw) return raw.error();
    if (Digest::of(*raw) != config_digest)
      return Error{Errc::corrupt, "the config's bytes do not match " + config_digest.str()};
    ASSAY_CHECK(blobs.put(config_digest, *raw));
  }
  ASSAY_TRY(ImageConfig config, check_config(resolved.manifest, *raw, options.platform));
  ASSAY_TRY(bool complete, have_layers(resolved.manifest, blobs));
  if (!complete) {
    ASSAY_CHECK(skopeo.copy(resolved.digest.str(), layout));
    ASSAY_CHECK(check_layers(resolved.manifest, blobs));
  }
  PulledImage image = describe(std::move(resolved), std::move(config), blobs);
  image.cached = cached && complete;
  return image;
}

// The digest of the index that a layout's tag names, or empty. Says more clearly than skopeo what is there
// instead of an image.
Result<std::string> check_layout(const Skopeo& skopeo, const std::string& platform) {
  ASSAY_TRY(std::string raw, skopeo.manifest());
  if (!is_index(raw)) {
    ASSAY_CHECK(parse_manifest(raw, kManifestName));
    return std::string();
  }
  ASSAY_TRY(auto index, parse_index(raw, kIndexName));
  ASSAY_CHECK(choose(index, platform));
  return Digest::of(raw).str();
}

// A manifest that was read from the archive itself, and whose config and layers are here already.
Result<std::optional<PulledImage>> find_files(const ListedManifest& listed, const BlobStore& blobs,
                                              const std::string& platform) {
  Resolved resolved;
  resolved.digest = listed.digest;
  ASSAY_TRY(resolved.manifest, parse_manifest(listed.raw, kManifestName));
  auto raw = blobs.read(resolved.manifest.config.digest, kMaxMetadataBytes);
  if (!raw) return std::optional<PulledImage>();
  ASSAY_TRY(bool complete, have_layers(resolved.manifest, blobs));
  if (!complete) return std::optional<PulledImage>();
  ASSAY_TRY(ImageConfig config, check_config(resolved.manifest, *raw, platform));
  std::optional image(describe(std::move(resolved), std::move(config), blobs));
  image->cached = true;
  return image;
}

// skopeo takes what the blob store has as it is: where that was damaged, the second copy brings it anew.
Result<PulledImage> copy_files(const PullOptions& options, const Skopeo& skopeo, const BlobStore& blobs,
                               const fs::path& layout, bool told) {
  for (int attempt = 0;; ++attempt) {
    ASSAY_CHECK(skopeo.copy("", layout));
    ASSAY_TRY(Resolved resolved, resolve_copied(layout, blobs));
    if (!told) ASSAY_CHECK(tell_resolved(options, resolved.digest));
    told = true;
    ASSAY_TRY(bool complete, have_layers(resolved.manifest, blobs));
    auto raw = blobs.read(resolved.manifest.config.digest, kMaxMetadataBytes);
    if (!raw && raw.error().code == Errc::corrupt) blobs.remove(resolved.manifest.config.digest);
    if ((!complete || !raw) && attempt == 0) continue;
    ASSAY_CHECK(check_layers(resolved.manifest, blobs));
    if (!raw) return raw.error();
    ASSAY_TRY(ImageConfig config, check_config(resolved.manifest, *raw, options.platform));
    return describe(std::move(resolved), std::move(config), blobs);
  }
}

Result<PulledImage> pull_files(const ImageRef& ref, const PullOptions& options, const Skopeo& skopeo,
                               const BlobStore& blobs, const fs::path& layout) {
  std::optional<ListedManifest> listed;
  if (ref.kind != ImageRef::Kind::docker_archive) {
    ASSAY_TRY(listed, check_listed(ref));
  }
  // A tag is skopeo's to find.
  if (!ref.tag.empty()) listed.reset();
  std::string index_digest;
  if (listed) {
    ASSAY_CHECK(tell_resolved(options, listed->digest));
    ASSAY_TRY(auto known, find_files(*listed, blobs, options.platform));
    if (known) return std::move(*known);
  }
  if (ref.kind == ImageRef::Kind::oci) {
    ASSAY_TRY(index_digest, check_layout(skopeo, options.platform));
  }
  ASSAY_TRY(PulledImage image, copy_files(options, skopeo, blobs, layout, listed.has_value()));
  image.index_digest = index_digest;
  return image;
}

// With a login of ours where it takes one (Amazon's tokens expire); one that was refused is asked for anew,
// once.
Result<PulledImage> pull_with_login(const ImageRef& ref, const PullOptions& given, const BlobStore& blobs,
                                    const fs::path& dir) {
  PullOptions options = given;
  bool told = false;
  if (given.resolved)
    options.resolved = [&](const Digest& digest) {
      if (std::exchange(told, true)) return Status();
      return given.resolved(digest);
    };
  if (!given.registry_auth.empty()) {
    ASSAY_TRY(fs::path own, write_login(ref, given.registry_auth, given.login_dir));
    options.auth_file = own.string();
    Skopeo skopeo(ref, options, dir);
    auto pulled = pull_registry(ref, options, skopeo, blobs, dir / "layout");
    std::error_code ignored;
    fs::remove(own, ignored);  // the scan goes on for long without it
    return pulled;
  }
  for (int attempt = 0;; ++attempt) {
    std::optional<fs::path> login;
    if (given.logins != nullptr && given.auth_file.empty()) {
      ASSAY_TRY(login, given.logins->write(ref, dir));
    }
    if (login) options.auth_file = login->string();
    Skopeo skopeo(ref, options, dir);
    auto pulled = pull_registry(ref, options, skopeo, blobs, dir / "layout");
    if (pulled || !login || attempt > 0 || pulled.error().code != Errc::denied) return pulled;
    given.logins->refused(ref);
  }
}

Status check_path(const ImageRef& ref) {
  std::error_code ignored;
  if (!fs::exists(ref.path, ignored)) return Error{Errc::not_found, "there is no " + ref.path};
  bool is_dir = fs::is_directory(ref.path, ignored);
  if (is_dir == (ref.kind == ImageRef::Kind::oci)) return Status();
  return Error{Errc::invalid, ref.path + (is_dir ? " is a directory: use oci:"
                                                 : " is no directory: use oci-archive: or docker-archive:")};
}

}  // namespace

Result<PulledImage> pull(const ImageRef& ref, const PullOptions& options) {
  bool registry = ref.kind == ImageRef::Kind::registry;
  if (!registry) ASSAY_CHECK(check_path(ref));
  ASSAY_TRY(BlobStore blobs, BlobStore::open(options.blobs_dir));
  // On the blobs' own file system: skopeo renames from here into the store.
  ASSAY_TRY(Staging staging, blobs.staging());
  if (registry) return pull_with_login(ref, options, blobs, staging.path());
  Skopeo skopeo(ref, options, staging.path());
  return pull_files(ref, options, skopeo, blobs, staging.path() / "layout");
}

}  // namespace assay
