// Manifests and blobs: every byte held against its digest.
#include "sources/registry.h"

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>

#include "common/ascii.h"
#include "common/encodings.h"
#include "common/image_ref.h"
#include "common/text.h"
#include "sources/registry_state.h"

namespace assay::sources {
namespace {

constexpr const char* kManifests =
    "application/vnd.oci.image.index.v1+json, application/vnd.oci.image.manifest.v1+json, "
    "application/vnd.docker.distribution.manifest.list.v2+json, "
    "application/vnd.docker.distribution.manifest.v2+json";

Error corrupt(const RegistryRequest& request, const std::string& host, const std::string& what) {
  return {Errc::corrupt, Asked{host, request.repository, request.doing}.str() + ": " + what};
}

std::string bare_type(const HttpReply& reply) {
  std::string type = ascii_lower(reply.header("content-type"));
  type = type.substr(0, type.find(';'));
  while (type.ends_with(' ')) type.pop_back();
  return printable(type, 200);
}

// Content-Type is what the registry goes by; some say application/json, and the manifest knows better.
std::string media_type(const HttpReply& reply) {
  std::string type = bare_type(reply);
  if (type.starts_with("application/vnd.")) return type;
  auto body = nlohmann::json::parse(reply.body, nullptr, false);
  auto own = body.is_object() ? body.find("mediaType") : body.end();
  return body.is_object() && own != body.end() && own->is_string() ? printable(own->get<std::string>(), 200)
                                                                   : type;
}

bool is_web_page(const HttpReply& reply) { return bare_type(reply) == "text/html"; }

// Of a tag: "its manifest 1.0"; the digest is too long to be read twice.
RegistryRequest manifest_request(const std::string& repository, const std::string& reference,
                                 const Place& place) {
  RegistryRequest out;
  out.repository = repository;
  out.doing = "get the manifest of " + printable(reference, 150);
  out.target = "/v2/" + place.repository + "/manifests/" + url_encode(reference);
  // The one character of a digest that need not be encoded, and that not every registry decodes.
  if (reference.starts_with("sha256:")) out.target = "/v2/" + place.repository + "/manifests/" + reference;
  out.accept = kManifests;
  return out;
}

Status check_reference(const std::string& host, const std::string& repository, const std::string& reference) {
  auto whole = ImageRef::parse(host + "/" + repository + (reference.find(':') == reference.npos ? ":" : "@") +
                               reference);
  return whole ? Status() : Status(whole.error());
}

}  // namespace

Registry::Registry(RegistryOptions options, Http http)
    : state_(std::make_unique<State>(std::move(options), std::move(http))) {}
Registry::Registry(Registry&&) noexcept = default;
Registry& Registry::operator=(Registry&&) noexcept = default;
Registry::~Registry() = default;

void Registry::set_login(Login login) {
  const auto& now = state_->options.login;
  if (now && now->user == login.user && now->password == login.password &&
      now->identity_token == login.identity_token)
    return;
  state_->options.login = std::move(login);
  state_->auth.forget();
}

std::chrono::milliseconds Registry::busy_for() const { return state_->busy_for; }
const std::string& Registry::host() const { return state_->options.host; }

Result<ManifestFound> Registry::manifest(const std::string& repository, const std::string& reference) {
  ASSAY_CHECK(check_reference(host(), repository, reference));
  bool by_digest = Digest::parse(reference) ? true : false;
  return state_->first_of(repository, !by_digest, [&](const Place& place) -> Result<ManifestFound> {
    RegistryRequest request = manifest_request(repository, reference, place);
    ASSAY_TRY(HttpReply reply, state_->get(place, request));
    if (is_web_page(reply))
      return corrupt(request, host(), "it answers with " + registry_says(reply) + ": is it a registry?");
    std::string digest = Digest::of(reply.body).str();
    std::string said = reply.header("docker-content-digest");
    if (by_digest && digest != reference)
      return corrupt(request, host(),
                     "what " + place.host + " serves is " + digest + ", not what was asked for");
    if (said.starts_with("sha256:") && said != digest)
      return corrupt(request, host(),
                     "what " + place.host + " serves is " + digest + ", and not " + printable(said, 80) +
                         ", as it says");
    return ManifestFound{digest, media_type(reply), reply.body.size(), reply.body};
  });
}

Result<ManifestFound> Registry::head(const std::string& repository, const std::string& reference) {
  ASSAY_CHECK(check_reference(host(), repository, reference));
  bool by_digest = Digest::parse(reference) ? true : false;
  auto found = state_->first_of(repository, !by_digest, [&](const Place& place) -> Result<ManifestFound> {
    RegistryRequest request = manifest_request(repository, reference, place);
    request.method = "HEAD";
    Asked asked;
    ASSAY_TRY(HttpReply reply, state_->send(place, request, asked));
    if (reply.status == 405 || reply.status == 501) return ManifestFound{};
    if (reply.status / 100 != 2) return state_->refused(reply, asked);
    auto digest = Digest::parse(reply.header("docker-content-digest"));
    if (!digest) return ManifestFound{};
    if (by_digest && digest->str() != reference)
      return corrupt(request, host(), place.host + " says that it is " + digest->str());
    std::string size = reply.header("content-length");
    ManifestFound out{digest->str(), bare_type(reply), 0, ""};
    std::from_chars(size.data(), size.data() + size.size(), out.size_bytes);
    return out;
  });
  if (!found || !found->digest.empty()) return found;
  ASSAY_TRY(ManifestFound whole, manifest(repository, reference));
  whole.bytes.clear();
  return whole;
}

Result<std::string> Registry::blob(const std::string& repository, const std::string& digest,
                                   size_t limit_bytes) {
  ASSAY_CHECK(check_reference(host(), repository, digest));
  ASSAY_TRY(Digest wanted, Digest::parse(digest));
  return state_->first_of(repository, false, [&](const Place& place) -> Result<std::string> {
    RegistryRequest request;
    request.repository = repository;
    request.doing = "get the blob " + digest;
    request.target = "/v2/" + place.repository + "/blobs/" + digest;
    request.limit_bytes = limit_bytes;
    ASSAY_TRY(HttpReply reply, state_->get(place, request));
    Digest got = Digest::of(reply.body);
    if (got != wanted)
      return corrupt(request, host(),
                     "what " + place.host + " serves is " + got.str() + ", not what was asked for");
    return std::move(reply.body);
  });
}

}  // namespace assay::sources
