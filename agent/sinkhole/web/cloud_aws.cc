// IMDSv1 and v2 at once: a token is given out, and whoever shows none is answered all the same, as on
// machines whose "HttpTokens" is "optional".
#include <array>
#include <nlohmann/json.hpp>

#include "agent/lure/encodings.h"
#include "agent/lure/places.h"
#include "agent/sinkhole/web/cloud_metadata.h"
#include "agent/sinkhole/web/services.h"

namespace assay::sinkhole {
namespace {

using Json = nlohmann::ordered_json;

constexpr int64_t kLifetime = 6 * 3600;
constexpr std::string_view kTtl = "x-aws-ec2-metadata-token-ttl-seconds";

std::string role(const Scene& scene) { return lure::company(scene.lures.seed) + "-node-role"; }
std::string instance_id(const Scene& scene) { return "i-0" + hex_id(scene, "instance", 16); }
std::string image_id(const Scene& scene) { return "ami-0" + hex_id(scene, "ami", 16); }
std::string mac(const Scene& scene) {
  std::string hex = "06" + hex_id(scene, "mac", 10);
  for (size_t at : {10u, 8u, 6u, 4u, 2u}) hex.insert(at, ":");
  return hex;
}

// 40 bytes, the first of which are the same in all of them.
std::string imds_token(const Scene& scene) {
  return lure::base64_url(std::string("\x01\x00\x04\x00", 4) + lure::derive(scene.lures.seed, "imds", 36)) +
         "==";
}

std::string account(const Scene& scene) {
  const lure::Token* token = scene.lures.at(lure::kInstanceCredentials);
  return token ? lure::aws_account(token->values[0]) : "210987654321";
}

Json credentials(const lure::Token& token, const Moment& moment) {
  int64_t now = moment.unix_seconds();
  return {{"Code", "Success"},
          {"LastUpdated", iso_time(now - now % 1800)},
          {"Type", "AWS-HMAC"},
          {"AccessKeyId", token.values[0]},
          {"SecretAccessKey", token.values[1]},
          {"Token", token.text},
          {"Expiration", iso_time(now - now % 1800 + kLifetime)}};
}

Json identity(const Scene& scene, const Moment& moment) {
  return {{"accountId", account(scene)},      {"architecture", "x86_64"},
          {"availabilityZone", "us-east-1b"}, {"billingProducts", nullptr},
          {"imageId", image_id(scene)},       {"instanceId", instance_id(scene)},
          {"instanceType", "m5.xlarge"},      {"pendingTime", iso_time(moment.unix_seconds() - 86'400 * 9)},
          {"privateIp", "10.0.12.87"},        {"region", "us-east-1"},
          {"version", "2017-09-30"}};
}

struct Leaf {
  std::string_view path;  // below meta-data; a directory ends with a slash
  std::string (*value)(const Scene&);
};
#define ASSAY_FIXED(text) [](const Scene&) -> std::string { return text; }
constexpr std::array kLeaves = {
    Leaf{"",
         ASSAY_FIXED("ami-id\nhostname\niam/\ninstance-id\ninstance-type\nlocal-hostname\nlocal-ipv4\nmac\n"
                     "network/\nplacement/\npublic-ipv4\nsecurity-groups\nservices/")},
    Leaf{"ami-id", image_id},
    Leaf{"hostname", ASSAY_FIXED("ip-10-0-12-87.ec2.internal")},
    Leaf{"local-hostname", ASSAY_FIXED("ip-10-0-12-87.ec2.internal")},
    Leaf{"iam", ASSAY_FIXED("info\nsecurity-credentials/")},
    Leaf{"iam/security-credentials", role},
    Leaf{"instance-id", instance_id},
    Leaf{"instance-type", ASSAY_FIXED("m5.xlarge")},
    Leaf{"instance-life-cycle", ASSAY_FIXED("on-demand")},
    Leaf{"local-ipv4", ASSAY_FIXED("10.0.12.87")},
    Leaf{"public-ipv4", ASSAY_FIXED("198.18.44.87")},
    Leaf{"mac", mac},
    Leaf{"network", ASSAY_FIXED("interfaces/")},
    Leaf{"network/interfaces", ASSAY_FIXED("macs/")},
    Leaf{"network/interfaces/macs", [](const Scene& scene) { return mac(scene) + "/"; }},
    Leaf{"placement", ASSAY_FIXED("availability-zone\nregion")},
    Leaf{"placement/availability-zone", ASSAY_FIXED("us-east-1b")},
    Leaf{"placement/region", ASSAY_FIXED("us-east-1")},
    Leaf{"security-groups", ASSAY_FIXED("eks-node")},
    Leaf{"services", ASSAY_FIXED("domain\npartition")},
    Leaf{"services/domain", ASSAY_FIXED("amazonaws.com")},
    Leaf{"services/partition", ASSAY_FIXED("aws")},
};
#undef ASSAY_FIXED

std::optional<WebAnswer> meta_data(std::string_view path, Moment& moment) {
  const Scene& scene = moment.scene;
  constexpr std::string_view kCredentials = "iam/security-credentials/";
  if (path.starts_with(kCredentials) && path.size() > kCredentials.size()) {
    if (path.substr(kCredentials.size()) != role(scene)) return std::nullopt;
    const lure::Token* token = hand_out(lure::kInstanceCredentials, moment);
    if (!token) return std::nullopt;
    return json_answer(credentials(*token, moment));
  }
  if (path == "iam/info")
    return json_answer(
        {{"Code", "Success"},
         {"InstanceProfileArn", "arn:aws:iam::" + account(scene) + ":instance-profile/" + role(scene)},
         {"InstanceProfileId", "AIPA" + lure::Draw(scene.lures.seed, "profile").of(lure::kBase32, 17)}});
  for (const Leaf& leaf : kLeaves)
    if (leaf.path == path) return text_answer(leaf.value(scene));
  return std::nullopt;
}

std::string user_data(const lure::Token& token, const Scene& scene) {
  return "#!/bin/bash\nset -e\nexport DB_HOST=db." + lure::domain(scene.lures.seed) +
         "\nexport DB_USER=app\nexport DB_PASSWORD='" + token.text +
         "'\n/opt/bootstrap/join-cluster.sh --profile production\n";
}

std::string joined(const std::vector<std::string_view>& parts, size_t from) {
  std::string out;
  for (size_t i = from; i < parts.size(); ++i) out.append(i > from ? "/" : "").append(parts[i]);
  return out;
}

}  // namespace

std::optional<WebAnswer> answer_aws_instance(const WebRequest& request, Moment& moment) {
  auto parts = path_parts(request.path);
  const std::string rest = joined(parts, 1);
  if (rest == "api/token") {
    if (request.method != "PUT") return text_answer("", 405);
    std::string ttl(request.header(kTtl));
    if (ttl.empty()) return text_answer("", 400);
    WebAnswer out = text_answer(imds_token(moment.scene));
    out.headers.emplace_back("X-Aws-Ec2-Metadata-Token-Ttl-Seconds", std::move(ttl));
    return out;
  }
  if (parts.empty()) return text_answer("1.0\n2021-07-15\n2023-02-15\nlatest");
  if (rest.empty()) return text_answer("dynamic\nmeta-data\nuser-data");
  if (rest == "user-data") {
    const lure::Token* token = hand_out(lure::kUserData, moment);
    if (!token) return std::nullopt;
    return text_answer(user_data(*token, moment.scene), 200, "application/octet-stream");
  }
  if (rest == "dynamic" || rest == "dynamic/instance-identity")
    return text_answer(rest == "dynamic" ? "instance-identity/" : "document\npkcs7\nsignature");
  if (rest == "dynamic/instance-identity/document") return json_answer(identity(moment.scene, moment));
  if (rest.starts_with("dynamic/instance-identity/"))
    return text_answer(lure::base64(lure::derive(moment.scene.lures.seed, rest, 128)));
  if (parts[1] == "meta-data") return meta_data(joined(parts, 2), moment);
  return std::nullopt;
}

// What the container agent serves: credentials of the task's role, and who the task is.
WebAnswer answer_aws_task(const WebRequest& request, Moment& moment) {
  const Scene& scene = moment.scene;
  auto parts = path_parts(request.path);
  const lure::Token* token = scene.lures.at(lure::kTaskCredentials);
  if (!token) return text_answer("404 page not found\n", 404);
  const std::string owner = lure::aws_account(token->values[0]);
  if (parts.size() >= 2 && parts[1] == "credentials") {
    hand_out(lure::kTaskCredentials, moment);
    Json body = credentials(*token, moment);
    for (const char* name : {"Code", "LastUpdated", "Type"}) body.erase(name);
    body["RoleArn"] = "arn:aws:iam::" + owner + ":role/" + lure::company(scene.lures.seed) + "-task-role";
    return json_answer(body);
  }
  const std::string task = "arn:aws:ecs:us-east-1:" + owner + ":task/production/" + hex_id(scene, "task", 32);
  Json container = {{"DockerId", hex_id(scene, "task", 32) + "-" + "2531612879"},
                    {"Name", "web"},
                    {"DockerName", "ecs-web-17-web"},
                    {"Image", owner + ".dkr.ecr.us-east-1.amazonaws.com/web:release"},
                    {"DesiredStatus", "RUNNING"},
                    {"KnownStatus", "RUNNING"},
                    {"Type", "NORMAL"}};
  if (parts.empty() || parts.back() != "task") return json_answer(container);
  return json_answer({{"Cluster", "production"},
                      {"TaskARN", task},
                      {"Family", "web"},
                      {"Revision", "17"},
                      {"DesiredStatus", "RUNNING"},
                      {"KnownStatus", "RUNNING"},
                      {"AvailabilityZone", "us-east-1b"},
                      {"Containers", Json::array({container})}});
}

}  // namespace assay::sinkhole
