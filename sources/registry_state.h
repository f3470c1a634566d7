// registry_state: what the registry*.cc files share: one request at one of a registry's places, logged in
// where it wants that, and the places one after another. Nobody else includes it.
#pragma once

#include <map>
#include <string>

#include "sources/registry.h"
#include "sources/registry_auth.h"
#include "sources/registry_errors.h"

namespace assay::sources {

inline constexpr size_t kMaxManifestBytes = 4 << 20;  // spec.md: what registries should take at least
inline constexpr size_t kMaxPageBytes = 32 << 20;     // of a list; some serve it in one piece

struct RegistryRequest {
  std::string repository;  // as users name it; empty: of the registry as a whole
  std::string doing;       // "list its tags", for errors
  std::string target;      // path and query: "/v2/team/app/tags/list?n=1000"
  std::string method = "GET";
  std::string accept{};
  size_t limit_bytes = kMaxManifestBytes;
  // Of what writes:
  bool push = false;  // wants the right to push
  std::string body{}, content_type{};
};

struct Registry::State {
  State(RegistryOptions with, Http client) : options(std::move(with)), http(std::move(client)), auth(http) {}

  /// Any answer, once logged in as far as possible; `asked` tells for its error who it was. A 401 that
  /// remains is an answer, too.
  Result<HttpReply> send(const Place& place, const RegistryRequest& request, Asked& asked);
  /// Success only; everything else in words.
  Result<HttpReply> get(const Place& place, const RegistryRequest& request);
  Error refused(const HttpReply& reply, const Asked& asked);

  /// Mirrors first. Not empty.
  Result<std::vector<Place>> places(const std::string& repository) const;
  /// What `fetch(place)` brings from the first place that has it; the error is that of the registry itself,
  /// with what its mirrors said. `by_tag`: leaves out mirrors that know digests alone.
  template <class Fetch>
  auto first_of(const std::string& repository, bool by_tag, Fetch&& fetch)
      -> decltype(fetch(std::declval<const Place&>())) {
    ASSAY_TRY(std::vector<Place> all, places(repository));
    std::string before;
    for (const Place& place : all) {
      bool last = &place == &all.back();
      if (!last && by_tag && place.by_digest_only) continue;
      auto got = fetch(place);
      if (got || got.error().code == Errc::cancelled) return got;
      if (last) return Error{got.error().code, got.error().what + before};
      before += "; before that, " + place.host + ": " + got.error().what;
    }
    return Error{Errc::unreachable, options.host + " has no place to be asked at"};
  }

  RegistryOptions options;
  Http http;
  RegistryAuth auth;
  std::chrono::milliseconds busy_for{60000};

 private:
  Result<HttpReply> exchange(const Place& place, HttpAsk& ask, const std::string& target);
  Result<std::optional<Login>> login(const Place& place, bool again);
  std::string scheme(const Place& place) const;

  std::map<std::string, std::string> schemes_;  // of insecure places, by host, once one was answered
  std::string login_for_;                       // "HOST/REPOSITORY" of what was looked up last
  std::optional<Login> login_;
};

}  // namespace assay::sources
