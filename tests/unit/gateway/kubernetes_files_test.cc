// docs/kubernetes: manifests that an API server would take (by the fields of admissionregistration.k8s.io/v1,
// kubernetes.io/docs/reference/kubernetes-api/extend-resources/validating-webhook-configuration-v1), and that
// fit together: a webhook that nobody answers would stop a cluster.
#include <gtest/gtest.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <boost/program_options.hpp>
#include <map>
#include <set>
#include <sstream>

#include "gateway/config.h"
#include "gateway/routes.h"

namespace assay::gateway {
namespace {

std::string file(const std::string& name) {
  return std::string(ASSAY_SOURCE_DIR) + "/docs/kubernetes/" + name;
}

std::set<std::string> keys(const YAML::Node& node) {
  std::set<std::string> out;
  for (const auto& entry : node) out.insert(entry.first.as<std::string>());
  return out;
}
std::set<std::string> words(const YAML::Node& node) {
  std::set<std::string> out;
  for (const auto& item : node) out.insert(item.as<std::string>());
  return out;
}
using Words = std::set<std::string>;

class Webhook : public testing::TestWithParam<const char*> {
 protected:
  YAML::Node root_ = YAML::LoadFile(file(GetParam()));
  YAML::Node hook_ = root_["webhooks"][0];
};

TEST_P(Webhook, HasTheFieldsThatItsKindHas) {
  EXPECT_EQ(root_["apiVersion"].as<std::string>(), "admissionregistration.k8s.io/v1");
  EXPECT_EQ(root_["kind"].as<std::string>(), "ValidatingWebhookConfiguration");
  EXPECT_EQ(keys(root_), (Words{"apiVersion", "kind", "metadata", "webhooks"}));
  ASSERT_EQ(root_["webhooks"].size(), 1u);
  EXPECT_EQ(keys(hook_),
            (Words{"name", "admissionReviewVersions", "clientConfig", "rules", "namespaceSelector",
                   "sideEffects", "matchPolicy", "timeoutSeconds", "failurePolicy"}));
  // "Required, must be fully qualified": three labels at least.
  auto name = hook_["name"].as<std::string>();
  EXPECT_GE(std::count(name.begin(), name.end(), '.'), 2);
  EXPECT_EQ(words(hook_["admissionReviewVersions"]), Words{"v1"});
  EXPECT_EQ(hook_["sideEffects"].as<std::string>(), "NoneOnDryRun");  // v1 takes this and None
  EXPECT_EQ(hook_["matchPolicy"].as<std::string>(), "Equivalent");
  EXPECT_EQ(hook_["failurePolicy"].as<std::string>(), "Fail");
  EXPECT_GE(hook_["timeoutSeconds"].as<int>(), 1);
  EXPECT_LE(hook_["timeoutSeconds"].as<int>(), 30);
  for (const auto& expression : hook_["namespaceSelector"]["matchExpressions"]) {
    EXPECT_EQ(keys(expression), (Words{"key", "operator", "values"}));
    EXPECT_EQ(expression["operator"].as<std::string>(), "NotIn");
    EXPECT_TRUE(words(expression["values"]).contains("kube-system"));
  }
}

TEST_P(Webhook, AsksWhereTheGatewayAnswers) {
  YAML::Node client = hook_["clientConfig"];
  std::string path;
  if (client["url"]) {
    EXPECT_EQ(keys(client), (Words{"url", "caBundle"}));
    auto url = client["url"].as<std::string>();
    EXPECT_TRUE(url.starts_with("https://"));
    EXPECT_EQ(url.find_first_of("?#@"), std::string::npos);
    path = url.substr(url.find('/', 8));
  } else {
    EXPECT_EQ(keys(client), (Words{"service", "caBundle"}));
    EXPECT_EQ(keys(client["service"]), (Words{"namespace", "name", "path", "port"}));
    path = client["service"]["path"].as<std::string>();
  }
  EXPECT_NE(match("POST", path).route, nullptr) << path;
}

// Whatever the gateway judges it is asked about, and nothing else.
TEST_P(Webhook, RulesNameWhatIsJudged) {
  std::map<std::string, Words> asked;
  for (const auto& rule : hook_["rules"]) {
    EXPECT_EQ(keys(rule), (Words{"operations", "apiGroups", "apiVersions", "resources"}));
    EXPECT_EQ(words(rule["operations"]), (Words{"CREATE", "UPDATE"}));
    EXPECT_EQ(words(rule["apiVersions"]), Words{"v1"});
    ASSERT_EQ(rule["apiGroups"].size(), 1u);
    asked[rule["apiGroups"][0].as<std::string>()] = words(rule["resources"]);
  }
  EXPECT_EQ(asked, (std::map<std::string, Words>{
                       {"", {"pods", "pods/ephemeralcontainers", "podtemplates", "replicationcontrollers"}},
                       {"apps", {"deployments", "statefulsets", "daemonsets", "replicasets"}},
                       {"batch", {"jobs", "cronjobs"}}}));
}

INSTANTIATE_TEST_SUITE_P(Files, Webhook, testing::Values("webhook.yaml", "webhook-url.yaml"),
                         [](const auto& file_of) { return file_of.index == 0 ? "Service" : "Url"; });

class GatewayFile : public testing::Test {
 protected:
  void SetUp() override {
    for (const YAML::Node& node : YAML::LoadAllFromFile(file("gateway.yaml"))) {
      EXPECT_EQ(node["metadata"]["namespace"].as<std::string>(), "assay");
      EXPECT_EQ(node["metadata"]["name"].as<std::string>(), "assay-gateway");
      parts_[node["apiVersion"].as<std::string>() + " " + node["kind"].as<std::string>()] = node;
    }
  }
  std::map<std::string, YAML::Node> parts_;
};

TEST_F(GatewayFile, IsAServiceInFrontOfItsPods) {
  Words kinds;
  for (const auto& [kind, node] : parts_) kinds.insert(kind);
  EXPECT_EQ(kinds,
            (Words{"v1 ConfigMap", "apps/v1 Deployment", "v1 Service", "policy/v1 PodDisruptionBudget"}));
  YAML::Node deployment = parts_["apps/v1 Deployment"]["spec"], pod = deployment["template"];
  auto labels = [](const YAML::Node& node) { return node.as<std::map<std::string, std::string>>(); };
  auto own = labels(pod["metadata"]["labels"]);
  EXPECT_EQ(labels(deployment["selector"]["matchLabels"]), own);
  EXPECT_EQ(labels(parts_["v1 Service"]["spec"]["selector"]), own);
  EXPECT_EQ(labels(parts_["policy/v1 PodDisruptionBudget"]["spec"]["selector"]["matchLabels"]), own);
  // The webhook's service and port are this one's.
  YAML::Node asked = YAML::LoadFile(file("webhook.yaml"))["webhooks"][0]["clientConfig"]["service"];
  EXPECT_EQ(asked["name"].as<std::string>(), "assay-gateway");
  EXPECT_EQ(asked["namespace"].as<std::string>(), "assay");
  EXPECT_EQ(asked["port"].as<int>(), parts_["v1 Service"]["spec"]["ports"][0]["port"].as<int>());
  EXPECT_EQ(parts_["v1 Service"]["spec"]["ports"][0]["targetPort"].as<std::string>(),
            pod["spec"]["containers"][0]["ports"][0]["name"].as<std::string>());
  EXPECT_FALSE(pod["spec"]["automountServiceAccountToken"].as<bool>());
}

TEST_F(GatewayFile, MountsWhatItsOptionsName) {
  namespace po = boost::program_options;
  po::options_description options;
  describe(options);
  po::variables_map map;
  std::istringstream text(parts_["v1 ConfigMap"]["data"]["assay-gateway.conf"].as<std::string>());
  po::store(po::parse_config_file(text, options), map);  // throws where there is no such option
  auto settings = read_settings(map);
  ASSERT_TRUE(settings) << settings.error().what;
  YAML::Node spec = parts_["apps/v1 Deployment"]["spec"]["template"]["spec"],
             container = spec["containers"][0];
  Words volumes, mounted;
  std::string places;
  for (const auto& volume : spec["volumes"]) volumes.insert(volume["name"].as<std::string>());
  for (const auto& mount : container["volumeMounts"]) {
    mounted.insert(mount["name"].as<std::string>());
    places += " " + mount["mountPath"].as<std::string>() + "/";
  }
  EXPECT_EQ(volumes, mounted);
  std::vector<std::string> named = {settings->http.tls->certificate, settings->http.tls->key,
                                    settings->farm.token_file, container["command"][2].as<std::string>()};
  named.insert(named.end(), settings->policy_files.begin(), settings->policy_files.end());
  for (const std::string& path : named)
    EXPECT_NE(places.find(" " + path.substr(0, path.rfind('/') + 1)), std::string::npos)
        << path << " in" << places;
  EXPECT_EQ(settings->http.port, container["ports"][0]["containerPort"].as<int>());
  for (const char* probe : {"readinessProbe", "livenessProbe"})
    EXPECT_NE(match("GET", container[probe]["httpGet"]["path"].as<std::string>()).route, nullptr);
}

}  // namespace
}  // namespace assay::gateway
