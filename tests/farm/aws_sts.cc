// Its three operations, in the query protocol's XML.
#include "tests/farm/aws_sts.h"

#include <time.h>

#include <atomic>
#include <memory>

#include "common/rfc3339.h"

namespace assay::farm {
namespace {

std::string element(const std::string& name, const std::string& inner) {
  return "<" + name + ">" + inner + "</" + name + ">";
}

std::string response(const std::string& action, const std::string& result) {
  return "<" + action + "Response xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\">" +
         element(action + "Result", result) +
         "<ResponseMetadata><RequestId>8c6a2f5e</RequestId></ResponseMetadata></" + action + "Response>";
}

std::string field(const AwsAsk& ask, const std::string& name) {
  auto found = ask.form.find(name);
  return found == ask.form.end() ? "" : found->second;
}

struct Sts {
  AwsServer& server;
  AwsRoles roles;
  std::atomic<int> number{0};

  Sts(AwsServer& of, AwsRoles with) : server(of), roles(std::move(with)) {}

  AwsAnswer give(const AwsAsk& ask) {
    int count = ++number;
    std::string arn = field(ask, "RoleArn"), name = arn.substr(arn.rfind('/') + 1);
    AwsKey key{"ASIA-" + name + "-" + std::to_string(count), "secret/of+" + name + std::to_string(count),
               "token/of+" + name + "==", arn.substr(13, 12), arn};
    server.add_key(key);
    std::string credentials =
        element("AccessKeyId", key.id) + element("SecretAccessKey", key.secret) +
        element("SessionToken", key.session_token) +
        element("Expiration", iso_time(static_cast<int64_t>(::time(nullptr)) + roles.lasts_s));
    return {response(ask.operation, element("Credentials", credentials))};
  }

  AwsAnswer assume(const AwsAsk& ask) {
    auto role = roles.external_ids.find(field(ask, "RoleArn"));
    std::string who = ask.key.arn.empty() ? "arn:aws:iam::" + ask.key.account + ":user/test" : ask.key.arn;
    if (role == roles.external_ids.end() || role->second != field(ask, "ExternalId") ||
        field(ask, "RoleSessionName").empty())
      return aws_error("AccessDenied",
                       "User: " + who + " is not authorized to perform: sts:AssumeRole on resource: " +
                           field(ask, "RoleArn"),
                       403);
    return give(ask);
  }

  AwsAnswer by_token(const AwsAsk& ask) {
    if (roles.web_identity.empty() || field(ask, "WebIdentityToken") != roles.web_identity)
      return aws_error("InvalidIdentityToken",
                       "The token " + field(ask, "WebIdentityToken") + " is not valid");
    return give(ask);
  }
};

}  // namespace

void serve_sts(AwsServer& server, AwsRoles roles) {
  auto sts = std::make_shared<Sts>(server, std::move(roles));
  server.handle("sts", "GetCallerIdentity", [](const AwsAsk& ask) {
    std::string arn = ask.key.arn.empty() ? "arn:aws:iam::" + ask.key.account + ":user/test" : ask.key.arn;
    return AwsAnswer{response(ask.operation, element("Arn", arn) + element("UserId", ask.key.id) +
                                                 element("Account", ask.key.account))};
  });
  server.handle("sts", "AssumeRole", [sts](const AwsAsk& ask) { return sts->assume(ask); });
  server.handle_unsigned("AssumeRoleWithWebIdentity",
                         [sts](const AwsAsk& ask) { return sts->by_token(ask); });
}

}  // namespace assay::farm
