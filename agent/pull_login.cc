// Which registries are Amazon's, and containers-auth.json(5) written with a token of theirs.
#include "agent/pull_login.h"

#include <fcntl.h>

#include <algorithm>
#include <ctime>
#include <nlohmann/json.hpp>

#include "common/encodings.h"
#include "common/fd.h"
#include "common/registry_auth.h"
#include "common/text.h"
#include "sources/credentials.h"
#include "sources/places.h"

namespace assay {
namespace {

namespace fs = std::filesystem;

constexpr size_t kMaxLogins = 256;  // registries that one worker keeps tokens of: references are users'

Error no_place(std::string_view text, const std::string& rule) {
  return {Errc::invalid, "ecr = " + printable(text, 200) + ": " + rule +
                             ", as in registry.example=eu-west-1[,role=ARN][,endpoint=URL]"};
}

Result<fs::path> write_auth_file(const ImageRef& ref, const std::string& credentials, const fs::path& dir) {
  nlohmann::json file;
  file["auths"][ref.registry]["auth"] = credentials;
  fs::path path = dir / "auth.json";
  ASSAY_CHECK(write_file(path.string(), file.dump(), 0600));
  return path;
}

}  // namespace

Result<EcrPlace> parse_ecr_place(std::string_view text) {
  EcrPlace place;
  size_t equals = text.find('=');
  if (equals == 0 || equals == std::string_view::npos) return no_place(text, "is no HOST=REGION");
  place.host = text.substr(0, equals);
  std::string_view rest = text.substr(equals + 1);
  for (bool first = true;; first = false) {
    std::string_view part = rest.substr(0, rest.find(','));
    if (first)
      place.region = part;
    else if (part.starts_with("role=arn:"))
      place.role = part.substr(5);
    else if (part.starts_with("endpoint=http://") || part.starts_with("endpoint=https://"))
      place.endpoint = part.substr(9);
    else
      return no_place(text, "'" + printable(part, 100) + "' is neither role=ARN nor endpoint=URL");
    if (part.size() == rest.size()) break;
    rest.remove_prefix(part.size() + 1);
  }
  bool region = !place.region.empty() && std::all_of(place.region.begin(), place.region.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
  });
  if (!region) return no_place(text, "'" + printable(place.region, 60) + "' is no region");
  // The grammar of references says what a host is.
  auto ref = ImageRef::parse(place.host + "/x");
  if (!ref || ref->registry != place.host)
    return no_place(text, "'" + printable(place.host, 100) + "' is no host");
  return place;
}

Status check_access(const RegistryAccess& access) {
  std::error_code unseen;
  if (!access.certs_dir.empty() && !fs::is_directory(access.certs_dir, unseen))
    return Error{Errc::invalid, "certs = " + access.certs_dir + " is no directory"};
  if (access.registries_conf.empty()) return Status();
  sources::PlaceFiles files{access.registries_conf, access.certs_dir};
  ASSAY_TRY(auto places, sources::find_places(files, "registry.invalid", "", false));  // it is read whole
  return Status();
}

Result<sources::aws::EcrLogin*> PullLogins::login_for(const ImageRef& ref) {
  if (auto known = logins_.find(ref.registry); known != logins_.end()) return &known->second;
  EcrPlace place;
  auto named = std::find_if(access_.ecr.begin(), access_.ecr.end(),
                            [&](const EcrPlace& one) { return one.host == ref.registry; });
  if (named != access_.ecr.end()) {
    place = *named;
  } else {
    auto amazon = sources::aws::ecr_host(ref.registry);
    if (!amazon) return static_cast<sources::aws::EcrLogin*>(nullptr);
    // An operator who has logged in with docker, or set up a helper, has said how.
    ASSAY_TRY(auto kept, sources::find_login(ref.registry, ref.repository, "", cancel_fd_));
    if (kept) return static_cast<sources::aws::EcrLogin*>(nullptr);
    place.region = amazon->region;
  }
  if (logins_.size() >= kMaxLogins) logins_.clear();
  auto made = logins_.emplace(ref.registry,
                              sources::aws::EcrLogin(place.region, place.endpoint, place.role, cancel_fd_));
  return &made.first->second;
}

Result<std::optional<fs::path>> PullLogins::write(const ImageRef& ref, const fs::path& dir) {
  if (ref.kind != ImageRef::Kind::registry) return std::optional<fs::path>();
  ASSAY_TRY(sources::aws::EcrLogin * login, login_for(ref));
  if (login == nullptr) return std::optional<fs::path>();
  auto token = login->get(std::time(nullptr));
  if (!token) return std::move(token).context("no login for " + ref.registry).error();
  ASSAY_TRY(fs::path path, write_auth_file(ref, base64(token->user + ":" + token->password), dir));
  return std::optional(path);
}

Result<fs::path> write_login(const ImageRef& ref, const std::string& registry_auth, const fs::path& dir) {
  ASSAY_TRY(std::string credentials, basic_credentials(registry_auth));
  return write_auth_file(ref, credentials, dir);
}

void PullLogins::refused(const ImageRef& ref) {
  if (auto known = logins_.find(ref.registry); known != logins_.end()) known->second.forget();
}

}  // namespace assay
