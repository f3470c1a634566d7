// sts: temporary credentials: AssumeRole and AssumeRoleWithWebIdentity by the query protocol (STS API
// reference, 2011-06-15), and whose they are.
#pragma once

#include <optional>
#include <string>

#include "common/result.h"
#include "sources/aws/credentials.h"
#include "sources/http.h"

namespace assay::sources::aws {

struct Sts {
  std::string endpoint;  // empty: https://sts.REGION.amazonaws.com
  std::string region;
};

/// What a profile may say of a role.
struct RoleDetails {
  std::string session{};      // empty: "assay"
  std::string external_id{};  // empty: none
  int duration_s = 0;         // 0: STS's own
};

/// Errors: as of Client::call; tried again likewise, but fewer times.
Result<Credentials> assume_role(Http& http, const Sts& sts, const Credentials& as, const std::string& role,
                                const RoleDetails& details = {});
/// No signature: the token says who asks.
Result<Credentials> assume_with_web_identity(Http& http, const Sts& sts, const std::string& role,
                                             const std::string& token, const std::string& session);
/// The account's number, twelve digits.
Result<std::string> caller_account(Http& http, const Sts& sts, const Credentials& as);

}  // namespace assay::sources::aws
