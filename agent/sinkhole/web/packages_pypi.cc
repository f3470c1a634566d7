// A Python package index: PEP 503's page of a project, and the source distributions that it links to.
#include <algorithm>

#include "agent/sinkhole/canary/canary_bundles.h"
#include "agent/sinkhole/web/packages.h"
#include "common/ascii.h"

namespace assay::sinkhole {
namespace {

constexpr std::string_view kFiles = "/packages/source/";

// As PEP 503 writes it; empty if it is no name.
std::string normalized(std::string_view name) {
  std::string out;
  for (char c : ascii_lower(name)) {
    bool separator = c == '-' || c == '_' || c == '.';
    if (!separator && !(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9')) return "";
    if (!separator)
      out += c;
    else if (!out.empty() && out.back() != '-')
      out += '-';
  }
  return out.size() <= 64 && !out.ends_with('-') ? out : "";
}

Canary source_package(const std::string& name, const std::string& version, const Moment& moment) {
  std::string marker = moment.scene.canaries.marker("pypi " + name + " " + version);
  return finished_canary(CanaryKind::tar_gz, marker, python_package(marker, name, version));
}

std::string page(const std::string& name, Moment& moment) {
  std::string out = "<!DOCTYPE html>\n<html><head><title>Links for " + name +
                    "</title></head><body>\n<h1>Links for " + name + "</h1>\n";
  for (const std::string& version : package_versions()) {
    std::string file = name + "-" + version + ".tar.gz";
    out += "<a href=\"" + std::string(kFiles) + name[0] + "/" + name + "/" + file +
           "#sha256=" + source_package(name, version, moment).sha256 + "\">" + file + "</a><br>\n";
  }
  return out + "</body></html>\n";
}

}  // namespace

std::optional<WebAnswer> answer_pypi(const WebRequest& request, Moment& moment) {
  if (request.method != "GET" && request.method != "HEAD") return std::nullopt;
  std::string_view path = request.path;
  if (size_t at = path.find(kFiles); at != std::string_view::npos) {
    std::string_view leaf = path.substr(path.rfind('/') + 1);
    if (!leaf.ends_with(".tar.gz")) return std::nullopt;
    leaf.remove_suffix(7);
    size_t dash = leaf.rfind('-');
    if (dash == std::string_view::npos) return std::nullopt;
    std::string name = normalized(leaf.substr(0, dash)), version(leaf.substr(dash + 1));
    auto versions = package_versions();
    if (name.empty() || std::find(versions.begin(), versions.end(), version) == versions.end())
      return std::nullopt;
    return serve_package(source_package(name, version, moment), request, moment);
  }
  size_t at = path.find("/simple/");
  if (at == std::string_view::npos) return std::nullopt;
  path.remove_prefix(at + 8);
  if (path.ends_with('/')) path.remove_suffix(1);
  std::string name = normalized(path);
  if (name.empty()) return std::nullopt;
  return WebAnswer{200, "text/html", page(name, moment), {}};
}

}  // namespace assay::sinkhole
