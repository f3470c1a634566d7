// Lists, page by page (spec.md, "Listing Tags" and "Listing Referrers"; catalogs by distribution's API): the
// next page is where Link says, on the same host, never one that has been read.
#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "common/encodings.h"
#include "common/image_ref.h"
#include "common/text.h"
#include "sources/http_url.h"
#include "sources/registry_state.h"
#include "sources/source.h"

namespace assay::sources {
namespace {

using nlohmann::json;

constexpr const char* kPageSize = "?n=1000";
constexpr size_t kMaxPages = 10'000;
constexpr size_t kMaxReferrers = 1000;
constexpr const char* kIndex = "application/vnd.oci.image.index.v1+json";

Error failed(Errc code, const Asked& asked, const std::string& what) {
  return {code, asked.str() + ": " + what};
}

// What a page says comes next, as a target at our own place: registries behind proxies do not know how they
// are reached, so scheme and port may differ. A host that does is another matter.
Result<std::string> next_target(const HttpReply& reply, const Asked& asked) {
  auto link = next_link(reply.header("link"));
  if (!link) return std::string();
  auto url = resolve_url(reply.url, *link);
  if (!url) return failed(Errc::corrupt, asked, "the next page's place is no URL");
  ASSAY_TRY(Url next, parse_url(*url));
  ASSAY_TRY(Url here, parse_url(reply.url));
  if (next.host != here.host)
    return failed(
        Errc::corrupt, asked,
        "the next page is said to be at another host, " + printable(next.host, 200) + ": not followed");
  return next.path + (next.query.empty() ? "" : "?" + next.query);
}

// The strings of one field; null, as some send for none, is an empty list.
Result<std::vector<std::string>> names(const HttpReply& reply, const char* field, const Asked& asked) {
  json body = json::parse(reply.body, nullptr, /*allow_exceptions=*/false);
  if (!body.is_object()) {
    std::string said = registry_says(reply);
    return failed(
        Errc::corrupt, asked,
        "it answers with " + (said.empty() ? "no JSON" : printable(said, 300)) + ": is it a registry?");
  }
  std::vector<std::string> out;
  auto list = body.find(field);
  if (list == body.end() || list->is_null()) return out;
  if (!list->is_array())
    return failed(Errc::corrupt, asked, std::string("field '") + field + "' is not a list");
  for (const json& one : *list) {
    if (!one.is_string())
      return failed(Errc::corrupt, asked, std::string("field '") + field + "' holds no text");
    out.push_back(one.get<std::string>());
  }
  return out;
}

struct List {
  const char* field;
  size_t limit;
  std::function<bool(const std::string&)> valid;
};

// Whether `visit` wanted to go on to the end.
class Pages {
 public:
  Pages(const List& list, const std::function<bool(const std::string&)>& visit)
      : list_(list), visit_(visit) {}

  bool begun() const { return count_ > 0; }
  Result<bool> take(const HttpReply& reply, const Asked& asked) {
    ASSAY_TRY(auto page, names(reply, list_.field, asked));
    for (const std::string& name : page) {
      if (!list_.valid(name))
        return failed(Errc::corrupt, asked,
                      "it lists '" + printable(name, 200) + "', which is no valid name");
      if (++count_ > list_.limit)
        return failed(Errc::limit, asked, "it lists more than " + std::to_string(list_.limit));
      if (!visit_(name)) return false;
    }
    return true;
  }

 private:
  const List& list_;
  const std::function<bool(const std::string&)>& visit_;
  size_t count_ = 0;
};

bool valid_tag(const std::string& tag) { return ImageRef::parse("a.example/a:" + tag) ? true : false; }
// In part only: what a registry lets be pushed decides; this keeps paths and references what they are.
bool valid_repository(const std::string& name) {
  return name.find(':') == name.npos && name.find('@') == name.npos && ImageRef::parse("a.example/" + name);
}

Status each_page(Registry::State& state, const Place& place, RegistryRequest request, Pages& pages) {
  std::set<std::string> seen;
  request.limit_bytes = kMaxPageBytes;
  const std::string bare = request.target;
  request.target += kPageSize;
  for (;;) {
    Asked asked;
    ASSAY_TRY(HttpReply reply, state.send(place, request, asked));
    if (reply.status == 400 && seen.empty() && request.target != bare) {
      request.target = bare;
      continue;
    }
    if (reply.status / 100 != 2) return state.refused(reply, asked);
    ASSAY_TRY(bool more, pages.take(reply, asked));
    if (!more) return Status();
    seen.insert(request.target);
    ASSAY_TRY(request.target, next_target(reply, asked));
    if (request.target.empty()) return Status();
    if (seen.contains(request.target))
      return failed(Errc::corrupt, asked,
                    "its pages lead back to one that was read: the list would never end");
    if (seen.size() >= kMaxPages)
      return failed(Errc::limit, asked, "it has more than " + std::to_string(kMaxPages) + " pages");
  }
}

// The registry itself first: a mirror lists what it happens to hold. Mirrors stand in where it is not
// reached.
Status each_name(Registry::State& state, const std::string& repository, const std::string& doing,
                 const std::function<std::string(const Place&)>& target, const List& list,
                 const std::function<bool(const std::string&)>& visit) {
  ASSAY_TRY(auto places, state.places(repository));
  std::rotate(places.begin(), places.end() - 1, places.end());
  Pages pages(list, visit);
  Status first;
  for (const Place& place : places) {
    if (&place != &places.front() && place.by_digest_only) continue;
    RegistryRequest request;
    request.repository = repository;
    request.doing = doing;
    request.target = target(place);
    Status done = each_page(state, place, request, pages);
    if (done) return done;
    bool elsewhere = done.error().code == Errc::unreachable || done.error().code == Errc::timeout;
    if (&place == &places.front()) first = done;
    if (!elsewhere || pages.begun()) return done;
  }
  return first;
}

}  // namespace

Status Registry::each_repository(const std::function<bool(const std::string&)>& visit) {
  const std::string instead = ": name its repositories instead, as in " + host() + "/TEAM/APP,TEAM/DB";
  if (host() == "docker.io" || host() == "ghcr.io")
    return Error{Errc::unsupported, host() + " offers no list of all its repositories" + instead};
  auto target = [](const Place&) { return std::string("/v2/_catalog"); };
  Status done = each_name(*state_, "", "list its repositories", target,
                          {"repositories", kMaxRepositories, valid_repository}, visit);
  if (done) return done;
  switch (done.error().code) {
    case Errc::not_found:
    case Errc::invalid:
    case Errc::unsupported:
      return Error{Errc::unsupported, done.error().what + "; it offers no catalog" + instead};
    case Errc::denied:
      return Error{Errc::denied, done.error().what + "; or, where catalogs are for administrators" + instead};
    default:
      return done;
  }
}

Status Registry::each_tag(const std::string& repository,
                          const std::function<bool(const std::string&)>& visit) {
  if (!valid_repository(repository))
    return Error{Errc::invalid, "'" + printable(repository, 200) + "' is no name of a repository"};
  auto target = [](const Place& place) { return "/v2/" + place.repository + "/tags/list"; };
  return each_name(*state_, repository, "list its tags", target, {"tags", kMaxTags, valid_tag}, visit);
}

namespace {

// Whether the answer is an index, as the referrers API gives it also for none. Registries without that API
// answer in their own ways.
bool is_referrers(const HttpReply& reply) {
  return reply.status == 200 && reply.body.find("manifests") != std::string::npos && is_index(reply.body);
}

Result<std::vector<Descriptor>> referrers_at(Registry::State& state, const Place& place,
                                             RegistryRequest request, bool& offered) {
  std::vector<Descriptor> out;
  std::set<std::string> seen;
  while (!request.target.empty()) {
    Asked asked;
    ASSAY_TRY(HttpReply reply, state.send(place, request, asked));
    bool missing = reply.status == 404 || reply.status == 400 || reply.status == 405 || reply.status == 501;
    offered = is_referrers(reply);
    if (!offered && seen.empty() && (missing || reply.status == 200)) return out;
    if (reply.status / 100 != 2) return state.refused(reply, asked);
    ASSAY_TRY(auto page, parse_index(reply.body, asked.str() + ": its answer"));
    out.insert(out.end(), page.begin(), page.end());
    seen.insert(request.target);
    ASSAY_TRY(request.target, next_target(reply, asked));
    if (seen.contains(request.target) || out.size() > kMaxReferrers)
      return failed(Errc::limit, asked, "they do not end, or are more than " + std::to_string(kMaxReferrers));
  }
  return out;
}

}  // namespace

Result<std::vector<Descriptor>> Registry::referrers(const std::string& repository, const std::string& digest,
                                                    const std::string& type) {
  ASSAY_TRY(Digest subject, Digest::parse(digest));
  if (!valid_repository(repository))
    return Error{Errc::invalid, "'" + printable(repository, 200) + "' is no name of a repository"};
  bool offered = false;
  auto found = state_->first_of(repository, false, [&](const Place& place) {
    RegistryRequest request;
    request.repository = repository;
    request.doing = "list what refers to " + digest;
    request.target = "/v2/" + place.repository + "/referrers/" + digest +
                     (type.empty() ? "" : "?artifactType=" + url_encode(type));
    request.accept = kIndex;
    return referrers_at(*state_, place, request, offered);
  });
  if (!found) return found;
  std::vector<Descriptor> out = std::move(*found);
  if (!offered) {
    auto tagged = manifest(repository, "sha256-" + subject.hex());
    if (!tagged && tagged.error().code == Errc::not_found) return out;
    if (!tagged) return tagged.error();
    ASSAY_TRY(
        out, parse_index(tagged->bytes, host() + "/" + repository + ": the tag of what refers to " + digest));
  }
  // Registries need not heed the type that was asked for.
  if (!type.empty()) std::erase_if(out, [&](const Descriptor& one) { return one.artifact_type != type; });
  return out;
}

}  // namespace assay::sources
