// How each honeytoken is written down. Files are valid and do no harm to the programs that read them: they
// name hosts that nobody asks for, and set nothing but a credential.
#include <nlohmann/json.hpp>

#include "agent/lure/encodings.h"
#include "agent/lure/places.h"
#include "agent/lure/ssh_key.h"
#include "agent/lure/tokens.h"

namespace assay::lure {
namespace {

using Json = nlohmann::ordered_json;

constexpr size_t kPasswordChars = 24;
constexpr std::string_view kLettersAndDigits = kBase62;
constexpr int64_t kHour = 3600, kDay = 24 * kHour;

void take(Token& token, std::string text, std::vector<std::string> values) {
  token.text = std::move(text);
  token.values = std::move(values);
}

// A secret that is nothing but a prefix and random characters.
void take_whole(Token& token, std::string secret) {
  token.text = secret;
  token.values = {std::move(secret)};
}

std::string service_account(Draw& draw, const Context& context, const std::string& name, int64_t lifetime) {
  int64_t issued = context.setting.unix_seconds - static_cast<int64_t>(draw.below(kHour));
  std::string issuer = "https://kubernetes.default.svc.cluster.local", space = kNamespace;
  std::string pod = context.setting.hostname;
  Json bound = {{"namespace", space}};
  if (!pod.empty()) {
    bound["node"] = {{"name", "ip-10-0-12-" + std::to_string(4 + draw.below(250)) + ".ec2.internal"},
                     {"uid", draw.uuid()}};
    bound["pod"] = {{"name", pod}, {"uid", draw.uuid()}};
  }
  bound["serviceaccount"] = {{"name", name}, {"uid", draw.uuid()}};
  bound["warnafter"] = issued + kHour + 7;
  Json header = {{"alg", "RS256"}, {"kid", base64_url(draw.bytes(32))}};
  Json claims = {{"aud", Json::array({issuer})},
                 {"exp", issued + lifetime},
                 {"iat", issued},
                 {"iss", issuer},
                 {"jti", draw.uuid()},
                 {"kubernetes.io", bound},
                 {"nbf", issued},
                 {"sub", "system:serviceaccount:" + space + ":" + name}};
  return jwt(draw, header.dump(), claims.dump());
}

std::string azure_access(Draw& draw, const Context& context) {
  int64_t issued = context.setting.unix_seconds - static_cast<int64_t>(draw.below(kHour));
  std::string tenant = Draw(context.seed, "azure tenant").uuid();
  Json header = {{"typ", "JWT"}, {"alg", "RS256"}, {"kid", base64_url(draw.bytes(20))}};
  Json claims = {{"aud", "https://management.azure.com/"},
                 {"iss", "https://sts.windows.net/" + tenant + "/"},
                 {"iat", issued},
                 {"nbf", issued},
                 {"exp", issued + kDay},
                 {"appid", draw.uuid()},
                 {"idtyp", "app"},
                 {"oid", draw.uuid()},
                 {"tid", tenant},
                 {"ver", "1.0"}};
  return jwt(draw, header.dump(), claims.dump());
}

}  // namespace

void write_aws_credentials(Draw& draw, const Context& context, Token& token) {
  write_aws_secret(draw, context, token);
  token.text = "[default]\naws_access_key_id = " + token.values[0] +
               "\naws_secret_access_key = " + token.values[1] + "\n";
}

void write_ssh_key(Draw&, const Context& context, Token& token) {
  SshKey key = draw_ssh_key(context.seed, token.id);
  take(token, key.private_text, key.secret_parts);
}

void write_npmrc(Draw& draw, const Context& context, Token& token) {
  std::string secret = checked_token(draw, "npm_"), host = "npm." + domain(context.seed);
  take(token,
       "@" + company(context.seed) + ":registry=https://" + host + "/\n//" + host + "/:_authToken=" + secret +
           "\n",
       {secret});
}

void write_pypirc(Draw& draw, const Context&, Token& token) {
  std::string secret = pypi_token(draw);
  take(token,
       "[distutils]\nindex-servers =\n    pypi\n\n[pypi]\nusername = __token__\npassword = " + secret + "\n",
       {secret.substr(secret.size() - 42)});
}

void write_netrc(Draw& draw, const Context& context, Token& token) {
  std::string password = draw.of(kLettersAndDigits, kPasswordChars);
  take(token, "machine artifacts." + domain(context.seed) + "\n  login deploy\n  password " + password + "\n",
       {password});
}

void write_git_credentials(Draw& draw, const Context& context, Token& token) {
  std::string secret = checked_token(draw, "ghp_");
  take(token, "https://" + company(context.seed) + "-deploy:" + secret + "@github.com\n", {secret});
}

void write_kube_config(Draw& draw, const Context& context, Token& token) {
  std::string secret = service_account(draw, context, "deployer", 365 * kDay);
  std::string cluster = company(context.seed) + "-prod";
  take(token,
       "apiVersion: v1\nkind: Config\nclusters:\n- name: " + cluster +
           "\n  cluster:\n    insecure-skip-tls-verify: true\n    server: https://k8s." +
           domain(context.seed) + ":6443\ncontexts:\n- name: " + cluster + "\n  context:\n    cluster: " +
           cluster + "\n    user: deployer\n    namespace: " + kNamespace + "\ncurrent-context: " + cluster +
           "\nusers:\n- name: deployer\n  user:\n    token: " + secret + "\n",
       {jwt_signature(secret)});
}

void write_docker_config(Draw& draw, const Context& context, Token& token) {
  std::string secret = "dckr_pat_" + draw.of(kLettersAndDigits, 27);
  std::string user = company(context.seed), auth = base64(user + ":" + secret);
  Json config = {{"auths", {{"registry." + domain(context.seed), {{"auth", auth}}}}}};
  // Further encodings of the file are of its base64.
  size_t random_from = (user.size() + 1 + 9 + 2) * 4 / 3;
  take(token, config.dump(1, '\t') + "\n", {secret, auth.substr(random_from)});
}

void write_gcloud(Draw& draw, const Context&, Token& token) {
  std::string refresh = draw.of(kBase64Url, 100);
  Json file = {{"account", ""},
               {"client_id", draw.digits(12) + "-" + draw.of("abcdefghijklmnopqrstuvwxyz0123456789", 32) +
                                 ".apps.googleusercontent.com"},
               {"client_secret", "GOCSPX-" + draw.of(kBase64Url, 28)},
               {"quota_project_id", "prod-" + draw.digits(6)},
               {"refresh_token", "1//0" + refresh},
               {"type", "authorized_user"},
               {"universe_domain", "googleapis.com"}};
  take(token, file.dump(2) + "\n", {refresh, file["client_secret"].get<std::string>().substr(7)});
}

void write_azure(Draw& draw, const Context& context, Token& token) {
  std::string access = azure_access(draw, context), refresh = draw.of(kBase64Url, 200);
  std::string account = draw.uuid() + "." + Draw(context.seed, "azure tenant").uuid();
  std::string at = std::to_string(context.setting.unix_seconds - kHour);
  Json file = {{"AccessToken",
                {{account + "-login.microsoftonline.com-accesstoken",
                  {{"credential_type", "AccessToken"},
                   {"secret", access},
                   {"home_account_id", account},
                   {"cached_at", at}}}}},
               {"RefreshToken",
                {{account + "-login.microsoftonline.com-refreshtoken",
                  {{"credential_type", "RefreshToken"},
                   {"secret", "1.AX0A" + refresh},
                   {"home_account_id", account}}}}}};
  take(token, file.dump(2) + "\n", {refresh, jwt_signature(access)});
}

void write_gh_hosts(Draw& draw, const Context& context, Token& token) {
  std::string secret = checked_token(draw, "gho_"), user = company(context.seed) + "-deploy";
  take(token,
       "github.com:\n    users:\n        " + user + ":\n            oauth_token: " + secret +
           "\n    git_protocol: https\n    oauth_token: " + secret + "\n    user: " + user + "\n",
       {secret});
}

void write_glab(Draw& draw, const Context& context, Token& token) {
  std::string secret = "glpat-" + draw.of(kBase64Url, 20), host = "gitlab." + domain(context.seed);
  take(token,
       "git_protocol: https\nhosts:\n    " + host + ":\n        token: " + secret +
           "\n        api_host: " + host + "\n        api_protocol: https\n        user: deploy\n",
       {secret});
}

void write_pgpass(Draw& draw, const Context& context, Token& token) {
  std::string password = draw.of(kLettersAndDigits, kPasswordChars);
  take(token, "db." + domain(context.seed) + ":5432:*:app:" + password + "\n", {password});
}

void write_vault_token(Draw& draw, const Context&, Token& token) {
  std::string random = draw.of(kBase64Url, 86);
  take(token, "hvs.CAESI" + random, {random});
}

void write_terraform(Draw& draw, const Context& context, Token& token) {
  std::string random = draw.of(kLettersAndDigits, 67);
  Json file = {{"credentials",
                {{"terraform." + domain(context.seed),
                  {{"token", draw.of(kLettersAndDigits, 14) + ".atlasv1." + random}}}}}};
  take(token, file.dump(2) + "\n", {random});
}

void write_service_account(Draw& draw, const Context& context, Token& token) {
  std::string secret = service_account(draw, context, "default", 365 * kDay);
  take(token, secret, {jwt_signature(secret)});
}

void write_github_token(Draw& draw, const Context&, Token& token) {
  take_whole(token, checked_token(draw, "ghs_"));
}

void write_npm_token(Draw& draw, const Context&, Token& token) {
  take_whole(token, checked_token(draw, "npm_"));
}

void write_pypi_token(Draw& draw, const Context&, Token& token) {
  std::string secret = pypi_token(draw);
  take(token, secret, {secret.substr(secret.size() - 42)});
}

void write_gitlab_job(Draw& draw, const Context&, Token& token) {
  take_whole(token, "glcbt-64_" + draw.of(kBase64Url, 20));
}

void write_slack_bot(Draw& draw, const Context&, Token& token) {
  take_whole(token, "xoxb-" + draw.digits(12) + "-" + draw.digits(13) + "-" + draw.of(kLettersAndDigits, 24));
}

void write_aws_secret(Draw& draw, const Context&, Token& token) {
  std::string id = aws_key_id(draw, "AKIA"), secret = draw.of(kBase64, 40);
  take(token, secret, {id, secret});
}

void write_aws_session(Draw& draw, const Context&, Token& token) {
  std::string id = aws_key_id(draw, "ASIA"), secret = draw.of(kBase64, 40);
  std::string session = draw.of(kBase64, 400);
  take(token, "IQoJb3JpZ2luX2VjE" + session, {id, secret, session});
}

void write_gcp_access(Draw& draw, const Context&, Token& token) {
  std::string random = draw.of(kBase64Url, 200);
  take(token, "ya29.c.c0AY_Vp" + random, {random});
}

void write_azure_access(Draw& draw, const Context& context, Token& token) {
  std::string secret = azure_access(draw, context);
  take(token, secret, {jwt_signature(secret)});
}

void write_password(Draw& draw, const Context&, Token& token) {
  take_whole(token, draw.of(kLettersAndDigits, kPasswordChars));
}

}  // namespace assay::lure
