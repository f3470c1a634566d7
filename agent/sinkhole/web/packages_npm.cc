// An npm registry: a package's document (github.com/npm/registry: docs/responses/package-metadata.md), and
// its tarballs.
#include <algorithm>
#include <nlohmann/json.hpp>

#include "agent/lure/encodings.h"
#include "agent/sinkhole/canary/canary_bundles.h"
#include "agent/sinkhole/web/packages.h"
#include "common/ascii.h"
#include "common/digest.h"

namespace assay::sinkhole {
namespace {

bool name_char(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';
}

// "name" or "@scope/name".
bool is_name(std::string_view name) {
  if (name.size() > 128) return false;
  if (name.starts_with('@')) {
    size_t slash = name.find('/');
    if (slash == std::string_view::npos || slash < 2) return false;
    if (!std::all_of(name.begin() + 1, name.begin() + static_cast<long>(slash), name_char)) return false;
    name.remove_prefix(slash + 1);
  }
  return !name.empty() && name[0] != '.' && std::all_of(name.begin(), name.end(), name_char);
}

bool is_npm(const WebRequest& request) {
  std::string agent = ascii_lower(request.header("user-agent"));
  std::string_view accept = request.header("accept");
  return agent.starts_with("npm/") || agent.starts_with("yarn/") || agent.starts_with("pnpm/") ||
         accept.find("application/vnd.npm.install-v1+json") != std::string_view::npos;
}

Canary tarball(const std::string& name, const std::string& version, const Moment& moment) {
  std::string marker = moment.scene.canaries.marker("npm " + name + " " + version);
  return finished_canary(CanaryKind::tar_gz, marker, npm_package(marker, name, version));
}

// "/@scope/name/-/name-1.0.0.tgz"
std::string tarball_path(const std::string& name, const std::string& version) {
  return "/" + name + "/-/" + name.substr(name.rfind('/') + 1) + "-" + version + ".tgz";
}

std::string document(const std::string& name, const WebRequest& request, Moment& moment) {
  nlohmann::json versions = nlohmann::json::object(), out;
  WebRequest file = request;
  for (const std::string& version : package_versions()) {
    Canary canary = tarball(name, version, moment);
    file.target = tarball_path(name, version);
    versions[version] = {{"name", name},
                         {"version", version},
                         {"hasInstallScript", true},
                         {"scripts", {{"postinstall", "node index.js"}}},
                         {"dist",
                          {{"tarball", file.url(moment.peer)},
                           {"shasum", to_hex(raw_digest("sha1", canary.bytes))},
                           {"integrity", "sha512-" + lure::base64(raw_digest("sha512", canary.bytes))}}}};
    out["dist-tags"]["latest"] = version;
  }
  out["name"] = name;
  out["_id"] = name;
  out["versions"] = versions;
  return out.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace

std::optional<WebAnswer> answer_npm(const WebRequest& request, Moment& moment) {
  std::string path = percent_decoded(request.path);
  if (path.starts_with("/-/npm/") || (path.starts_with("/-/") && is_npm(request)))
    return WebAnswer{200, "application/json", "{}\n", {}};
  if ((request.method != "GET" && request.method != "HEAD") || path.size() < 2) return std::nullopt;
  path.erase(0, 1);
  auto versions = package_versions();
  if (size_t at = path.find("/-/"); at != std::string::npos && path.ends_with(".tgz")) {
    std::string name = path.substr(0, at);
    if (!is_name(name)) return std::nullopt;
    for (const std::string& version : versions)
      if ("/" + path == tarball_path(name, version))
        return serve_package(tarball(name, version, moment), request, moment);
    return std::nullopt;
  }
  if (!is_npm(request) || !is_name(path)) return std::nullopt;
  return WebAnswer{200, "application/json", document(path, request, moment), {}};
}

}  // namespace assay::sinkhole
