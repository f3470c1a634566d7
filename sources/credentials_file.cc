// The keys of "auths" are written in many ways: "HOST", "HOST/team", "https://HOST/v1/". One with a scheme is
// docker's old form, of which only the host counts.
#include "sources/credentials_file.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "common/encodings.h"
#include "common/text.h"

namespace assay::sources {
namespace {

using nlohmann::json;

constexpr const char* kHub = "docker.io";
constexpr const char* kHubUrl = "https://index.docker.io/v1/";  // the name that `docker login` keeps it under
constexpr const char* kTokenUser = "<token>";                   // docker's mark of an identity token

Error no_file(const std::string& name, const std::string& rule) {
  return {Errc::invalid, name + " is no docker config.json: " + rule + ": correct it, or log in anew"};
}

std::string one_hub(std::string host) {
  constexpr std::array kOld = {"index.docker.io", "registry-1.docker.io", "registry.hub.docker.com"};
  return std::find(kOld.begin(), kOld.end(), host) == kOld.end() ? host : kHub;
}

// "https://index.docker.io/v1/" -> "docker.io"; "quay.io/team" stays.
std::string normal_key(std::string key) {
  for (std::string_view scheme : {"https://", "http://"})
    if (key.starts_with(scheme)) {
      key.erase(0, scheme.size());
      key.erase(std::min(key.find('/'), key.size()));
      break;
    }
  size_t slash = std::min(key.find('/'), key.size());
  std::string host = one_hub(key.substr(0, slash));
  return host + key.substr(slash);
}

// Whether `key` is `whole` or a parent of it, by whole path components.
bool covers(const std::string& key, const std::string& whole) {
  return whole.starts_with(key) && (whole.size() == key.size() || whole[key.size()] == '/');
}

// A member that must be a string where it is there; the value is a secret, so errors name the key alone.
Result<std::string> text_of(const json& object, const char* key, const std::string& name,
                            const std::string& where) {
  auto it = object.find(key);
  if (it == object.end() || it->is_null()) return std::string();
  if (!it->is_string()) return no_file(name, "'" + std::string(key) + "' of " + where + " is no string");
  return it->get<std::string>();
}

// "" where the entry is but a mark that a helper knows ({}, as docker writes with "credsStore").
Result<std::optional<Login>> entry_login(const json& entry, const std::string& name, const std::string& key) {
  std::string where = "'" + printable(key, 200) + "'";
  if (!entry.is_object()) return no_file(name, where + " of 'auths' is no object");
  Login login;
  login.from = name;
  ASSAY_TRY(std::string auth, text_of(entry, "auth", name, where));
  ASSAY_TRY(login.user, text_of(entry, "username", name, where));
  ASSAY_TRY(login.password, text_of(entry, "password", name, where));
  ASSAY_TRY(login.identity_token, text_of(entry, "identitytoken", name, where));
  if (!auth.empty()) {
    auto decoded = decode_base64(auth);
    size_t colon = decoded ? decoded->find(':') : std::string::npos;
    if (colon == std::string::npos)
      return no_file(name, "'auth' of " + where + " is no base64 of USER:PASSWORD");
    login.user = decoded->substr(0, colon);
    login.password = decoded->substr(colon + 1);
    while (login.password.ends_with('\0')) login.password.pop_back();  // some tools pad with them
  }
  if (login.user.empty() && login.password.empty() && login.identity_token.empty())
    return std::optional<Login>();
  return std::optional<Login>(std::move(login));
}

Result<json> member(const json& file, const char* key, const std::string& name) {
  auto it = file.find(key);
  if (it == file.end() || it->is_null()) return json::object();
  if (!it->is_object()) return no_file(name, "'" + std::string(key) + "' is no object");
  return *it;
}

// docker looks helpers up by host; containers/image by host and by "HOST/team" as well.
Result<std::string> helper_for(const json& helpers, const std::string& name, const std::string& whole) {
  std::string found, by;
  for (const auto& [key, value] : helpers.items()) {
    std::string normal = normal_key(key);
    if (!covers(normal, whole) || normal.size() < by.size()) continue;
    if (!value.is_string())
      return no_file(name, "'" + printable(key, 200) + "' of 'credHelpers' is no string");
    found = value.get<std::string>();
    by = normal;
  }
  return found;
}

Status check_helper(const std::string& helper, const std::string& name) {
  bool plain = !helper.empty() && helper.size() <= 64 && helper[0] != '.' &&
               std::all_of(helper.begin(), helper.end(), [](unsigned char c) {
                 return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                        c == '-' || c == '_' || c == '.';
               });
  if (plain) return Status();
  return no_file(name, "the credential helper '" + printable(helper, 64) +
                           "' is no plain name (letters, digits, '-', '_' and '.')");
}

}  // namespace

Result<KeptLogin> login_in_file(std::string_view text, const std::string& name, const std::string& registry,
                                const std::string& repository) {
  json file = json::parse(text, nullptr, false);
  if (!file.is_object()) return no_file(name, "it holds no JSON object");
  const std::string host = one_hub(registry);
  const std::string whole = repository.empty() ? host : host + "/" + repository;
  KeptLogin kept;
  kept.server_url = host == kHub ? kHubUrl : host;

  ASSAY_TRY(json helpers, member(file, "credHelpers", name));
  ASSAY_TRY(kept.helper, helper_for(helpers, name, whole));
  if (!kept.helper.empty()) {
    ASSAY_CHECK(check_helper(kept.helper, name));
    return kept;
  }
  ASSAY_TRY(json auths, member(file, "auths", name));
  size_t longest = 0;
  for (const auto& [key, entry] : auths.items()) {
    std::string normal = normal_key(key);
    if (normal.empty() || !covers(normal, whole) || normal.size() < longest) continue;
    ASSAY_TRY(auto login, entry_login(entry, name, key));
    if (!login) continue;
    longest = normal.size();
    kept.login = std::move(login);
  }
  if (kept.login) return kept;
  ASSAY_TRY(kept.helper, text_of(file, "credsStore", name, "the file"));
  if (!kept.helper.empty()) ASSAY_CHECK(check_helper(kept.helper, name));
  return kept;
}

Result<Login> login_from_helper(std::string_view text, const std::string& helper) {
  Error wrong{Errc::invalid, "credential helper " + helper +
                                 " did not print a JSON object with strings 'Username' and 'Secret'"};
  json printed = json::parse(text, nullptr, false);
  if (!printed.is_object()) return wrong;
  auto user = printed.find("Username"), secret = printed.find("Secret");
  if (user == printed.end() || secret == printed.end() || !user->is_string() || !secret->is_string())
    return wrong;
  Login login;
  login.from = "credential helper " + helper;
  login.user = user->get<std::string>();
  login.password = secret->get<std::string>();
  if (login.user != kTokenUser) return login;
  login.identity_token = std::move(login.password);
  login.user.clear();
  login.password.clear();
  return login;
}

}  // namespace assay::sources
