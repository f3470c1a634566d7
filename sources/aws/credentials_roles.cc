// What a profile comes to: keys, a process, or a role that another profile (or place) assumes.
#include <charconv>
#include <set>

#include "common/ascii.h"
#include "common/fd.h"
#include "common/process.h"
#include "common/text.h"
#include "sources/aws/credentials_parts.h"
#include "sources/aws/endpoint.h"

namespace assay::sources::aws {
namespace {

constexpr size_t kLongestChain = 8, kMaxToken = 64 * 1024;
constexpr int kShortestRole = 900, kLongestRole = 43200;  // STS's own bounds, in seconds

class Resolver {
 public:
  Resolver(const Look& look, const Profiles& profiles) : look_(look), profiles_(profiles) {}

  Result<Found> profile(const std::string& name) {
    auto found = profiles_.by_name.find(name);
    if (found == profiles_.by_name.end())
      return Error{Errc::invalid, "the shared files have no such profile"};
    if (!seen_.insert(name).second || seen_.size() > kLongestChain)
      return Error{Errc::invalid, "its chain of source_profile comes back to itself, or is longer than " +
                                      std::to_string(kLongestChain)};
    const Profile& settings = found->second;
    if (value(settings, "role_arn").empty()) return own(settings, name);
    ASSAY_TRY(Credentials out, role(settings, name));
    return Found{std::move(out)};
  }

 private:
  static std::string value(const Profile& settings, const char* key) {
    auto found = settings.find(key);
    return found == settings.end() ? "" : found->second;
  }

  // Without a role.
  Result<Found> own(const Profile& settings, const std::string& name) const {
    Credentials out{value(settings, "aws_access_key_id"), value(settings, "aws_secret_access_key"),
                    value(settings, "aws_session_token"), 0, "profile " + name};
    if (!out.key_id.empty() || !out.secret.empty()) {
      ASSAY_CHECK(check_credentials(out));
      return Found{std::move(out)};
    }
    std::string process = value(settings, "credential_process");
    if (!process.empty()) {
      ASSAY_TRY(out, run_credential_process(process, look_.http.stop_fd()));
      out.from = "profile " + name + " (credential_process)";
      return Found{std::move(out)};
    }
    for (const char* key : {"sso_session", "sso_start_url", "login_session"})
      if (settings.contains(key))
        return Error{Errc::unsupported,
                     "it logs in by IAM Identity Center, which Assay does not: give it "
                     "credential_process = aws configure export-credentials --profile " +
                         name};
    return nothing("it names no credentials");
  }

  Result<RoleDetails> details(const Profile& settings) const {
    RoleDetails out{value(settings, "role_session_name"), value(settings, "external_id"), 0};
    std::string seconds = value(settings, "duration_seconds");
    if (seconds.empty()) return out;
    auto [end, error] = std::from_chars(seconds.data(), seconds.data() + seconds.size(), out.duration_s);
    if (error != std::errc() || end != seconds.data() + seconds.size() || out.duration_s < kShortestRole ||
        out.duration_s > kLongestRole)
      return Error{Errc::invalid, "duration_seconds is not a number from 900 to 43200"};
    return out;
  }

  Result<Credentials> role(const Profile& settings, const std::string& name) {
    std::string arn = value(settings, "role_arn"), file = value(settings, "web_identity_token_file");
    if (!value(settings, "mfa_serial").empty())
      return Error{Errc::unsupported,
                   "its role wants a code of a device (mfa_serial), which nobody can type here"};
    if (!file.empty()) return by_token_file(look_, file, arn, value(settings, "role_session_name"));
    ASSAY_TRY(RoleDetails how, details(settings));
    ASSAY_TRY(Credentials base, source(settings, name));
    ASSAY_TRY(Credentials out, assume_role(look_.http, sts_of(look_), base, arn, how));
    out.from = "profile " + name + ", " + out.from;
    return out;
  }

  // As whom a role is assumed.
  Result<Credentials> source(const Profile& settings, const std::string& name) {
    std::string other = value(settings, "source_profile"), place = value(settings, "credential_source");
    if (!other.empty() && !place.empty())
      return Error{Errc::invalid, "it has both source_profile and credential_source: leave one"};
    Result<Found> found =
        Error{Errc::invalid, "it has a role_arn, and neither source_profile nor credential_source"};
    if (!other.empty())
      found = other == name ? own(settings, name) : profile(other);
    else if (place == "Environment")
      found = from_environment(look_);
    else if (place == "EcsContainer")
      found = from_container(look_);
    else if (place == "Ec2InstanceMetadata")
      found = from_instance(look_);
    else if (!place.empty())
      return Error{Errc::invalid, "credential_source \"" + printable(place, 100) +
                                      "\" is none of Environment, EcsContainer, Ec2InstanceMetadata"};
    std::string from =
        other.empty() ? "credential_source " + place : "source_profile " + printable(other, 100);
    if (!found) return other.empty() && place.empty() ? found.error() : found.error().context(from);
    if (!found->credentials) return Error{Errc::denied, from + ": " + found->note};
    return std::move(*found->credentials);
  }

  const Look& look_;
  const Profiles& profiles_;
  std::set<std::string> seen_;
};

}  // namespace

Result<Found> from_profile(const Look& look) {
  ASSAY_TRY(Profiles profiles, load_profiles());
  std::string name = chosen_profile();
  if (profiles.files.empty() && name == "default")
    return nothing("there is no ~/.aws/credentials and no ~/.aws/config");
  if (name == "default" && !profiles.by_name.contains(name))
    return nothing("the shared files have no profile \"default\"; $AWS_PROFILE names another");
  return Resolver(look, profiles).profile(name);
}

Result<Credentials> by_token_file(const Look& look, const std::string& file, const std::string& role,
                                  const std::string& session) {
  auto token = read_file(file, kMaxToken);
  if (!token) return token.error().context("token file");
  while (!token->empty() && (token->back() == '\n' || token->back() == '\r' || token->back() == ' '))
    token->pop_back();
  if (token->empty()) return Error{Errc::invalid, "token file " + file + " is empty"};
  std::string name = session.empty() ? "assay-" + std::to_string(look.now_s) : session;
  return assume_with_web_identity(look.http, sts_of(look), role, *token, name);
}

Result<Found> from_web_identity(const Look& look) {
  std::string file = environment("AWS_WEB_IDENTITY_TOKEN_FILE"), role = environment("AWS_ROLE_ARN");
  if (file.empty()) return nothing("AWS_WEB_IDENTITY_TOKEN_FILE is not set");
  if (role.empty())
    return Error{Errc::invalid, "AWS_WEB_IDENTITY_TOKEN_FILE is set, and AWS_ROLE_ARN is not"};
  ASSAY_TRY(Credentials out, by_token_file(look, file, role, environment("AWS_ROLE_SESSION_NAME")));
  return Found{std::move(out)};
}

}  // namespace assay::sources::aws
