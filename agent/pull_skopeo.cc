// skopeo run, and its complaints translated.
#include "agent/pull_skopeo.h"

#include <algorithm>

#include "agent/pull_run.h"
#include "common/platform.h"
#include "common/process.h"
#include "common/text.h"
#include "sources/places.h"

namespace assay {
namespace {

using std::chrono::steady_clock;

constexpr size_t kMaxMetadataBytes = 8 << 20;

constexpr const char* kBusy = "registry {} limits our rate: log in, or try again later";

struct Translation {
  const char* text;  // in skopeo's message
  Errc code;
  const char* what;  // "{}" stands for the registry, or the archive's path
};
// The first that matches wins, so the particular stands before the general.
constexpr Translation kTranslations[] = {
    {"no space left on device", Errc::no_space,
     "no space left for its layers: free some, or use another --data directory"},
    {"disk quota exceeded", Errc::no_space,
     "disk quota exceeded: free some space, or use another --data directory"},
    {"server gave HTTP response to HTTPS client", Errc::unreachable,
     "registry {} speaks plain HTTP: pass --insecure if you trust it"},
    {"x509:", Errc::denied,
     "the TLS certificate of registry {} cannot be verified: install its CA, or pass --insecure"},
    {"toomanyrequests", Errc::busy, kBusy},
    {"too many requests to registry", Errc::busy, kBusy},
    {"connection refused", Errc::unreachable, "registry {} refuses connections: check host and port"},
    {"no such host", Errc::unreachable, "there is no host of that name: check registry {}"},
    {"server misbehaving", Errc::unreachable, "the name of registry {} cannot be resolved: check DNS"},
    {"name resolution", Errc::unreachable, "the name of registry {} cannot be resolved: check DNS"},
    {"network is unreachable", Errc::unreachable, "registry {} cannot be reached: check this host's network"},
    {"no route to host", Errc::unreachable, "registry {} cannot be reached: check this host's network"},
    {"i/o timeout", Errc::unreachable, "registry {} does not answer: check host, port and network"},
    {"handshake timeout", Errc::unreachable, "registry {} does not answer: check host, port and network"},
    {"deadline exceeded", Errc::unreachable, "registry {} does not answer: check host, port and network"},
    {"connection reset", Errc::unreachable, "registry {} cut the connection: try again"},
    {"did not match", Errc::corrupt,
     "the source's bytes do not match their digest: it is damaged or tampered with"},
    {"Manifest does not match provided manifest digest", Errc::corrupt,
     "the source's manifest does not match its digest"},
    {"manifest unknown", Errc::not_found, "registry {} has no such image: check repository, tag and digest"},
    {"name unknown", Errc::not_found, "registry {} has no such repository: check its name"},
    {"blob unknown", Errc::corrupt, "registry {} lacks a blob of the image: push it again"},
    {"authorization token has expired", Errc::denied,
     "registry {} says that the login has expired: log in anew"},
    {"unauthorized", Errc::denied,
     "registry {} wants a login (or has no such repository): log in with skopeo or docker, or pass "
     "--auth-file"},
    {"authentication required", Errc::denied,
     "registry {} wants a login: log in with skopeo or docker, or pass --auth-file"},
    {"invalid username/password", Errc::denied,
     "registry {} refuses the login it was given: check the auth file"},
    {"access to the resource is denied", Errc::denied,
     "registry {} denies access (or has no such repository): check its name and the login"},
    {"(Forbidden)", Errc::denied, "registry {} denies access: check the login's rights"},
    {"no descriptor found for reference", Errc::not_found, "there is no image of that tag in {}"},
    {"more than one image in oci", Errc::invalid, "{} holds several images: name one, as in oci:PATH:TAG"},
    {"expected 1 item, got", Errc::invalid,
     "{} holds several images: name one, as in docker-archive:FILE:NAME:TAG"},
    {"not found in docker-archive", Errc::not_found, "there is no image of that name in {}"},
    {"no image found", Errc::unsupported, "it has no image for the platform"},
    {"permission denied", Errc::denied, "permission denied on {}"},
    {"index.json: no such file", Errc::corrupt, "{} is no OCI image: it has no index.json"},
    {"manifest.json: file does not exist", Errc::corrupt, "{} is no docker-archive: it has no manifest.json"},
    {"blobs/sha256", Errc::corrupt, "{} lacks a blob that its manifest names"},
    {"untarring file", Errc::corrupt, "{} is not a whole tar archive: it is damaged or cut short"},
    {"loading tar component", Errc::corrupt, "{} is not a whole tar archive: it is damaged or cut short"},
    {"invalid tar header", Errc::corrupt, "{} is damaged: invalid tar header"},
    {"unexpected EOF", Errc::corrupt, "{} ends too early: it is damaged or cut short"},
};

// The text of skopeo's last log line: time="..." level=fatal msg="...", with Go's quoting undone.
std::string fatal_message(const std::string& printed) {
  constexpr std::string_view kStart = "msg=\"";
  size_t line = printed.rfind("level=fatal");
  size_t begin = printed.find(kStart, line == std::string::npos ? 0 : line);
  if (begin == std::string::npos) return printed.substr(0, printed.find('\n'));
  std::string out;
  for (size_t i = begin + kStart.size(); i < printed.size() && printed[i] != '"'; ++i) {
    if (printed[i] == '\\' && i + 1 < printed.size()) ++i;
    out += printed[i];
  }
  return out;
}

std::string filled(std::string what, const ImageRef& ref) {
  const std::string& where = ref.kind == ImageRef::Kind::registry ? ref.registry : ref.path;
  if (size_t hole = what.find("{}"); hole != std::string::npos) what.replace(hole, 2, where);
  return what;
}

}  // namespace

Error skopeo_error(const ImageRef& ref, const std::string& printed) {
  std::string message = fatal_message(printed);
  for (const Translation& translation : kTranslations)
    if (message.find(translation.text) != std::string::npos)
      return {translation.code, filled(translation.what, ref)};
  return {Errc::io, "skopeo failed: " + printable(message, 400)};
}

Skopeo::Skopeo(const ImageRef& ref, const PullOptions& options, std::filesystem::path tmp_dir)
    : ref_(ref),
      options_(options),
      tmp_dir_(std::move(tmp_dir)),
      deadline_(steady_clock::now() + options.timeout) {}

// A tag may move between two calls: everything after the first asks by digest.
std::string Skopeo::source(const std::string& digest) const {
  if (ref_.kind != ImageRef::Kind::registry) return ref_.skopeo();
  std::string repository = "docker://" + ref_.registry + "/" + ref_.repository;
  if (!digest.empty()) return repository + "@" + digest;
  return ref_.digest.empty() ? repository + ":" + ref_.tag : repository + "@" + ref_.digest;
}

// Which image of an index skopeo takes from files; from registries each is named by its digest.
std::vector<std::string> Skopeo::of_platform() const {
  auto platform = parse_platform(options_.platform);
  if (!platform) return {};
  std::string_view rest(*platform);
  rest.remove_prefix(rest.find('/') + 1);
  size_t slash = rest.find('/');
  std::vector<std::string> out = {"--override-os", "linux", "--override-arch",
                                  std::string(rest.substr(0, slash))};
  if (slash != std::string_view::npos)
    out.insert(out.end(), {"--override-variant", std::string(rest.substr(slash + 1))});
  return out;
}

Result<std::string> Skopeo::run(std::vector<std::string> args, bool copying, size_t limit_bytes) const {
  // Signature policies say what may run in production. Here anything may run: finding out what it does is the
  // point. Only the debug log tells that a registry has answered 429.
  Command command;
  command.argv = {"skopeo", "--debug", "--insecure-policy", "--tmpdir", tmp_dir_.string()};
  auto say = [&](const std::vector<std::string>& words) {
    command.argv.insert(command.argv.end(), words.begin(), words.end());
  };
  say(of_platform());
  const RegistryAccess* access = options_.logins != nullptr ? &options_.logins->access() : nullptr;
  if (access != nullptr && !access->registries_conf.empty())
    say({"--registries-conf", access->registries_conf});
  say(args);
  if (ref_.kind == ImageRef::Kind::registry) {
    if (options_.insecure) say({copying ? "--src-tls-verify=false" : "--tls-verify=false"});
    if (access != nullptr && !access->certs_dir.empty())
      for (const auto& dir : sources::cert_dirs({"", access->certs_dir}, ref_.registry))
        say({copying ? "--src-cert-dir" : "--cert-dir", dir.string()});
    if (!options_.auth_file.empty()) say({"--authfile", options_.auth_file});
  }
  auto end = run_skopeo(std::move(command), deadline_, limit_bytes, options_.cancel_fd);
  if (!end && end.error().code == Errc::timeout)
    return Error{Errc::timeout, "not pulled within " + std::to_string(options_.timeout.count()) +
                                    " s: try again, or check the network"};
  if (!end) return end.error();
  if (end->busy) {
    if (options_.leave_alone && end->busy->count() > 0) options_.leave_alone(*end->busy);
    return Error{Errc::busy, filled(kBusy, ref_)};
  }
  if (end->status.shell_code() != 0) return skopeo_error(ref_, end->log);
  return std::move(end->out);
}

Result<std::string> Skopeo::manifest(const std::string& digest) const {
  return run({"inspect", "--raw", source(digest)}, false, kMaxMetadataBytes + 1);
}

Result<std::string> Skopeo::config(const std::string& digest) const {
  return run({"inspect", "--config", "--raw", source(digest)}, false, kMaxMetadataBytes + 1);
}

Status Skopeo::copy(const std::string& digest, const std::filesystem::path& layout) const {
  // Uncompressed layers stay as they are: their digests must be those of the source.
  auto done = run({"copy", "--quiet", "--dest-oci-accept-uncompressed-layers", "--dest-shared-blob-dir",
                   options_.blobs_dir.string(), source(digest), "oci:" + layout.string() + ":image"},
                  true, 64 * 1024);
  if (!done) return done.error();
  return Status();
}

}  // namespace assay
