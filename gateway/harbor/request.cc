// Field by field; unknown ones are left alone, as later versions may bring some.
#include "gateway/harbor/request.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>

#include "common/digest.h"
#include "common/image_ref.h"
#include "common/registry_auth.h"
#include "common/submission.h"
#include "common/text.h"
#include "gateway/harbor/media.h"
#include "sources/http_url.h"

namespace assay::gateway::harbor {
namespace {

using Json = nlohmann::json;

constexpr const char *kLabel = "harbor", *kTagLabel = "harbor.tag", *kTypeLabel = "harbor.mime_type";
constexpr int kMaxDepth = 8;

Refusal wrong_type(const std::string& field, const char* type) { return {400, field + " is not " + type}; }
Refusal will_not_do(const std::string& what) { return {422, what}; }

// The text of a field that need not be there, or why not.
std::optional<Refusal> read_text(const Json& from, const std::string& place, const char* name,
                                 std::string& to) {
  auto found = from.find(name);
  if (found == from.end() || found->is_null()) return std::nullopt;
  if (!found->is_string()) return wrong_type(place + "." + name, "text");
  to = found->get<std::string>();
  return std::nullopt;
}

std::optional<Refusal> read_object(const Json& body, const char* name, Json& to) {
  auto found = body.find(name);
  if (found == body.end() || found->is_null()) return will_not_do(std::string("the request has no ") + name);
  if (!found->is_object()) return wrong_type(name, "an object");
  to = *found;
  return std::nullopt;
}

// Without the field all that a scanner can do is asked for.
std::optional<Refusal> check_capabilities(const Json& body) {
  auto found = body.find("enabled_capabilities");
  if (found == body.end() || found->is_null()) return std::nullopt;
  if (!found->is_array()) return wrong_type("enabled_capabilities", "a list");
  bool any = found->empty();
  for (const Json& one : *found) {
    std::string type;
    if (!one.is_object()) return wrong_type("enabled_capabilities", "a list of objects");
    if (auto bad = read_text(one, "enabled_capabilities", "type", type)) return bad;
    any = any || type == "vulnerability";
  }
  if (any) return std::nullopt;
  return Refusal{501, "this scanner tells what an image does (capability vulnerability): it makes no SBOM"};
}

// The registry as references name it. A host without a dot or port would be read as a path of Docker Hub's.
std::optional<std::string> registry_name(const sources::Url& url) {
  bool usual = url.scheme == "https" && url.port == "443";
  for (const std::string& name : {usual ? url.host : url.host + ":" + url.port, url.host + ":" + url.port}) {
    auto ref = ImageRef::parse(name + "/x");
    if (ref && ref->registry == name) return name;
  }
  return std::nullopt;
}

std::optional<Refusal> read_registry(const Json& registry, const Settings& settings, FarmOrder& order) {
  std::string url;
  if (auto bad = read_text(registry, "registry", "url", url)) return bad;
  if (auto bad = read_text(registry, "registry", "authorization", order.registry_auth)) return bad;
  auto parsed = sources::parse_url(url);
  if (!parsed || parsed->path != "/" || !parsed->query.empty())
    return will_not_do("registry.url '" + printable(url, 200) +
                       "' is no URL of a registry, as in https://harbor.example");
  auto name = registry_name(*parsed);
  if (!name) return will_not_do("registry.url '" + printable(url, 200) + "' names no registry");
  const auto& allowed = settings.registries;
  if (!allowed.empty() && std::find(allowed.begin(), allowed.end(), *name) == allowed.end())
    return will_not_do("registry " + printable(*name, 200) + " is not among this scanner's harbor-registry");
  order.insecure = parsed->scheme == "http";
  if (order.insecure && !settings.plain_http)
    return will_not_do(
        "registry.url is http, and this scanner sends no login in the clear: use https, or set "
        "harbor-plain-http");
  order.ref = *name;
  if (order.registry_auth.empty()) return std::nullopt;
  if (auto usable = basic_credentials(order.registry_auth); !usable)
    return will_not_do("registry.authorization: " + usable.error().what);
  return std::nullopt;
}

std::optional<Refusal> read_artifact(const Json& from, FarmOrder& order) {
  Artifact artifact;
  for (auto [name, to] :
       {std::pair{"repository", &artifact.repository}, std::pair{"digest", &artifact.digest},
        std::pair{"tag", &artifact.tag}, std::pair{"mime_type", &artifact.mime_type}})
    if (auto bad = read_text(from, "artifact", name, *to)) return bad;
  if (auto digest = Digest::parse(artifact.digest); !digest)
    return will_not_do("artifact.digest: " + digest.error().what);
  std::string registry = order.ref;
  order.ref = registry + "/" + artifact.repository + "@" + artifact.digest;
  auto ref = ImageRef::parse(order.ref);
  if (!ref || ref->registry != registry || ref->repository != artifact.repository)
    return will_not_do("artifact.repository '" + printable(artifact.repository, 200) + "' is no repository");
  const std::string& type = artifact.mime_type;
  if (!type.empty() && !same_type(type, kOciManifest) && !same_type(type, kDockerManifest))
    return Refusal{501, "artifacts of type '" + printable(type, 200) + "' cannot be run: only images can"};
  order.labels.emplace_back(kLabel, "scan");
  for (auto [label, text] : {std::pair{kTagLabel, &artifact.tag}, std::pair{kTypeLabel, &artifact.mime_type}})
    if (std::string shown = printable(*text); !shown.empty() && shown.size() <= kMaxLabelBytes)
      order.labels.emplace_back(label, shown);
  return std::nullopt;
}

bool is_deep(std::string_view body) {
  int depth = 0;
  for (char c : body) {
    if (c == '{' || c == '[') ++depth;
    if (c == '}' || c == ']') --depth;
    if (depth > kMaxDepth) return true;
  }
  return false;
}

}  // namespace

std::variant<FarmOrder, Refusal> read_scan_request(std::string_view body, const Settings& settings) {
  if (is_deep(body)) return Refusal{400, "the body is nested too deeply"};
  Json json = Json::parse(body, nullptr, false);
  if (!json.is_object()) return Refusal{400, "the body is no JSON object"};
  FarmOrder order;
  order.lane = settings.lane;
  order.duration = settings.duration;
  Json registry, artifact;
  if (auto bad = read_object(json, "registry", registry)) return *bad;
  if (auto bad = read_object(json, "artifact", artifact)) return *bad;
  if (auto bad = check_capabilities(json)) return *bad;
  if (auto bad = read_registry(registry, settings, order)) return *bad;
  if (auto bad = read_artifact(artifact, order)) return *bad;
  return order;
}

std::optional<Artifact> artifact_of(const FarmScan& scan) {
  Artifact out;
  bool ours = false;
  for (const auto& [name, value] : scan.labels) {
    ours = ours || name == kLabel;
    if (name == kTagLabel) out.tag = value;
    if (name == kTypeLabel) out.mime_type = value;
  }
  auto ref = ImageRef::parse(scan.ref);
  if (!ours || !ref) return std::nullopt;
  out.repository = ref->repository;
  out.digest = ref->digest;
  return out;
}

}  // namespace assay::gateway::harbor
