// aws_sts: STS for the test endpoint: who asks, and roles assumed, by keys that it then takes itself.
#pragma once

#include <map>
#include <string>

#include "tests/farm/aws_server.h"

namespace assay::farm {

struct AwsRoles {
  std::map<std::string, std::string> external_ids{};  // role ARN -> what has to come with it; "": nothing
  std::string web_identity{};                         // the token that is taken; empty: none is
  int lasts_s = 3600;
};

/// GetCallerIdentity, AssumeRole, AssumeRoleWithWebIdentity. Each assumed role is the key "ASIA-ROLE-N" of
/// the role's account. `server` stays where it is, and outlives its calls.
void serve_sts(AwsServer& server, AwsRoles roles);

}  // namespace assay::farm
