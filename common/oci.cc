// OCI and Docker JSON read field by field: every type checked, every list and string bounded, no exceptions
// on the way. Knows nothing of blobs or files. Fed by pull.
#include "common/oci.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "common/text.h"

namespace assay {
namespace {

using nlohmann::json;

constexpr size_t kMaxJsonBytes = 8 << 20;
constexpr size_t kMaxLayers = 500;  // as many as overlayfs stacks
constexpr size_t kMaxIndexEntries = 1000;
constexpr size_t kMaxListItems = 10'000;
constexpr size_t kMaxStringBytes = 128 * 1024;  // as execve(2) takes at most, in one string

constexpr std::string_view kOciManifest = "application/vnd.oci.image.manifest.v1+json";
constexpr std::string_view kOciIndex = "application/vnd.oci.image.index.v1+json";
constexpr std::string_view kOciConfig = "application/vnd.oci.image.config.v1+json";
constexpr std::string_view kDockerManifest = "application/vnd.docker.distribution.manifest.v2+json";
constexpr std::string_view kDockerList = "application/vnd.docker.distribution.manifest.list.v2+json";
constexpr std::string_view kDockerConfig = "application/vnd.docker.container.image.v1+json";
constexpr std::string_view kDockerSchema1 = "application/vnd.docker.distribution.manifest.v1+";

// One JSON object, with its place in the document for the error.
class Object {
 public:
  Object(const json& value, std::string where) : value_(value), where_(std::move(where)) {}

  const json* find(const char* key) const {
    auto it = value_.find(key);
    return it == value_.end() || it->is_null() ? nullptr : &*it;
  }
  std::string at(const std::string& key) const { return where_ + ": field '" + key + "'"; }
  Error bad(const std::string& key, const std::string& what) const {
    return {Errc::corrupt, at(key) + " " + what};
  }

  Result<std::string> text(const char* key) const {
    const json* value = find(key);
    if (!value) return std::string();
    return check_text(*value, key);
  }
  Result<std::vector<std::string>> texts(const char* key) const {
    std::vector<std::string> out;
    const json* value = find(key);
    if (!value) return out;
    if (!value->is_array()) return bad(key, "is not a list");
    if (value->size() > kMaxListItems)
      return bad(key, "has more than " + std::to_string(kMaxListItems) + " items");
    for (const json& item : *value) {
      ASSAY_TRY(std::string one, check_text(item, key));
      out.push_back(std::move(one));
    }
    return out;
  }
  Result<Object> object(const char* key) const {
    static const json kEmpty = json::object();
    const json* value = find(key);
    if (!value) return Object(kEmpty, at(key));
    if (!value->is_object()) return bad(key, "is not an object");
    return Object(*value, at(key));
  }
  Result<std::vector<Object>> objects(const char* key, size_t limit) const {
    std::vector<Object> out;
    const json* value = find(key);
    if (!value) return out;
    if (!value->is_array()) return bad(key, "is not a list");
    if (value->size() > limit)
      return Error{Errc::limit, at(key) + " has more than " + std::to_string(limit) + " items"};
    for (const json& item : *value) {
      if (!item.is_object()) return bad(key, "holds something that is not an object");
      out.emplace_back(item, at(key));
    }
    return out;
  }
  const json& value() const { return value_; }

 private:
  // No NUL: these strings become paths, arguments and environment variables.
  Result<std::string> check_text(const json& value, const char* key) const {
    if (!value.is_string()) return bad(key, "is not a string");
    const auto& text = value.get_ref<const std::string&>();
    if (text.size() > kMaxStringBytes)
      return bad(key, "is longer than " + std::to_string(kMaxStringBytes) + " bytes");
    if (text.find('\0') != std::string::npos) return bad(key, "holds a NUL character");
    return text;
  }

  const json& value_;  // lives in the caller's document
  std::string where_;
};

Result<json> parse_document(std::string_view text, const std::string& name) {
  if (text.size() > kMaxJsonBytes)
    return Error{Errc::limit, name + " is larger than " + std::to_string(kMaxJsonBytes) + " bytes"};
  json document = json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (document.is_discarded()) return Error{Errc::corrupt, name + " is not JSON"};
  if (!document.is_object()) return Error{Errc::corrupt, name + " is not a JSON object"};
  return document;
}

Result<Descriptor> parse_descriptor(const Object& object) {
  Descriptor out;
  ASSAY_TRY(out.media_type, object.text("mediaType"));
  ASSAY_TRY(std::string digest, object.text("digest"));
  auto parsed = Digest::parse(digest);
  if (!parsed) return object.bad("digest", "is no SHA-256: '" + printable(digest, 100) + "'");
  out.digest = *parsed;
  const json* size = object.find("size");
  if (!size || !size->is_number_unsigned()) return object.bad("size", "is missing or not a number of bytes");
  out.size_bytes = size->get<uint64_t>();
  ASSAY_TRY(Object platform, object.object("platform"));
  ASSAY_TRY(out.architecture, platform.text("architecture"));
  ASSAY_TRY(out.os, platform.text("os"));
  ASSAY_TRY(out.variant, platform.text("variant"));
  ASSAY_TRY(out.artifact_type, object.text("artifactType"));
  const json* notes = object.find("annotations");
  out.attestation = notes && notes->is_object() && notes->contains("vnd.docker.reference.type");
  return out;
}

// The old manifests carry no config and no digests of layers' contents: nothing could be verified.
Status refuse_schema1(const Object& root, const std::string& media_type, const std::string& name) {
  const json* version = root.find("schemaVersion");
  if (!media_type.starts_with(kDockerSchema1) && !(version && version->is_number_integer() && *version == 1))
    return Status();
  return Error{
      Errc::unsupported,
      name +
          " is a Docker schema 1 manifest, given up in 2017; push the image again with a current docker, "
          "podman or skopeo"};
}

}  // namespace

Result<Manifest> parse_manifest(std::string_view text, const std::string& name) {
  ASSAY_TRY(json document, parse_document(text, name));
  Object root(document, name);
  ASSAY_TRY(std::string media_type, root.text("mediaType"));
  ASSAY_CHECK(refuse_schema1(root, media_type, name));
  if (!media_type.empty() && media_type != kOciManifest && media_type != kDockerManifest)
    return Error{Errc::unsupported,
                 name + " is not an image manifest but '" + printable(media_type, 100) + "'"};
  if (!root.find("config") || !root.find("layers"))
    return Error{Errc::corrupt, name + " is no image manifest: no config or no layers"};

  Manifest out;
  ASSAY_TRY(Object config, root.object("config"));
  ASSAY_TRY(out.config, parse_descriptor(config));
  if (out.config.media_type != kOciConfig && out.config.media_type != kDockerConfig)
    return Error{Errc::unsupported, name + " is not a container image: its config is '" +
                                        printable(out.config.media_type, 100) + "'"};
  ASSAY_TRY(auto layers, root.objects("layers", kMaxLayers));
  for (const Object& layer : layers) {
    ASSAY_TRY(Descriptor descriptor, parse_descriptor(layer));
    if (descriptor.media_type.find("encrypted") != std::string::npos)
      return Error{Errc::unsupported, name + ": layer " + descriptor.digest.str() + " is encrypted"};
    out.layers.push_back(std::move(descriptor));
  }
  return out;
}

Result<std::vector<Descriptor>> parse_index(std::string_view text, const std::string& name) {
  ASSAY_TRY(json document, parse_document(text, name));
  Object root(document, name);
  ASSAY_TRY(std::string media_type, root.text("mediaType"));
  ASSAY_CHECK(refuse_schema1(root, media_type, name));
  if (!media_type.empty() && media_type != kOciIndex && media_type != kDockerList)
    return Error{Errc::unsupported, name + " is not an image index but '" + printable(media_type, 100) + "'"};
  if (!root.find("manifests")) return Error{Errc::corrupt, name + " is no image index: no manifests"};
  std::vector<Descriptor> out;
  ASSAY_TRY(auto entries, root.objects("manifests", kMaxIndexEntries));
  for (const Object& entry : entries) {
    ASSAY_TRY(Descriptor descriptor, parse_descriptor(entry));
    out.push_back(std::move(descriptor));
  }
  return out;
}

bool is_index(std::string_view text) {
  json document = json::parse(text.substr(0, kMaxJsonBytes), nullptr, false);
  if (!document.is_object()) return false;
  auto type = document.find("mediaType");
  if (type != document.end() && type->is_string()) return *type == kOciIndex || *type == kDockerList;
  return document.contains("manifests") && !document.contains("layers");
}

namespace {

Status parse_history(const Object& root, ImageConfig& out) {
  ASSAY_TRY(auto history, root.objects("history", kMaxListItems));
  out.layer_history.assign(out.diff_ids.size(), "");
  size_t layer = 0;
  for (const Object& entry : history) {
    const json* empty = entry.find("empty_layer");
    if (empty && empty->is_boolean() && empty->get<bool>()) continue;
    ASSAY_TRY(std::string created_by, entry.text("created_by"));
    if (layer < out.layer_history.size()) out.layer_history[layer] = std::move(created_by);
    ++layer;
  }
  // A history that does not fit the layers would put the blame on the wrong line.
  if (layer != out.diff_ids.size()) out.layer_history.assign(out.diff_ids.size(), "");
  return Status();
}

Status parse_run_config(const Object& root, ImageConfig& out) {
  ASSAY_TRY(Object config, root.object("config"));
  ASSAY_TRY(out.entrypoint, config.texts("Entrypoint"));
  ASSAY_TRY(out.cmd, config.texts("Cmd"));
  ASSAY_TRY(out.env, config.texts("Env"));
  ASSAY_TRY(out.user, config.text("User"));
  ASSAY_TRY(out.working_dir, config.text("WorkingDir"));
  ASSAY_TRY(out.stop_signal, config.text("StopSignal"));
  ASSAY_TRY(Object health, config.object("Healthcheck"));
  ASSAY_TRY(out.healthcheck, health.texts("Test"));
  ASSAY_TRY(Object ports, config.object("ExposedPorts"));
  if (ports.value().size() > kMaxListItems) return config.bad("ExposedPorts", "has too many items");
  for (const auto& [port, unused] : ports.value().items()) out.exposed_ports.push_back(port.substr(0, 64));
  return Status();
}

}  // namespace

Result<ImageConfig> parse_image_config(std::string_view text, const std::string& name) {
  ASSAY_TRY(json document, parse_document(text, name));
  Object root(document, name);
  ImageConfig out;
  ASSAY_TRY(out.architecture, root.text("architecture"));
  ASSAY_TRY(out.os, root.text("os"));
  ASSAY_TRY(out.variant, root.text("variant"));
  ASSAY_TRY(out.created, root.text("created"));
  ASSAY_CHECK(parse_run_config(root, out));
  ASSAY_TRY(Object rootfs, root.object("rootfs"));
  ASSAY_TRY(auto diff_ids, rootfs.texts("diff_ids"));
  if (diff_ids.size() > kMaxLayers)
    return rootfs.bad("diff_ids", "has more than " + std::to_string(kMaxLayers) + " items");
  for (const std::string& diff_id : diff_ids) {
    auto digest = Digest::parse(diff_id);
    if (!digest) return rootfs.bad("diff_ids", "holds no SHA-256: '" + printable(diff_id, 100) + "'");
    out.diff_ids.push_back(*digest);
  }
  ASSAY_CHECK(parse_history(root, out));
  return out;
}

namespace {

template <class T>
std::string platform_of(const T& of) {
  if (of.os.empty() && of.architecture.empty()) return "";
  return of.os + "/" + of.architecture + (of.variant.empty() ? "" : "/" + of.variant);
}

}  // namespace

std::string Descriptor::platform() const { return platform_of(*this); }
std::string ImageConfig::platform() const { return platform_of(*this); }

}  // namespace assay
