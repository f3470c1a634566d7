// credentials_parts: the places where credentials may come from, one by one: what the chain (credentials.cc)
// walks through. Each says what it found, or why there is nothing to find; an error is of a place that was
// configured and failed: then the chain ends there, as in AWS's SDKs, rather than go on as somebody else.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "common/result.h"
#include "sources/aws/credentials.h"
#include "sources/aws/sts.h"
#include "sources/http.h"

namespace assay::sources::aws {

struct Look {
  Http& http;
  const ChainOptions& options;
  int64_t now_s;
};

struct Found {
  std::optional<Credentials> credentials{};
  std::string note{};  // where there are none: "AWS_ACCESS_KEY_ID is not set"
};

Found nothing(std::string note);

/// AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN, AWS_CREDENTIAL_EXPIRATION.
Result<Found> from_environment(const Look& look);
/// The profile of $AWS_PROFILE, or "default" (credentials_profiles).
Result<Found> from_profile(const Look& look);
/// AWS_WEB_IDENTITY_TOKEN_FILE, AWS_ROLE_ARN, AWS_ROLE_SESSION_NAME.
Result<Found> from_web_identity(const Look& look);
/// AWS_CONTAINER_CREDENTIALS_RELATIVE_URI or _FULL_URI (credentials_metadata).
Result<Found> from_container(const Look& look);
/// The instance's role, by IMDSv2 alone: a token first.
Result<Found> from_instance(const Look& look);

/// A role by the token in a file, of at most 64 KiB; read anew each time, since whoever wrote it renews it.
Result<Credentials> by_token_file(const Look& look, const std::string& file, const std::string& role,
                                  const std::string& session);
/// Where STS is asked: the options' region, the environment's, the profile's; else us-east-1.
Sts sts_of(const Look& look);

/// The shared files, as one: what the credentials file says goes before what the config file says.
using Profile = std::map<std::string, std::string>;  // keys in lower case
struct Profiles {
  std::map<std::string, Profile> by_name;
  std::vector<std::string> files;  // that are there
};
/// Pure. `config`: profiles are "[profile NAME]" there.
void read_profiles(std::string_view text, bool config, Profiles& into);
Result<Profiles> load_profiles();
std::string chosen_profile();  // $AWS_PROFILE, $AWS_DEFAULT_PROFILE, "default"

/// Runs a credential_process: no shell, a minute, 64 KiB.
Result<Credentials> run_credential_process(const std::string& command, int stop_fd);
/// Words of a command line, by quotes and backslashes as a shell has them. Errc::invalid: a quote is open.
Result<std::vector<std::string>> split_command(std::string_view line);

/// {"AccessKeyId", "SecretAccessKey", "Token" or "SessionToken", "Expiration"}. No error repeats it.
Result<Credentials> read_credentials_json(std::string_view json);
/// Whether these can be signed with at all: Errc::invalid names the field.
Status check_credentials(const Credentials& credentials);

/// Where a container's credentials are: AWS_CONTAINER_CREDENTIALS_FULL_URI may be https, or http of this host
/// or of a container agent's link-local address; nothing: neither is set. Errc::denied otherwise.
Result<std::optional<std::string>> container_url(const std::string& relative_uri,
                                                 const std::string& full_uri);
/// One page of the instance's metadata; nothing: it has no such page. `note` of errors is fit to show.
Result<std::optional<std::string>> ask_instance(const Look& look, const std::string& path);
bool instance_disabled();  // $AWS_EC2_METADATA_DISABLED

}  // namespace assay::sources::aws
