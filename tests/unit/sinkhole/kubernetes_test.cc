// A cluster that lets its pod do anything.
#include "agent/lure/encodings.h"
#include "tests/unit/sinkhole/site_kit.h"

namespace assay::sinkhole {
namespace {

class Kubernetes : public SiteTest {
 protected:
  Answered call(const std::string& method, const std::string& path, const std::string& body = "") {
    return ask(answer_kubernetes, method, "https://kubernetes.default.svc" + path, body);
  }
};

TEST_F(Kubernetes, IsFoundByNameAddressAndPort) {
  EXPECT_TRUE(call("GET", "/version").any);
  EXPECT_FALSE(ask(answer_kubernetes, "GET", "https://example.com/version").any);
  peer_.dst = Address::v4(0x0a600001);
  EXPECT_TRUE(ask(answer_kubernetes, "GET", "https://example.com/version").any);
  peer_ = {};
  peer_.dst_port = 6443;
  EXPECT_TRUE(ask(answer_kubernetes, "GET", "https://example.com/version").any);
}

TEST_F(Kubernetes, SecretsAreHoneytokens) {
  const std::string password = "database_password:https://kubernetes.default.svc/api/v1/secrets",
                    account = "kubernetes_token:https://kubernetes.default.svc/api/v1/secrets";
  auto list = call("GET", "/api/v1/namespaces/production/secrets").json();
  EXPECT_EQ(tokens(), "served " + password + "\nserved " + account + "\n");
  ASSERT_EQ(list["items"].size(), 2u);
  EXPECT_EQ(list["kind"], "SecretList");
  EXPECT_EQ(list["items"][0]["data"]["password"], lure::base64(token(password).text));
  EXPECT_EQ(list["items"][1]["data"]["token"], lure::base64(token(account).text));
  auto one = call("GET", "/api/v1/namespaces/production/secrets/postgres-credentials").json();
  EXPECT_EQ(one["kind"], "Secret");
  EXPECT_EQ(call("GET", "/api/v1/namespaces/production/secrets/none").answer.status, 404);
  tokens();
  EXPECT_EQ(call("POST", "/api/v1/namespaces/production/serviceaccounts/default/token", "{}")
                .json()["status"]["token"],
            token(account).text);
  EXPECT_EQ(tokens(), "served " + account + "\n");
}

TEST_F(Kubernetes, WhatIsCreatedExists) {
  auto made = call("POST", "/apis/batch/v1/namespaces/kube-system/cronjobs",
                   R"({"metadata":{"name":"sync","labels":{"a":"b"}},"spec":{"schedule":"* * * * *"}})");
  EXPECT_EQ(made.answer.status, 201);
  EXPECT_EQ(made.json()["kind"], "CronJob");
  EXPECT_EQ(made.json()["metadata"]["name"], "sync");
  EXPECT_EQ(made.json()["metadata"]["labels"]["a"], "b");
  EXPECT_EQ(made.json()["metadata"]["namespace"], "kube-system");
  EXPECT_TRUE(made.json()["metadata"].contains("uid"));
  EXPECT_EQ(made.json()["spec"]["schedule"], "* * * * *");
  EXPECT_EQ(call("PATCH", "/apis/apps/v1/namespaces/default/deployments/api", R"({"spec":{}})").answer.status,
            200);
  EXPECT_EQ(call("DELETE", "/api/v1/namespaces/default/pods/x").json()["status"], "Success");
}

TEST_F(Kubernetes, AllowsAnything) {
  auto review = call("POST", "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews",
                     R"({"spec":{"resourceAttributes":{"verb":"create","resource":"pods"}}})");
  EXPECT_EQ(review.json()["status"]["allowed"], true);
  EXPECT_EQ(review.json()["kind"], "SelfSubjectAccessReview");
  EXPECT_FALSE(call("POST", "/apis/authorization.k8s.io/v1/selfsubjectrulesreviews", "{}")
                   .json()["status"]["resourceRules"]
                   .empty());
}

TEST_F(Kubernetes, SaysWhatThereIs) {
  EXPECT_EQ(call("GET", "/api").json()["versions"][0], "v1");
  EXPECT_EQ(call("GET", "/apis").json()["groups"].size(), 5u);
  EXPECT_EQ(call("GET", "/apis/batch/v1").json()["resources"].size(), 2u);
  EXPECT_EQ(call("GET", "/api/v1/pods").json()["items"].size(), 3u);
  EXPECT_EQ(call("GET", "/api/v1/namespaces/production").json()["kind"], "Namespace");
  EXPECT_EQ(call("GET", "/healthz").answer.body, "ok");
  EXPECT_EQ(call("GET", "/apis/batch").answer.status, 404);
  EXPECT_EQ(call("GET", "/elsewhere").answer.status, 404);
}

TEST_F(Kubernetes, TakesNonsenseAndDeepNesting) {
  std::string deep = "{\"a\":" + std::string(1 << 20, '[') + std::string(1 << 20, ']') + "}";
  EXPECT_EQ(call("POST", "/api/v1/namespaces/default/pods", deep).answer.status, 201);
  std::string shorter = "{\"a\":" + std::string(100'000, '[') + std::string(100'000, ']') + "}";
  EXPECT_EQ(call("POST", "/api/v1/namespaces/default/pods", shorter).answer.status, 201);
  EXPECT_EQ(
      call("POST", "/api/v1/namespaces/default/pods", R"({"metadata":7,"kind":"\ud800"})").answer.status,
      201);
  EXPECT_EQ(
      call("POST", "/api/v1/namespaces/default/pods", "{\"metadata\":{\"name\":\"\xff\"}}").answer.status,
      201);
}

}  // namespace
}  // namespace assay::sinkhole
