// The steps of a pull: name -> manifest digest -> manifest -> config -> layers, each verified before the next
// is asked for. Fed by the scan with a reference; feeds unpack.
#include "agent/pull.h"

#include <fcntl.h>
#include <sys/utsname.h>

#include <optional>
#include <set>

#include "agent/pull_blobs.h"
#include "agent/pull_index.h"
#include "agent/pull_skopeo.h"
#include "common/text.h"

namespace assay {
namespace {

namespace fs = std::filesystem;

constexpr size_t kMaxMetadataBytes = 8 << 20;

// This machine as Go's GOARCH, which image-spec uses.
std::string this_architecture() {
  struct utsname name {};
  ::uname(&name);
  std::string machine = name.machine;
  if (machine == "x86_64") return "amd64";
  if (machine == "aarch64") return "arm64";
  return machine;
}

// The index's entry for this machine. Entries without a platform (attestations say "unknown") are no images.
Result<Descriptor> choose(const std::vector<Descriptor>& index) {
  std::set<std::string> platforms;
  for (const Descriptor& entry : index) {
    if (entry.os == "linux" && entry.architecture == this_architecture()) return entry;
    if (!entry.os.empty() && entry.os != "unknown") platforms.insert(entry.os + "/" + entry.architecture);
  }
  std::string list;
  for (const std::string& platform : platforms) list += (list.empty() ? "" : ", ") + platform;
  return Error{Errc::unsupported, "no image for linux/" + this_architecture() + ", only for: " +
                                      (list.empty() ? "no platform at all" : printable(list, 500))};
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
Result<Resolved> resolve(const ImageRef& ref, const Skopeo& skopeo, const BlobStore& blobs) {
  Resolved out;
  ASSAY_TRY(std::string raw, fetch_manifest(skopeo, blobs, ref.digest));
  if (is_index(raw)) {
    out.index_digest = Digest::of(raw).str();
    ASSAY_TRY(auto index, parse_index(raw, kIndexName));
    ASSAY_TRY(Descriptor entry, choose(index));
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

Result<ImageConfig> check_config(const Manifest& manifest, std::string_view raw) {
  ASSAY_TRY(ImageConfig config, parse_image_config(raw, "its config"));
  if ((!config.os.empty() && config.os != "linux") ||
      (!config.architecture.empty() && config.architecture != this_architecture()))
    return Error{Errc::unsupported, "the image is for " +
                                        printable(config.os + "/" + config.architecture, 100) +
                                        ", this machine is linux/" + this_architecture()};
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
  ASSAY_TRY(Resolved resolved, resolve(ref, skopeo, blobs));
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
  ASSAY_TRY(ImageConfig config, check_config(resolved.manifest, *raw));
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
Result<std::string> check_layout(const Skopeo& skopeo) {
  ASSAY_TRY(std::string raw, skopeo.manifest());
  if (!is_index(raw)) {
    ASSAY_CHECK(parse_manifest(raw, kManifestName));
    return std::string();
  }
  ASSAY_TRY(auto index, parse_index(raw, kIndexName));
  ASSAY_CHECK(choose(index));
  return Digest::of(raw).str();
}

// A manifest that was read from the archive itself, and whose config and layers are here already.
Result<std::optional<PulledImage>> find_files(const ListedManifest& listed, const BlobStore& blobs) {
  Resolved resolved;
  resolved.digest = listed.digest;
  ASSAY_TRY(resolved.manifest, parse_manifest(listed.raw, kManifestName));
  auto raw = blobs.read(resolved.manifest.config.digest, kMaxMetadataBytes);
  if (!raw) return std::optional<PulledImage>();
  ASSAY_TRY(bool complete, have_layers(resolved.manifest, blobs));
  if (!complete) return std::optional<PulledImage>();
  ASSAY_TRY(ImageConfig config, check_config(resolved.manifest, *raw));
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
    ASSAY_TRY(ImageConfig config, check_config(resolved.manifest, *raw));
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
    ASSAY_TRY(auto known, find_files(*listed, blobs));
    if (known) return std::move(*known);
  }
  if (ref.kind == ImageRef::Kind::oci) {
    ASSAY_TRY(index_digest, check_layout(skopeo));
  }
  ASSAY_TRY(PulledImage image, copy_files(options, skopeo, blobs, layout, listed.has_value()));
  image.index_digest = index_digest;
  return image;
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
  Skopeo skopeo(ref, options, staging.path());
  fs::path layout = staging.path() / "layout";
  return registry ? pull_registry(ref, options, skopeo, blobs, layout)
                  : pull_files(ref, options, skopeo, blobs, layout);
}

}  // namespace assay
