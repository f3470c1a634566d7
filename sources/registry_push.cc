// POST and PUT at the registry's own place.
#include "sources/registry_push.h"

#include <unistd.h>

#include <nlohmann/json.hpp>

#include "common/encodings.h"
#include "common/image_ref.h"
#include "common/text.h"
#include "sources/http_url.h"
#include "sources/registry_state.h"

namespace assay::sources {
namespace {

using nlohmann::json;

constexpr size_t kMaxAnswerBytes = 1 << 20;
constexpr int kMaxRounds = 6;

Status check_place(const std::string& host, const std::string& repository, const std::string& tag) {
  auto whole = ImageRef::parse(host + "/" + repository + (tag.empty() ? "" : ":" + tag));
  return whole ? Status() : Status(whole.error());
}

RegistryRequest request_for(const std::string& repository, const std::string& doing,
                            const std::string& method, const std::string& target) {
  RegistryRequest out;
  out.repository = repository;
  out.doing = doing;
  out.method = method;
  out.target = target;
  out.limit_bytes = kMaxAnswerBytes;
  out.push = true;
  return out;
}

// The registry itself is the last place.
Result<Place> own_place(Registry::State& state, const std::string& repository) {
  ASSAY_TRY(auto places, state.places(repository));
  return places.back();
}

Error bad_answer(const Registry& registry, const RegistryRequest& request, const std::string& what) {
  return {Errc::corrupt, Asked{registry.host(), request.repository, request.doing}.str() + ": " + what};
}

// Where the upload that was begun is to be finished: at the same registry, whatever scheme it thinks it has.
Result<std::string> upload_target(const Registry& registry, const RegistryRequest& request,
                                  const HttpReply& begun, const std::string& digest) {
  std::string location = begun.header("location");
  auto whole = resolve_url(begun.url, location);
  if (location.empty() || !whole) return bad_answer(registry, request, "it does not say where to");
  ASSAY_TRY(Url from, parse_url(begun.url));
  ASSAY_TRY(Url to, parse_url(*whole));
  if (to.host != from.host)
    return Error{Errc::denied, Asked{registry.host(), request.repository, request.doing}.str() +
                                   ": it wants it sent to " + printable(to.place(), 300) +
                                   ", another host: not done"};
  size_t path = whole->find('/', whole->find("://") + 3);
  std::string target = path == whole->npos ? "/" : whole->substr(path);
  return target + (target.find('?') == target.npos ? "?" : "&") + "digest=" + url_encode(digest);
}

}  // namespace

template <class Try>
auto RegistryPush::twice(Try&& attempt) -> decltype(attempt()) {
  auto first = attempt();
  if (first || (first.error().code != Errc::unreachable && first.error().code != Errc::timeout)) return first;
  ASSAY_CHECK(registry_.state().http.pause(moment_));
  return attempt();
}

Status RegistryPush::upload(const std::string& repository, const std::string& bytes,
                            const std::string& digest) {
  Registry::State& state = registry_.state();
  ASSAY_TRY(Place place, own_place(state, repository));
  const std::string blobs = "/v2/" + place.repository + "/blobs/", doing = "push the blob " + digest;
  Asked asked;
  RegistryRequest look = request_for(repository, doing, "HEAD", blobs + digest);
  ASSAY_TRY(HttpReply there, state.send(place, look, asked));
  if (there.status / 100 == 2) return Status();
  if (there.status != 404) return state.refused(there, asked);
  RegistryRequest begin = request_for(repository, doing, "POST", blobs + "uploads/");
  begin.content_type = "application/octet-stream";
  ASSAY_TRY(HttpReply begun, state.send(place, begin, asked));
  if (begun.status != 202) return state.refused(begun, asked);
  ASSAY_TRY(std::string target, upload_target(registry_, begin, begun, digest));
  RegistryRequest finish = request_for(repository, doing, "PUT", target);
  finish.body = bytes;
  finish.content_type = "application/octet-stream";
  ASSAY_TRY(HttpReply done, state.send(place, finish, asked));
  if (done.status != 201) return state.refused(done, asked);
  return Status();
}

Result<std::string> RegistryPush::blob(const std::string& repository, const std::string& bytes) {
  ASSAY_CHECK(check_place(registry_.host(), repository, ""));
  std::string digest = Digest::of(bytes).str();
  ASSAY_CHECK(twice([&] { return upload(repository, bytes, digest); }));
  return digest;
}

Result<PushedManifest> RegistryPush::manifest(const std::string& repository, const std::string& reference,
                                              const std::string& bytes, const std::string& media_type,
                                              const std::string& subject) {
  ASSAY_CHECK(check_place(registry_.host(), repository, reference));
  Registry::State& state = registry_.state();
  return twice([&]() -> Result<PushedManifest> {
    ASSAY_TRY(Place place, own_place(state, repository));
    PushedManifest out{Digest::of(bytes).str(), false};
    RegistryRequest request =
        request_for(repository, "push the manifest " + (reference.empty() ? out.digest : reference), "PUT",
                    "/v2/" + place.repository + "/manifests/" + (reference.empty() ? out.digest : reference));
    request.body = bytes;
    request.content_type = media_type;
    Asked asked;
    ASSAY_TRY(HttpReply reply, state.send(place, request, asked));
    if (reply.status != 201) return state.refused(reply, asked);
    std::string said = reply.header("docker-content-digest");
    if (!said.empty() && said != out.digest)
      return bad_answer(registry_, request, "it says that it has taken " + printable(said, 100) + " instead");
    out.listed = !subject.empty() && reply.header("oci-subject") == subject;
    return out;
  });
}

Status RegistryPush::change(const std::string& repository, const std::string& tag,
                            const std::string& media_type, const Change& change) {
  for (int round = 0; round < kMaxRounds; ++round) {
    // Of those who have collided, one is first.
    if (round > 0) ASSAY_CHECK(registry_.state().http.pause(moment_ * (round + ::getpid() % 4) / 4));
    auto found = twice([&] { return registry_.manifest(repository, tag); });
    if (!found && found.error().code != Errc::not_found) return found.error();
    std::string before = found ? found->bytes : std::string();
    ASSAY_TRY(std::string after, change(before));
    if (after == before) return Status();
    ASSAY_TRY(PushedManifest pushed, manifest(repository, tag, after, media_type));
  }
  return Error{Errc::conflict, registry_.host() + "/" + repository + ":" + tag +
                                   ": others write there at the same time, again and again: try later"};
}

Result<std::string> index_with(const std::string& index, const std::string& entry, const std::string& name) {
  json one = json::parse(entry, nullptr, false);
  json whole = json::parse(index, nullptr, false);
  if (index.empty())
    whole = {{"schemaVersion", 2},
             {"mediaType", "application/vnd.oci.image.index.v1+json"},
             {"manifests", json::array()}};
  else if (auto parsed = parse_index(index, name); !parsed)
    return parsed.error();
  json& entries = whole["manifests"];
  for (const json& known : entries)
    if (known.value("digest", "") == one.value("digest", "")) return index;
  entries.push_back(std::move(one));
  return whole.dump(-1, ' ', false, json::error_handler_t::replace);
}

}  // namespace assay::sources
