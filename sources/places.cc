// Rewriting as containers/image does it: what a table's prefix covers is replaced by its location, and by
// each of its mirrors' in turn. The last place is the registry itself.
#include "sources/places.h"

#include <algorithm>
#include <cstdlib>

#include "sources/places_conf.h"

namespace assay::sources {
namespace {

namespace fs = std::filesystem;

constexpr const char* kHub = "docker.io";
constexpr const char* kHubHost = "registry-1.docker.io";  // where it answers
constexpr const char* kSystem = "/etc/containers";
constexpr size_t kMaxCertFiles = 1000;

// ~/.config/containers, or nothing.
fs::path user_dir() {
  const char* home = ::getenv("HOME");
  return home == nullptr || *home == '\0' ? fs::path() : fs::path(home) / ".config/containers";
}

Result<std::vector<RegistryConf>> tables_of(const PlaceFiles& files) {
  const fs::path user = user_dir(), system = kSystem;
  std::error_code unseen;
  if (files.registries_conf.empty() && !user.empty() && fs::exists(user / "registries.conf", unseen))
    return read_registries(user / "registries.conf", true, {user / "registries.conf.d"});
  std::vector<fs::path> dirs = {system / "registries.conf.d"};
  if (!user.empty()) dirs.push_back(user / "registries.conf.d");
  if (files.registries_conf.empty()) return read_registries(system / "registries.conf", false, dirs);
  return read_registries(files.registries_conf, true, dirs);
}

// What certs.d of a host says; a host without one is trusted by the system's CAs.
Result<HttpTls> tls_of(const PlaceFiles& files, const std::string& host) {
  HttpTls tls;
  std::vector<fs::path> dirs = cert_dirs(files, host);
  if (dirs.empty()) return tls;
  std::vector<fs::path> found;
  std::error_code failed;
  for (fs::directory_iterator at(dirs[0], failed), end; !failed && at != end; at.increment(failed)) {
    if (found.size() == kMaxCertFiles)
      return Error{Errc::limit,
                   dirs[0].string() + " has more than " + std::to_string(kMaxCertFiles) + " files"};
    found.push_back(at->path());
  }
  if (failed) return errno_error("list " + dirs[0].string(), failed.value());
  std::sort(found.begin(), found.end());
  auto there = [&](const fs::path& file) { return std::binary_search(found.begin(), found.end(), file); };
  for (const fs::path& file : found) {
    if (file.extension() == ".crt") tls.ca_files.push_back(file.string());
    if (file.extension() != ".cert" && file.extension() != ".key") continue;
    const bool is_cert = file.extension() == ".cert";
    fs::path other = file;
    other.replace_extension(is_cert ? ".key" : ".cert");
    if (!there(other))
      return Error{Errc::invalid, file.string() + " lacks its " + (is_cert ? "key" : "certificate") + " " +
                                      other.filename().string() +
                                      ": a client certificate is NAME.cert and NAME.key"};
    if (!is_cert || !tls.client_cert.empty()) continue;
    tls.client_cert = file.string();
    tls.client_key = other.string();
  }
  return tls;
}

// `whole` is "HOST[:PORT][/REPOSITORY]".
Result<Place> place_of(const PlaceFiles& files, const std::string& whole, bool insecure) {
  Place place;
  size_t slash = whole.find('/');
  place.host = whole.substr(0, slash);
  if (slash != std::string::npos) place.repository = whole.substr(slash + 1);
  place.insecure = insecure;
  ASSAY_TRY(place.tls, tls_of(files, place.host));
  place.tls.verify = !insecure;
  if (place.host == kHub) place.host = kHubHost;
  return place;
}

std::string rewritten(const std::string& location, const std::string& whole, size_t length) {
  return location.empty() ? whole : location + whole.substr(length);
}

}  // namespace

std::vector<fs::path> cert_dirs(const PlaceFiles& files, const std::string& host) {
  std::vector<fs::path> roots;
  if (!files.certs_dir.empty()) {
    roots = {files.certs_dir};
  } else {
    if (fs::path user = user_dir(); !user.empty()) roots.push_back(user / "certs.d");
    roots.insert(roots.end(), {fs::path(kSystem) / "certs.d", "/etc/docker/certs.d"});
  }
  std::vector<fs::path> out;
  // A host is a name, never a path.
  if (host.empty() || host.find('/') != std::string::npos || host[0] == '.') return out;
  std::error_code unseen;
  for (const fs::path& root : roots)
    if (fs::is_directory(root / host, unseen)) out.push_back(root / host);
  return out;
}

Result<std::vector<Place>> find_places(const PlaceFiles& files, const std::string& registry,
                                       const std::string& repository, bool insecure) {
  const std::string whole = repository.empty() ? registry : registry + "/" + repository;
  ASSAY_TRY(auto tables, tables_of(files));
  std::vector<Place> places;
  const RegistryConf* table = registry_for(tables, whole);
  if (table == nullptr) {
    ASSAY_TRY(Place place, place_of(files, whole, insecure));
    places.push_back(std::move(place));
    return places;
  }
  if (table->blocked)
    return Error{Errc::denied, whole + " is blocked by " + table->from + " (prefix " + table->prefix +
                                   "): take the block out there, or leave the image alone"};
  const size_t length = covered(table->prefix, whole);
  for (const MirrorConf& mirror : table->mirrors) {
    ASSAY_TRY(Place place,
              place_of(files, rewritten(mirror.location, whole, length), insecure || mirror.insecure));
    place.by_digest_only = !mirror.tags;
    place.by_tag_only = !mirror.digests;
    places.push_back(std::move(place));
  }
  ASSAY_TRY(Place place,
            place_of(files, rewritten(table->location, whole, length), insecure || table->insecure));
  places.push_back(std::move(place));
  return places;
}

}  // namespace assay::sources
