// The steps of a pull: name -> manifest digest -> manifest -> config -> layers, each verified before the next
// is asked for. Fed by the scan with a reference; feeds unpack.
#include "agent/pull.h"

#include <fcntl.h>
#include <sys/utsname.h>

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
Result<Descriptor> choose(const std::vector<Descriptor>& index, const std::string& name) {
  std::set<std::string> platforms;
  for (const Descriptor& entry : index) {
    if (entry.os == "linux" && entry.architecture == this_architecture()) return entry;
    if (!entry.os.empty() && entry.os != "unknown") platforms.insert(entry.os + "/" + entry.architecture);
  }
  std::string list;
  for (const std::string& platform : platforms) list += (list.empty() ? "" : ", ") + platform;
  return Error{Errc::unsupported, name + ": no image for linux/" + this_architecture() + ", only for: " +
                                      (list.empty() ? "no platform at all" : printable(list, 500))};
}

struct Resolved {
  Digest digest;
  std::string index_digest;
  Manifest manifest;
};

// Registries: two small requests say what the tag means now.
Result<Resolved> resolve(const ImageRef& ref, const Skopeo& skopeo, const BlobStore& blobs) {
  Resolved out;
  std::string name = ref.str();
  ASSAY_TRY(std::string raw, skopeo.manifest());
  out.digest = Digest::of(raw);
  if (!ref.digest.empty() && out.digest.str() != ref.digest)
    return Error{Errc::corrupt, name + ": the registry served a manifest with digest " + out.digest.str()};
  if (is_index(raw)) {
    out.index_digest = out.digest.str();
    ASSAY_TRY(auto index, parse_index(raw, name));
    ASSAY_TRY(Descriptor entry, choose(index, name));
    ASSAY_TRY(raw, skopeo.manifest(entry.digest.str()));
    out.digest = Digest::of(raw);
    if (out.digest != entry.digest)
      return Error{Errc::corrupt, name + ": the registry served " + out.digest.str() + " for manifest " +
                                      entry.digest.str()};
  }
  ASSAY_TRY(out.manifest, parse_manifest(raw, name));
  if (auto stored = blobs.put(out.digest, raw); !stored) return stored.error().context(name);
  return out;
}

// Archives and layouts: the copy that skopeo made says which manifest it took.
Result<Resolved> resolve_copied(const ImageRef& ref, const fs::path& layout, const BlobStore& blobs) {
  Resolved out;
  std::string name = ref.str();
  ASSAY_TRY(std::string raw_index, read_file(layout / "index.json", kMaxMetadataBytes));
  ASSAY_TRY(auto index, parse_index(raw_index, name));
  if (index.size() != 1)
    return Error{Errc::io,
                 name + ": skopeo copied " + std::to_string(index.size()) + " images instead of one"};
  out.digest = index[0].digest;
  auto raw = blobs.read(out.digest, kMaxMetadataBytes);
  if (!raw) return raw.error().context(name);
  ASSAY_TRY(out.manifest, parse_manifest(*raw, name));
  return out;
}

Result<ImageConfig> check_config(const Manifest& manifest, std::string_view raw, const std::string& name) {
  ASSAY_TRY(ImageConfig config, parse_image_config(raw, name + ": config"));
  if ((!config.os.empty() && config.os != "linux") ||
      (!config.architecture.empty() && config.architecture != this_architecture()))
    return Error{Errc::unsupported, name + ": the image is for " +
                                        printable(config.os + "/" + config.architecture, 100) +
                                        ", this machine is linux/" + this_architecture()};
  if (config.diff_ids.size() != manifest.layers.size())
    return Error{Errc::corrupt, name + ": the manifest has " + std::to_string(manifest.layers.size()) +
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

Status check_layers(const Manifest& manifest, const BlobStore& blobs, const std::string& name) {
  for (const Descriptor& layer : manifest.layers)
    if (auto checked = blobs.verify(layer.digest, layer.size_bytes); !checked)
      return Error{Errc::corrupt, name + ": " + checked.error().what +
                                      ": the source is damaged, push or save the image again"};
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

Result<PulledImage> pull_registry(const ImageRef& ref, const Skopeo& skopeo, const BlobStore& blobs,
                                  const fs::path& layout) {
  std::string name = ref.str();
  ASSAY_TRY(Resolved resolved, resolve(ref, skopeo, blobs));
  // The config as served: a copy to an OCI layout would rewrite that of a Docker manifest.
  const Digest& config_digest = resolved.manifest.config.digest;
  auto raw = blobs.read(config_digest, kMaxMetadataBytes);
  if (!raw) {
    raw = skopeo.config(resolved.digest.str());
    if (!raw) return raw.error();
    if (Digest::of(*raw) != config_digest)
      return Error{Errc::corrupt, name + ": the config's bytes do not match " + config_digest.str()};
    if (auto stored = blobs.put(config_digest, *raw); !stored) return stored.error().context(name);
  }
  ASSAY_TRY(ImageConfig config, check_config(resolved.manifest, *raw, name));
  ASSAY_TRY(bool complete, have_layers(resolved.manifest, blobs));
  if (!complete) {
    ASSAY_CHECK(skopeo.copy(resolved.digest.str(), layout));
    ASSAY_CHECK(check_layers(resolved.manifest, blobs, name));
  }
  return describe(std::move(resolved), std::move(config), blobs);
}

Result<PulledImage> pull_files(const ImageRef& ref, const Skopeo& skopeo, const BlobStore& blobs,
                               const fs::path& layout) {
  std::string name = ref.str(), index_digest;
  if (ref.kind != ImageRef::Kind::docker_archive) ASSAY_CHECK(check_listed(ref));
  if (ref.kind == ImageRef::Kind::oci) {
    ASSAY_TRY(std::string raw, skopeo.manifest());
    if (is_index(raw)) {
      index_digest = Digest::of(raw).str();
      ASSAY_TRY(auto index, parse_index(raw, name));
      ASSAY_CHECK(choose(index, name));
    } else {
      ASSAY_CHECK(parse_manifest(raw, name));  // says more clearly than skopeo what it is instead
    }
  }
  // skopeo takes what the blob store has as it is: where that was damaged, the second copy brings it anew.
  for (int attempt = 0;; ++attempt) {
    ASSAY_CHECK(skopeo.copy("", layout));
    auto resolved = resolve_copied(ref, layout, blobs);
    if (!resolved) return resolved.error();
    resolved->index_digest = index_digest;
    ASSAY_TRY(bool complete, have_layers(resolved->manifest, blobs));
    auto raw = blobs.read(resolved->manifest.config.digest, kMaxMetadataBytes);
    if (!raw && raw.error().code == Errc::corrupt) blobs.remove(resolved->manifest.config.digest);
    if ((!complete || !raw) && attempt == 0) continue;
    ASSAY_CHECK(check_layers(resolved->manifest, blobs, name));
    if (!raw) return raw.error().context(name);
    ASSAY_TRY(ImageConfig config, check_config(resolved->manifest, *raw, name));
    return describe(std::move(*resolved), std::move(config), blobs);
  }
}

}  // namespace

Result<PulledImage> pull(const ImageRef& ref, const PullOptions& options) {
  if (ref.kind != ImageRef::Kind::registry) {
    std::error_code ignored;
    if (!fs::exists(ref.path, ignored))
      return Error{Errc::not_found, ref.str() + ": there is no " + ref.path};
    bool is_dir = fs::is_directory(ref.path, ignored);
    if (is_dir != (ref.kind == ImageRef::Kind::oci))
      return Error{Errc::invalid, ref.str() + ": " + ref.path +
                                      (is_dir ? " is a directory: use oci:"
                                              : " is no directory: use oci-archive: or docker-archive:")};
  }
  auto blobs = BlobStore::open(options.blobs_dir);
  if (!blobs) return blobs.error().context(ref.str());
  // On the blobs' own file system: skopeo renames from here into the store.
  auto staging = blobs->staging();
  if (!staging) return staging.error().context(ref.str());
  Skopeo skopeo(ref, options, staging->path());
  fs::path layout = staging->path() / "layout";
  return ref.kind == ImageRef::Kind::registry ? pull_registry(ref, skopeo, *blobs, layout)
                                              : pull_files(ref, skopeo, *blobs, layout);
}

}  // namespace assay
