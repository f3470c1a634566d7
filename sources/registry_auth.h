// registry_auth: logs in where a registry challenges us: Basic, or Bearer tokens of its token server
// (distribution's docs/spec/auth: token.md, oauth.md), kept by scope until they expire. Tells a login to
// nobody but the registry itself, and a token server that is spoken to in private.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <optional>
#include <string>

#include "sources/credentials.h"
#include "sources/http.h"
#include "sources/places.h"
#include "sources/registry_errors.h"
#include "sources/registry_link.h"

namespace assay::sources {

/// One request's surroundings.
struct AuthCall {
  const Place& place;
  std::string scheme;                                             // how the place is asked: "https"
  std::string scope;                                              // "repository:team/app:pull"
  Asked asked;                                                    // `who` and `secrets` are filled in here
  std::function<Result<std::optional<Login>>(bool again)> login;  // again: not from memory
  std::chrono::milliseconds& busy_for;
};

class RegistryAuth {
 public:
  explicit RegistryAuth(Http& http) : http_(http) {}

  /// Puts on what the place is known to want; gets a token for that where none is kept.
  Status apply(HttpAsk& ask, AuthCall& call);
  /// Learns from a 401. Whether another try is worth it: then apply() has something to put on. `carried`: the
  /// refused request had an authorization, which is not to be used again.
  Result<bool> learn(const HttpReply& refused, AuthCall& call, bool carried);
  /// Forgets tokens and what places want: the login has changed.
  void forget();

 private:
  struct Token {
    std::string text;
    std::chrono::steady_clock::time_point until;
  };
  Result<Token> fetch(const Challenge& challenge, AuthCall& call, bool again);
  Result<HttpReply> ask_token(const Challenge& challenge, AuthCall& call, const std::optional<Login>& login);
  void keep(const AuthCall& call, Token token);

  Http& http_;
  std::map<std::string, Challenge> wanted_;                      // by host
  std::map<std::pair<std::string, std::string>, Token> tokens_;  // by host and scope
};

}  // namespace assay::sources
