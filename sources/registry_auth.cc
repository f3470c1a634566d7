// Challenges answered. A token server's answer is hostile, too: bounded, and fit for a header or refused.
#include "sources/registry_auth.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <sstream>

#include "common/clock.h"
#include "common/encodings.h"
#include "common/json_parts.h"
#include "common/text.h"
#include "sources/http_url.h"

namespace assay::sources {
namespace {

using nlohmann::json;
using std::chrono::seconds;
using std::chrono::steady_clock;

constexpr size_t kMaxTokens = 10'000;
constexpr size_t kMaxTokenBytes = 32 * 1024;
constexpr int64_t kDefaultExpiryS = 60;  // token.md: "expires_in ... defaults to 60 seconds"
constexpr int64_t kLongestExpiryS = 24 * 3600;

std::optional<Challenge> choose(const HttpReply& refused) {
  std::optional<Challenge> basic;
  auto [from, to] = refused.headers.equal_range("www-authenticate");
  for (auto at = from; at != to; ++at)
    for (Challenge& challenge : parse_challenges(at->second)) {
      if (challenge.scheme == "bearer" && !challenge.value("realm").empty()) return challenge;
      if (challenge.scheme == "basic") basic = std::move(challenge);
    }
  return basic;
}

// Who is refused, if it is refused, and what must not be repeated after it.
void note_login(Asked& asked, const std::optional<Login>& login) {
  if (!login) return;
  asked.who =
      (login->user.empty() || !login->identity_token.empty() ? "the login" : printable(login->user, 100)) +
      " (of " + printable(login->from.empty() ? "this source" : login->from, 200) + ")";
  asked.secrets = {login->password, login->identity_token, base64(login->user + ":" + login->password)};
}

// Where the token server is; Errc::denied where it may not be asked, or not told the login.
Result<Url> token_server(const Challenge& challenge, const AuthCall& call, bool with_login) {
  auto error = [&](Errc code, const std::string& what) {
    return Error{code, call.asked.str() + ": " + what};
  };
  auto realm = parse_url(challenge.value("realm"));
  if (!realm) return error(Errc::corrupt, "it sends us for a token to what is no URL of http or https");
  std::string place = printable(realm->place(), 300);
  if (is_link_local(realm->host))
    return error(Errc::denied,
                 "it sends us for a token to " + place + ", which is no token server's address");
  auto own = parse_url(call.scheme + "://" + call.place.host + "/");
  bool as_private =
      own && own->scheme == "http" && own->host == realm->host;  // the same wire, as it was told
  if (with_login && realm->scheme == "http" && !is_loopback(realm->host) && !as_private)
    return error(Errc::denied, "it wants the login told in the clear, to http://" + place +
                                   ": not done; have its token server answer by https");
  return realm;
}

std::string token_query(const Challenge& challenge, const std::string& scopes, const std::string& separator) {
  std::string out = separator;
  auto add = [&](const std::string& name, const std::string& value) {
    out += (out == separator ? "" : "&") + name + "=" + url_encode(value);
  };
  if (!challenge.value("service").empty()) add("service", challenge.value("service"));
  std::istringstream words(scopes);
  for (std::string scope; words >> scope;) add("scope", scope);
  return out;
}

}  // namespace

Result<HttpReply> RegistryAuth::ask_token(const Challenge& challenge, AuthCall& call,
                                          const std::optional<Login>& login) {
  ASSAY_TRY(Url realm, token_server(challenge, call, login.has_value()));
  std::string scopes = challenge.value("scope").empty() ? call.scope : challenge.value("scope");
  HttpAsk ask;
  ask.url = challenge.value("realm");
  ask.tls = call.place.tls;
  auto own = parse_url(call.scheme + "://" + call.place.host + "/");
  if (!own || own->host != realm.host) ask.tls.client_cert = ask.tls.client_key = "";
  ask.limit_bytes = 1 << 20;
  if (login && !login->identity_token.empty()) {
    ask.method = "POST";
    ask.headers = {{"Content-Type", "application/x-www-form-urlencoded"}};
    ask.body = token_query(challenge, "", "") + "&scope=" + url_encode(scopes) +
               "&grant_type=refresh_token&client_id=assay&refresh_token=" + url_encode(login->identity_token);
    if (ask.body.front() == '&') ask.body.erase(0, 1);
  } else {
    ask.url += token_query(challenge, scopes, realm.query.empty() ? "?" : "&");
    if (login) ask.basic = {login->user, login->password};
    ask.follow = true;
  }
  Asked asked = call.asked;
  asked.at = realm.place();
  auto reply = http_.ask(ask);
  if (!reply) return reply.error().context(asked.str() + ": for a token");
  if (reply->status / 100 != 2) return reply_error(*reply, asked, wall_s(), call.busy_for);
  return reply;
}

Result<RegistryAuth::Token> RegistryAuth::fetch(const Challenge& challenge, AuthCall& call, bool again) {
  ASSAY_TRY(auto login, call.login(again));
  note_login(call.asked, login);
  ASSAY_TRY(HttpReply reply, ask_token(challenge, call, login));
  Error bad{Errc::corrupt, call.asked.str() + ": the token server at " +
                               printable(parse_url(challenge.value("realm"))->place(), 300) +
                               " answers with what is no token"};
  json body = json::parse(reply.body, nullptr, /*allow_exceptions=*/false);
  if (!body.is_object()) return bad;
  Token token;
  token.text = text_of(body, "token");
  if (token.text.empty()) token.text = text_of(body, "access_token");
  auto fit = [](char c) { return c > ' ' && c <= '~'; };
  if (token.text.empty() || token.text.size() > kMaxTokenBytes ||
      !std::all_of(token.text.begin(), token.text.end(), fit))
    return bad;
  int64_t expires_s = kDefaultExpiryS;
  if (auto said = body.find("expires_in"); said != body.end() && said->is_number_integer() && *said > 0)
    expires_s = std::min(said->is_number_unsigned() && said->get<uint64_t>() > uint64_t{kLongestExpiryS}
                             ? kLongestExpiryS
                             : said->get<int64_t>(),
                         kLongestExpiryS);
  // A tenth earlier, for clocks and for the request's own way.
  token.until = steady_clock::now() + std::chrono::milliseconds(expires_s * 900);
  return token;
}

void RegistryAuth::keep(const AuthCall& call, Token token) {
  if (tokens_.size() >= kMaxTokens) {
    auto now = steady_clock::now();
    std::erase_if(tokens_, [&](const auto& kept) { return kept.second.until <= now; });
    if (tokens_.size() >= kMaxTokens) tokens_.clear();
  }
  tokens_.insert_or_assign({call.place.host, call.scope}, std::move(token));
}

Status RegistryAuth::apply(HttpAsk& ask, AuthCall& call) {
  auto wanted = wanted_.find(call.place.host);
  if (wanted == wanted_.end()) return Status();
  if (wanted->second.scheme == "basic") {
    ASSAY_TRY(auto login, call.login(false));
    note_login(call.asked, login);
    if (login && login->identity_token.empty()) ask.basic = {login->user, login->password};
    return Status();
  }
  auto kept = tokens_.find({call.place.host, call.scope});
  if (kept == tokens_.end() || kept->second.until <= steady_clock::now()) {
    ASSAY_TRY(Token token, fetch(wanted->second, call, false));
    keep(call, std::move(token));
    kept = tokens_.find({call.place.host, call.scope});
  }
  call.asked.secrets.push_back(kept->second.text);
  ask.headers.emplace_back("Authorization", "Bearer " + kept->second.text);
  return Status();
}

Result<bool> RegistryAuth::learn(const HttpReply& refused, AuthCall& call, bool carried) {
  auto challenge = choose(refused);
  tokens_.erase({call.place.host, call.scope});
  if (!challenge) return false;
  if (challenge->scheme == "basic") {
    wanted_[call.place.host] = *challenge;
    ASSAY_TRY(auto login, call.login(carried));
    note_login(call.asked, login);
    return login && login->identity_token.empty();
  }
  ASSAY_TRY(Token token, fetch(*challenge, call, carried));
  keep(call, std::move(token));
  challenge->values.erase("scope");  // that of this repository
  challenge->values.erase("error");
  wanted_[call.place.host] = *challenge;
  return true;
}

void RegistryAuth::forget() {
  tokens_.clear();
  wanted_.clear();
}

}  // namespace assay::sources
