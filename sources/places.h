// places: where a registry really is, and whom to trust there: mirrors and blocked places by registries.conf
// (containers-registries.conf(5)), certificates by certs.d (containers-certs.d(5)). The files that skopeo
// reads, too.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "common/result.h"
#include "sources/http.h"

namespace assay::sources {

/// Empty: the host's own: ~/.config/containers/registries.conf, else /etc/containers/registries.conf; certs.d
/// of
/// ~/.config/containers, /etc/containers and /etc/docker. What is in /etc/containers/registries.conf.d counts
/// in any case, as it does to skopeo.
struct PlaceFiles {
  std::filesystem::path registries_conf, certs_dir;
};

struct Place {
  std::string host;        // "mirror.example:5000", as to be asked: "registry-1.docker.io" for docker.io
  std::string repository;  // under that name there
  bool insecure = false;
  bool by_digest_only = false;  // a mirror that is not to be asked for tags
  bool by_tag_only = false;     // one that is not to be asked for digests
  HttpTls tls;
};

/// Where to ask, in order: mirrors, then the registry itself. Errc::denied where it is blocked; invalid names
/// the file. `repository` may be empty: of the registry as a whole.
Result<std::vector<Place>> find_places(const PlaceFiles& files, const std::string& registry,
                                       const std::string& repository, bool insecure);

/// The certs.d directories of a host that exist, in the order of their rank: as skopeo does, find_places()
/// heeds the first alone.
std::vector<std::filesystem::path> cert_dirs(const PlaceFiles& files, const std::string& host);

}  // namespace assay::sources
