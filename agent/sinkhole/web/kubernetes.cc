// The API server of the persona's cluster: whoever asks may do anything. Lists name a few things that a thief
// would want; what is created is taken, and told as any request is.
#include <array>
#include <nlohmann/json.hpp>

#include "agent/lure/encodings.h"
#include "agent/lure/places.h"
#include "agent/sinkhole/web/services.h"
#include "common/ascii.h"

namespace assay::sinkhole {
namespace {

using Json = nlohmann::ordered_json;

constexpr uint32_t kApiAddress = 0x0a600001;  // lure::kClusterAddress
constexpr uint16_t kApiPort = 6443;

struct Kind {
  std::string_view group, plural, kind;
  bool namespaced;
};
constexpr std::array kKinds = {
    Kind{"v1", "configmaps", "ConfigMap", true},
    Kind{"v1", "events", "Event", true},
    Kind{"v1", "namespaces", "Namespace", false},
    Kind{"v1", "nodes", "Node", false},
    Kind{"v1", "pods", "Pod", true},
    Kind{"v1", "secrets", "Secret", true},
    Kind{"v1", "serviceaccounts", "ServiceAccount", true},
    Kind{"v1", "services", "Service", true},
    Kind{"apps/v1", "daemonsets", "DaemonSet", true},
    Kind{"apps/v1", "deployments", "Deployment", true},
    Kind{"apps/v1", "replicasets", "ReplicaSet", true},
    Kind{"apps/v1", "statefulsets", "StatefulSet", true},
    Kind{"authorization.k8s.io/v1", "selfsubjectaccessreviews", "SelfSubjectAccessReview", false},
    Kind{"authorization.k8s.io/v1", "selfsubjectrulesreviews", "SelfSubjectRulesReview", false},
    Kind{"authentication.k8s.io/v1", "selfsubjectreviews", "SelfSubjectReview", false},
    Kind{"batch/v1", "cronjobs", "CronJob", true},
    Kind{"batch/v1", "jobs", "Job", true},
    Kind{"rbac.authorization.k8s.io/v1", "clusterrolebindings", "ClusterRoleBinding", false},
    Kind{"rbac.authorization.k8s.io/v1", "clusterroles", "ClusterRole", false},
    Kind{"rbac.authorization.k8s.io/v1", "rolebindings", "RoleBinding", true},
    Kind{"rbac.authorization.k8s.io/v1", "roles", "Role", true},
};

// What a path names: /api/v1/namespaces/NAMESPACE/PLURAL/NAME/SUB, or below /apis/GROUP/VERSION.
struct Target {
  std::string group, space, plural, name, sub;
};

Target parse(const std::vector<std::string_view>& parts) {
  Target out;
  size_t at = parts[0] == "api" ? 1 : 2;
  if (parts.size() > at)
    out.group =
        parts[0] == "api" ? std::string(parts[1]) : std::string(parts[1]) + "/" + std::string(parts[2]);
  ++at;
  // "namespaces/NAME" alone is the namespace itself.
  if (parts.size() > at + 2 && parts[at] == "namespaces") {
    out.space = parts[at + 1];
    at += 2;
  }
  if (parts.size() > at) out.plural = parts[at];
  if (parts.size() > at + 1) out.name = parts[at + 1];
  if (parts.size() > at + 2) out.sub = parts[at + 2];
  return out;
}

const Kind* kind_of(const Target& target) {
  for (const Kind& kind : kKinds)
    if (kind.group == target.group && kind.plural == target.plural) return &kind;
  return nullptr;
}

Json metadata(const std::string& name, const std::string& space, const Moment& moment) {
  lure::Draw draw(moment.scene.lures.seed, "kubernetes " + space + "/" + name);
  Json out = {{"name", name}};
  if (!space.empty()) out["namespace"] = space;
  out["uid"] = draw.uuid();
  out["resourceVersion"] = draw.digits(8);
  out["creationTimestamp"] =
      iso_time(moment.unix_seconds() - static_cast<int64_t>(86'400 + draw.below(5'000'000)));
  return out;
}

Json status(int code, const std::string& state, const std::string& reason, const std::string& message) {
  return {{"kind", "Status"}, {"apiVersion", "v1"}, {"metadata", Json::object()},
          {"status", state},  {"message", message}, {"reason", reason},
          {"code", code}};
}

Json pods(Moment& moment) {
  Json out = Json::array();
  for (const char* name : {"api-6f7c9d5b8-x2klm", "postgres-0", "worker-58d9c7b6f4-q8zt7"}) {
    Json meta = metadata(name, lure::kNamespace, moment);
    Json container = {{"name", "main"},
                      {"image", "registry." + lure::domain(moment.scene.lures.seed) + "/platform:release"}};
    out.push_back({{"metadata", meta},
                   {"spec",
                    {{"containers", Json::array({container})},
                     {"nodeName", "ip-10-0-12-87.ec2.internal"},
                     {"serviceAccountName", "default"}}},
                   {"status", {{"phase", "Running"}, {"hostIP", "10.0.12.87"}, {"podIP", "10.244.1.17"}}}});
  }
  return out;
}

// Both hold a honeytoken.
Json secrets(Moment& moment) {
  Json out = Json::array();
  if (const lure::Token* password = hand_out(lure::kKubernetesSecrets, moment, "database_password"))
    out.push_back({{"metadata", metadata("postgres-credentials", lure::kNamespace, moment)},
                   {"data", {{"username", lure::base64("app")}, {"password", lure::base64(password->text)}}},
                   {"type", "Opaque"}});
  if (const lure::Token* account = hand_out(lure::kKubernetesSecrets, moment, "kubernetes_token")) {
    Json meta = metadata("cluster-admin-token", lure::kNamespace, moment);
    meta["annotations"] = {{"kubernetes.io/service-account.name", "cluster-admin"}};
    out.push_back({{"metadata", meta},
                   {"data",
                    {{"ca.crt", lure::base64(moment.scene.lures.authority_cert)},
                     {"namespace", lure::base64(lure::kNamespace)},
                     {"token", lure::base64(account->text)}}},
                   {"type", "kubernetes.io/service-account-token"}});
  }
  return out;
}

Json items(const Kind& kind, Moment& moment) {
  if (kind.kind == "Pod") return pods(moment);
  if (kind.kind == "Secret") return secrets(moment);
  std::vector<std::string> names;
  if (kind.kind == "Namespace") names = {"default", "kube-system", lure::kNamespace};
  if (kind.kind == "Node") names = {"ip-10-0-12-87.ec2.internal", "ip-10-0-12-91.ec2.internal"};
  if (kind.kind == "ServiceAccount") names = {"default", "cluster-admin"};
  if (kind.kind == "ConfigMap") names = {"kube-root-ca.crt"};
  Json out = Json::array();
  for (const std::string& name : names)
    out.push_back({{"metadata", metadata(name, kind.namespaced ? lure::kNamespace : "", moment)}});
  return out;
}

WebAnswer get(const Target& target, const Kind& kind, Moment& moment) {
  Json all = items(kind, moment);
  if (target.name.empty())
    return json_answer({{"kind", std::string(kind.kind) + "List"},
                        {"apiVersion", kind.group},
                        {"metadata", {{"resourceVersion", "48213377"}}},
                        {"items", all}});
  if (target.sub == "log") return text_answer("listening on :8080\n");
  for (Json& item : all) {
    if (item["metadata"]["name"] != target.name) continue;
    item["kind"] = kind.kind;
    item["apiVersion"] = kind.group;
    return json_answer(item);
  }
  return json_answer(
      status(404, "Failure", "NotFound", std::string(kind.plural) + " \"" + target.name + "\" not found"),
      404);
}

// What was sent comes back as what now exists.
WebAnswer create(const Target& target, const Kind* kind, const WebRequest& request, Moment& moment,
                 int code) {
  Json object = parse_object(request.body);
  if (!object.contains("apiVersion")) object["apiVersion"] = target.group;
  if (!object.contains("kind") && kind) object["kind"] = kind->kind;
  std::string name = target.name;
  if (name.empty() && object.contains("metadata") && object["metadata"].is_object())
    name = object["metadata"].value("name", Json("")).is_string() ? object["metadata"].value("name", "") : "";
  Json meta =
      metadata(name.empty() ? "created-" + hex_id(moment.scene, "created", 5) : name, target.space, moment);
  meta["creationTimestamp"] = iso_time(moment.unix_seconds());
  if (!object.contains("metadata") || !object["metadata"].is_object()) object["metadata"] = Json::object();
  object["metadata"].update(meta);
  if (target.plural == "selfsubjectaccessreviews")
    object["status"] = {{"allowed", true},
                        {"reason", "RBAC: allowed by ClusterRoleBinding \"cluster-admins\""}};
  if (target.plural == "selfsubjectrulesreviews")
    object["status"] = {
        {"resourceRules", Json::array({{{"verbs", {"*"}}, {"apiGroups", {"*"}}, {"resources", {"*"}}}})},
        {"nonResourceRules", Json::array({{{"verbs", {"*"}}, {"nonResourceURLs", {"*"}}}})},
        {"incomplete", false}};
  if (target.plural == "selfsubjectreviews")
    object["status"] = {{"userInfo",
                         {{"username", "system:serviceaccount:" + std::string(lure::kNamespace) + ":default"},
                          {"groups", {"system:serviceaccounts", "system:masters"}}}}};
  if (target.plural == "serviceaccounts" && target.sub == "token")
    if (const lure::Token* token = hand_out(lure::kKubernetesSecrets, moment, "kubernetes_token"))
      object["status"] = {{"token", token->text},
                          {"expirationTimestamp", iso_time(moment.unix_seconds() + 3600)}};
  return json_answer(object, code);
}

std::optional<WebAnswer> discover(const std::vector<std::string_view>& parts, const std::string& host) {
  const std::string first(parts[0]);
  if (first == "version")
    return json_answer({{"major", "1"},
                        {"minor", "29"},
                        {"gitVersion", "v1.29.7"},
                        {"gitTreeState", "clean"},
                        {"goVersion", "go1.22.5"},
                        {"compiler", "gc"},
                        {"platform", "linux/amd64"}});
  if (first == "healthz" || first == "readyz" || first == "livez") return text_answer("ok");
  if (first == "api" && parts.size() == 1)
    return json_answer({{"kind", "APIVersions"},
                        {"versions", {"v1"}},
                        {"serverAddressByClientCIDRs",
                         Json::array({{{"clientCIDR", "0.0.0.0/0"}, {"serverAddress", host + ":443"}}})}});
  if (first == "apis" && parts.size() == 1) {
    Json groups = Json::array();
    std::string last;
    for (const Kind& kind : kKinds) {
      size_t slash = kind.group.find('/');
      if (slash == std::string_view::npos || kind.group == last) continue;
      last = kind.group;
      Json version = {{"groupVersion", last}, {"version", last.substr(slash + 1)}};
      groups.push_back({{"name", last.substr(0, slash)},
                        {"versions", Json::array({version})},
                        {"preferredVersion", version}});
    }
    return json_answer({{"kind", "APIGroupList"}, {"apiVersion", "v1"}, {"groups", groups}});
  }
  bool group_alone = (first == "api" && parts.size() == 2) || (first == "apis" && parts.size() == 3);
  if (!group_alone) return std::nullopt;
  const std::string group =
      first == "api" ? std::string(parts[1]) : std::string(parts[1]) + "/" + std::string(parts[2]);
  Json resources = Json::array();
  for (const Kind& kind : kKinds)
    if (kind.group == group)
      resources.push_back({{"name", kind.plural},
                           {"singularName", ascii_lower(kind.kind)},
                           {"namespaced", kind.namespaced},
                           {"kind", kind.kind},
                           {"verbs", {"create", "delete", "get", "list", "patch", "update", "watch"}}});
  return json_answer({{"kind", "APIResourceList"}, {"groupVersion", group}, {"resources", resources}});
}

}  // namespace

std::optional<WebAnswer> answer_kubernetes(const WebRequest& request, Moment& moment) {
  const Peer& peer = moment.peer;
  const std::string host = ascii_lower(request.host);
  if (peer.dst.as_v4() != kApiAddress && peer.dst_port != kApiPort && host != lure::kClusterAddress &&
      host != "kubernetes" && !host.starts_with("kubernetes.default") &&
      host != "k8s." + lure::domain(moment.scene.lures.seed))
    return std::nullopt;
  auto parts = path_parts(request.path);
  if (parts.empty()) return json_answer({{"paths", {"/api", "/api/v1", "/apis", "/healthz", "/version"}}});
  if (auto found = discover(parts, host)) return found;
  if (parts[0] != "api" && parts[0] != "apis")
    return json_answer(status(404, "Failure", "NotFound", "the server could not find the requested resource"),
                       404);
  Target target = parse(parts);
  const Kind* kind = kind_of(target);
  if (request.method == "POST") return create(target, kind, request, moment, 201);
  if (request.method == "PUT" || request.method == "PATCH") return create(target, kind, request, moment, 200);
  if (request.method == "DELETE") return json_answer(status(200, "Success", "", ""));
  if (!kind)
    return json_answer(status(404, "Failure", "NotFound", "the server could not find the requested resource"),
                       404);
  return get(target, *kind, moment);
}

}  // namespace assay::sinkhole
