// Webhooks over HTTP: what each sender sends starts one scan, a replay none; what is forged, too large, too
// much or of no use is refused or left out, and counted.
#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "scheduler/hooks/hook.h"
#include "tests/unit/scheduler/api_fixture.h"
#include "tests/unit/scheduler/fake_loop.h"
#include "tests/unit/scheduler/hook_samples.h"

namespace assay {
namespace {

using namespace hooks;

std::string signature(const std::string& secret, const std::string& body) {
  unsigned char mac[EVP_MAX_MD_SIZE];
  unsigned length = 0;
  HMAC(EVP_sha256(), secret.data(), static_cast<int>(secret.size()),
       reinterpret_cast<const unsigned char*>(body.data()), body.size(), mac, &length);
  return "sha256=" + to_hex({reinterpret_cast<const char*>(mac), length});
}

class ApiHooks : public testing::Test {
 protected:
  void SetUp() override {
    auto store = Store::open(dir_.path() / "store", Store::Mode::read_write);
    ASSERT_TRUE(store) << store.error().what;
    store_ = std::move(*store);
    loop_.emplace(context_, *store_, "inproc://clients");
    api_.emplace(context_, *store_, "inproc://clients",
                 [](api::ApiConfig& config) { config.answer = std::chrono::milliseconds(500); });
  }
  /// Its secret.
  std::string make(const std::string& name, Sender sender, const std::vector<std::string>& options = {}) {
    Hook hook;
    hook.name = name;
    hook.sender = sender;
    hook.tenant = "team";
    for (const std::string& option : options) EXPECT_TRUE(set_option(hook, option));
    auto secret = add_hook(api_->hook_file(), hook);
    EXPECT_TRUE(secret) << secret.error().what;
    return secret ? *secret : "";
  }
  // "202 STARTED SEEN LEFT_OUT", or the status and the error's code.
  std::string post(const std::string& path, const std::string& headers, const std::string& body) {
    HttpAnswer answer = talk(api_->port(), "POST", "/v1/hooks/" + path, "", body, headers);
    Json json = Json::parse(answer.body, nullptr, false);
    std::string out = std::to_string(answer.status) + " ";
    if (!json.is_object()) return out + answer.body;
    if (answer.status != 202) return out + json["error"].value("code", "?");
    for (const Json& id : json["started"]) started_.push_back(id);
    return out + std::to_string(json["started"].size()) + " " + json["seen"].dump() + " " +
           json["left_out"].dump();
  }
  ScanRecord last() {
    auto record = started_.empty() ? Result<ScanRecord>(Error{Errc::not_found, "nothing was started"})
                                   : Keep(*store_).scan(started_.back());
    EXPECT_TRUE(record) << record.error().what;
    return record ? *record : ScanRecord();
  }
  std::string refusals(const std::string& hook, const std::string& reason) {
    return api_->metric(R"(assay_hook_refusals_total{hook=")" + hook + R"(",reason=")" + reason + "\"}");
  }
  std::string pushes(const std::string& hook, const std::string& outcome) {
    return api_->metric(R"(assay_hook_pushes_total{hook=")" + hook + R"(",outcome=")" + outcome + "\"}");
  }

  TempDir dir_;
  Context context_;
  std::unique_ptr<Store> store_;
  std::optional<FakeLoop> loop_;
  std::optional<ApiHarness> api_;
  std::vector<std::string> started_;
};

TEST_F(ApiHooks, EverySendersPayloadStartsOneScanAndAReplayNone) {
  struct Case {
    Sender sender;
    std::string body, ref;
  };
  const std::string digest = "@" + sample::kDigest;
  const std::vector<Case> cases = {
      {Sender::registry, sample::registry(), "registry.example:5000/team/app" + digest},
      {Sender::registry, sample::azure(), "registry.example:5000/team/app" + digest},
      {Sender::harbor, sample::harbor(), "harbor.example/team/app" + digest},
      {Sender::harbor, sample::harbor_cloud_event(), "harbor.example/team/app" + digest},
      {Sender::dockerhub, sample::dockerhub(), "docker.io/team/app:1.0"},
      {Sender::github, sample::github("package"), "ghcr.io/team-a/app" + digest},
      {Sender::github, sample::github("registry_package"), "ghcr.io/team-a/app" + digest},
      {Sender::gitlab, sample::registry(), "registry.example:5000/team/app" + digest},
      {Sender::ecr, sample::ecr(), "123456789012.dkr.ecr.eu-west-1.amazonaws.com/team/app" + digest},
  };
  for (size_t i = 0; i < cases.size(); ++i) {
    const Case& c = cases[i];
    std::string name = "h" + std::to_string(i), secret = make(name, c.sender), path = name, head;
    switch (c.sender) {
      case Sender::dockerhub:
        path += "/" + secret;
        break;
      case Sender::github:
        head = "X-GitHub-Event: package\r\nX-Hub-Signature-256: " + signature(secret, c.body) + "\r\n";
        break;
      case Sender::gitlab:
        head = "X-Gitlab-Token: " + secret + "\r\n";
        break;
      case Sender::ecr:
        head = "X-API-Key: " + secret + "\r\n";
        break;
      default:
        head = "Authorization: " + secret + "\r\n";
    }
    EXPECT_EQ(post(path, head, c.body), "202 1 0 0") << name;
    ScanRecord record = last();
    EXPECT_EQ(record.submission.job.ref, c.ref);
    EXPECT_EQ(record.submission.tenant, "team");
    EXPECT_EQ(record.submission.lane, Lane::batch);
    ASSERT_EQ(record.submission.labels.size(), 2u);
    EXPECT_EQ(record.submission.labels[0], (std::pair<std::string, std::string>("hook", name)));
    EXPECT_TRUE(record.submission.labels[1].second.ends_with("/app:1.0") ||
                record.submission.labels[1].second.ends_with("/app:v1"))
        << record.submission.labels[1].second;
    EXPECT_EQ(post(path, head, c.body), "202 0 1 0") << name << ", again";
    EXPECT_EQ(pushes(name, "started") + pushes(name, "seen") + pushes(name, "left_out"), "110");

    EXPECT_EQ(post(name, "Authorization: Bearer wrong\r\nX-Hub-Signature-256: sha256=00\r\n", c.body),
              "401 unauthorized");
    EXPECT_EQ(post(name, "", c.body), "401 unauthorized");
    EXPECT_EQ(refusals(name, c.sender == Sender::github ? "signature" : "secret"), "2") << name;
    EXPECT_EQ(post(path, head, std::string(kMaxPayloadBytes + 1, ' ')), "413 too_large");
    EXPECT_EQ(refusals(name, "too_large"), "1");
  }
  EXPECT_EQ(started_.size(), cases.size());
}

// The package event and the older registry_package tell of the same push.
TEST_F(ApiHooks, TwoEventsOfOnePushAreOneScan) {
  std::string secret = make("gh", Sender::github);
  for (const char* what : {"package", "registry_package"}) {
    std::string body = sample::github(what);
    (void)post("gh",
               "X-GitHub-Event: " + std::string(what) +
                   "\r\nX-Hub-Signature-256: " + signature(secret, body) + "\r\n",
               body);
  }
  EXPECT_EQ(started_.size(), 1u);
  EXPECT_EQ(pushes("gh", "seen"), "1");
}

TEST_F(ApiHooks, ASignatureOfAnotherBodyOrGivenTwiceIsForged) {
  std::string secret = make("gh", Sender::github), body = sample::github();
  std::string good = "X-Hub-Signature-256: " + signature(secret, body) + "\r\n";
  EXPECT_EQ(post("gh", good, sample::github("package", "2.0")), "401 unauthorized");
  EXPECT_EQ(post("gh", good + good, body), "401 unauthorized");
  EXPECT_EQ(post("gh", good, body + " "), "401 unauthorized");
  EXPECT_EQ(refusals("gh", "signature"), "3");
  EXPECT_EQ(post("gh", good, body), "202 1 0 0");
}

TEST_F(ApiHooks, WhatAHookDoesNotWantIsLeftOut) {
  std::string head =
      "Authorization: " + make("some", Sender::registry, {"repositories=other/*", "lane=gate"});
  EXPECT_EQ(post("some", head + "\r\n", sample::registry()), "202 0 0 1");
  // The manifests of an index have no tag: the index is the image.
  head = "Authorization: " + make("index", Sender::registry);
  EXPECT_EQ(post("index", head + "\r\n", sample::registry_index()), "202 1 0 1");
  head = "Authorization: " + make("parts", Sender::registry, {"untagged=yes"});
  EXPECT_EQ(post("parts", head + "\r\n", sample::registry_index()), "202 2 0 0");
  // A signature that cosign has pushed is no image.
  head = "Authorization: " + make("signed", Sender::registry);
  std::string about = "sha256-" + std::string(64, 'a') + ".sig";
  EXPECT_EQ(
      post("signed", head + "\r\n",
           sample::event("e", "push", "application/vnd.oci.image.manifest.v1+json", sample::kDigest, about)),
      "202 0 0 1");
  EXPECT_EQ(pushes("index", "left_out"), "1");
}

TEST_F(ApiHooks, MoreThanItsRateIsRefusedWithATimeToComeBack) {
  std::string head = "Authorization: " + make("slow", Sender::registry, {"per_minute=2"}) + "\r\n";
  auto push = [&](const std::string& id) {
    return sample::event(id, "push", "application/vnd.oci.image.index.v1+json", sample::kDigest, "1");
  };
  EXPECT_EQ(post("slow", head, push("1")), "202 1 0 0");
  EXPECT_EQ(post("slow", head, push("2")), "202 1 0 0");
  HttpAnswer answer = talk(api_->port(), "POST", "/v1/hooks/slow", "", push("3"), head);
  EXPECT_EQ(answer.status, 429);
  size_t at = answer.head.find("Retry-After: ");
  ASSERT_NE(at, std::string::npos) << answer.head;
  int wait_s = std::stoi(answer.head.substr(at + 13));
  EXPECT_TRUE(wait_s >= 1 && wait_s <= 30) << wait_s;
  EXPECT_EQ(refusals("slow", "rate"), "1");
  EXPECT_EQ(post("slow", head, R"({"events":[]})"), "202 0 0 0") << "nothing costs nothing";
}

TEST_F(ApiHooks, UnknownRevokedAndUnreadableHooksTakeNothing) {
  EXPECT_EQ(post("nobody", "", "{}"), "404 not_found");
  EXPECT_EQ(refusals("unknown", "unknown"), "1");
  std::string head = "Authorization: " + make("gone", Sender::registry) + "\r\n";
  EXPECT_EQ(post("gone", head, sample::registry()), "202 1 0 0");
  ASSERT_TRUE(revoke_hook(api_->hook_file(), "gone"));
  EXPECT_EQ(post("gone", head, sample::registry()), "404 not_found");
  ASSERT_TRUE(write_file(api_->hook_file(), "gone\n", 0600));
  EXPECT_EQ(post("gone", head, sample::registry()), "503 hooks");
  EXPECT_EQ(refusals("unknown", "file"), "1");
}

TEST_F(ApiHooks, WhatIsNoPayloadIsRefusedAndItsSecretIsInNoAnswer) {
  std::string secret = make("h", Sender::harbor), head = "Authorization: " + secret + "\r\n";
  EXPECT_EQ(post("h", head, "[]"), "400 invalid");
  EXPECT_EQ(refusals("h", "payload"), "1");
  EXPECT_EQ(post("h/" + secret, "", sample::harbor()), "401 unauthorized") << "Docker Hub's way alone";
  for (const std::string& body : {std::string("[]"), sample::harbor()}) {
    HttpAnswer answer = talk(api_->port(), "POST", "/v1/hooks/h", "", body, head);
    EXPECT_EQ((answer.head + answer.body).find(secret), std::string::npos);
  }
}

// Registries name a type of their own.
TEST_F(ApiHooks, AnyContentTypeIsTakenForAHookAndNoneForAStranger) {
  std::string secret = make("h", Sender::registry);
  std::string body = sample::registry();
  auto send = [&](const std::string& who) {
    HttpTalk connection(api_->port());
    connection.say(
        "POST /v1/hooks/h HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: "
        "application/vnd.docker.distribution.events.v1+json\r\nContent-Length: " +
        std::to_string(body.size()) + "\r\nAuthorization: Bearer " + who + "\r\n\r\n" + body);
    return parse_answer(connection.hear()).status;
  };
  EXPECT_EQ(send(secret), 202);
  EXPECT_EQ(send("x"), 401);
}

// The sender sends it again: nothing of it was lost, nothing is done twice.
TEST_F(ApiHooks, APayloadThatTheLoopRefusesIsToBeSentAgain) {
  std::string head = "Authorization: " + make("h", Sender::registry) + "\r\n";
  loop_.reset();
  EXPECT_EQ(post("h", head, sample::registry()), "504 timeout");
  EXPECT_EQ(refusals("h", "submit"), "1");
  EXPECT_EQ(pushes("h", "started"), "");
}

}  // namespace
}  // namespace assay
