// Requests at a place: by https, or whatever an insecure place speaks, with the login that it wants.
#include "sources/registry_state.h"

#include "common/clock.h"
#include "common/text.h"

namespace assay::sources {
namespace {

constexpr const char* kHub = "docker.io";
constexpr const char* kHubHost = "registry-1.docker.io";

// The name that logins are kept under.
std::string name_of(const Place& place) { return place.host == kHubHost ? kHub : place.host; }

std::string scope_of(const Place& place, const RegistryRequest& request) {
  return request.repository.empty()
             ? "registry:catalog:*"
             : "repository:" + place.repository + (request.push ? ":pull,push" : ":pull");
}

}  // namespace

std::string Registry::State::scheme(const Place& place) const {
  auto found = schemes_.find(place.host);
  return found == schemes_.end() ? "https" : found->second;
}

Result<std::vector<Place>> Registry::State::places(const std::string& repository) const {
  ASSAY_TRY(auto out, find_places(options.places, options.host, repository, options.insecure));
  if (out.empty())
    return Error{Errc::invalid, options.host + " has no place to be asked at: see registries.conf"};
  return out;
}

// Looked up once for all requests of a repository: a helper is a program to start.
Result<std::optional<Login>> Registry::State::login(const Place& place, bool again) {
  if (options.login && name_of(place) == options.host) return options.login;
  std::string whole = name_of(place) + "/" + place.repository;
  if (whole == login_for_ && !again) return login_;
  ASSAY_TRY(login_, find_login(name_of(place), place.repository, options.auth_file, http.stop_fd()));
  login_for_ = whole;
  return login_;
}

// An insecure place may speak TLS that proves nothing, or none: as docker and skopeo do, TLS is tried first.
Result<HttpReply> Registry::State::exchange(const Place& place, HttpAsk& ask, const std::string& target) {
  bool known = schemes_.contains(place.host) || !place.insecure;
  ask.url = scheme(place) + "://" + place.host + target;
  auto reply = http.ask(ask);
  if (known) return reply;
  if (reply) {
    schemes_[place.host] = "https";
    return reply;
  }
  if (reply.error().code != Errc::unreachable) return reply;
  ask.url = "http://" + place.host + target;
  auto plain = http.ask(ask);
  if (plain) schemes_[place.host] = "http";
  return plain;
}

Result<HttpReply> Registry::State::send(const Place& place, const RegistryRequest& request, Asked& asked) {
  asked = {options.host, request.repository, request.doing};
  if (name_of(place) != options.host) asked.at = place.host;
  if (request.push) asked.right = "push";
  for (bool again = false;; again = true) {
    AuthCall call{place,
                  scheme(place),
                  scope_of(place, request),
                  asked,
                  [&](bool anew) { return login(place, anew); },
                  busy_for};
    HttpAsk ask;
    ask.method = request.method;
    ask.tls = place.tls;
    ask.limit_bytes = request.limit_bytes;
    ask.follow = true;
    ask.body = request.body;
    if (!request.content_type.empty()) ask.headers.emplace_back("Content-Type", request.content_type);
    if (!request.accept.empty()) ask.headers.emplace_back("Accept", request.accept);
    size_t without = ask.headers.size();
    ASSAY_CHECK(auth.apply(ask, call));
    bool carried = ask.basic || ask.headers.size() > without;
    auto reply = exchange(place, ask, request.target);
    if (!reply) return reply.error().context(asked.str());
    call.scheme = scheme(place);
    bool better = false;
    if (reply->status == 401 && !again) {
      ASSAY_TRY(better, auth.learn(*reply, call, carried));
    }
    asked = call.asked;
    if (!better) return reply;
  }
}

Error Registry::State::refused(const HttpReply& reply, const Asked& asked) {
  return reply_error(reply, asked, wall_s(), busy_for);
}

Result<HttpReply> Registry::State::get(const Place& place, const RegistryRequest& request) {
  Asked asked;
  ASSAY_TRY(HttpReply reply, send(place, request, asked));
  if (reply.status / 100 != 2) return refused(reply, asked);
  return reply;
}

}  // namespace assay::sources
