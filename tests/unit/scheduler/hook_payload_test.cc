// Payloads of every sender into pushes; what is wrong in them is named.
#include <gtest/gtest.h>

#include "scheduler/hooks/payload.h"
#include "tests/unit/scheduler/hook_samples.h"

namespace assay::hooks {
namespace {

Hook hook_of(Sender sender) {
  Hook hook;
  hook.name = "h";
  hook.sender = sender;
  return hook;
}

// "HOST/REPOSITORY:TAG@DIGEST'S FIRST ID TIME" of each.
std::string read(const Hook& hook, const std::string& body, const std::string& event = "") {
  auto pushes = read_payload(hook, {event}, body);
  if (!pushes) return std::string(to_string(pushes.error().code)) + ": " + pushes.error().what;
  std::string out;
  for (const sources::Push& push : *pushes)
    out += push.host + "/" + push.repository + ":" + push.tag + "@" +
           (push.digest.empty() ? "" : push.digest.substr(7, 2)) + " " + push.id + " " +
           std::to_string(push.pushed_ns / 1'000'000'000) + "\n";
  return out;
}
std::string read(Sender sender, const std::string& body, const std::string& event = "") {
  return read(hook_of(sender), body, event);
}

TEST(HookPayload, OfARegistryManifestsThatWerePushedAreTaken) {
  EXPECT_EQ(read(Sender::registry, sample::registry()),
            "registry.example:5000/team/app:1.0@aa e-2 1795990205\n");
  EXPECT_EQ(read(Sender::registry, sample::registry_index()),
            "registry.example:5000/team/app:@bb e-5 1795990205\n"
            "registry.example:5000/team/app:2.0@aa e-6 1795990205\n");
  EXPECT_EQ(read(Sender::registry, sample::azure()),
            "registry.example:5000/team/app:v1@aa cb8c3971-9adc-488b-bdd8-43cbb4974ff5 1795990205\n");
  EXPECT_EQ(read(Sender::registry, R"({"events":[]})"), "");
}

TEST(HookPayload, HarborsPushInBothFormats) {
  EXPECT_EQ(read(Sender::harbor, sample::harbor()), "harbor.example/team/app:1.0@aa  1795990205\n");
  EXPECT_EQ(read(Sender::harbor, sample::harbor_cloud_event()),
            "harbor.example/team/app:1.0@aa 66c04c0c/0 1795990205\n");
  EXPECT_EQ(read(Sender::harbor, R"({"type":"PULL_ARTIFACT","event_data":{}})"), "");
  EXPECT_EQ(read(Sender::harbor, R"({"type":"PUSH_ARTIFACT","event_data":{"resources":[]}})"),
            "invalid: the payload's \"resources\" is no list of at least one");
}

TEST(HookPayload, DockerHubsPushHasTagAndTimeAlone) {
  EXPECT_EQ(read(Sender::dockerhub, sample::dockerhub()), "docker.io/team/app:1.0@  1795990205\n");
  EXPECT_EQ(read(Sender::dockerhub,
                 R"({"push_data":{"tag":"1","pushed_at":1.795990205e9},"repository":{"repo_name":"app"}})"),
            "docker.io/library/app:1@  1795990205\n");
  EXPECT_EQ(read(Sender::dockerhub, "{}"), "invalid: the payload names no repository");
}

TEST(HookPayload, GitHubsContainersInLowerCase) {
  for (const char* what : {"package", "registry_package"})
    EXPECT_EQ(read(Sender::github, sample::github(what), what), "ghcr.io/team-a/app:1.0@aa  1795990205\n");
  EXPECT_EQ(read(Sender::github, sample::github("package", ""), "package"),
            "ghcr.io/team-a/app:@aa  1795990205\n");
  EXPECT_EQ(read(Sender::github, R"({"zen":"Design for failure.","hook_id":1})", "ping"), "");
  EXPECT_EQ(read(Sender::github, R"({"action":"published","package":{"package_type":"npm"}})", "package"),
            "");
  EXPECT_EQ(read(Sender::github, R"({"action":"deleted","package":{"package_type":"CONTAINER"}})"), "");
}

TEST(HookPayload, GitLabsRegistrySendsNotificationsAndItsProjectsNothingOfImages) {
  EXPECT_EQ(read(Sender::gitlab, sample::registry()),
            "registry.example:5000/team/app:1.0@aa e-2 1795990205\n");
  EXPECT_EQ(read(Sender::gitlab, R"({"object_kind":"pipeline"})", "Pipeline Hook"), "");
}

TEST(HookPayload, AmazonsEventOfASuccessfulPush) {
  EXPECT_EQ(
      read(Sender::ecr, sample::ecr()),
      "123456789012.dkr.ecr.eu-west-1.amazonaws.com/team/app:1.0@aa 13cde686-328b-6117-af20-0e5566167482 "
      "1795990205\n");
}

TEST(HookPayload, TheHooksHostStandsForThePayloads) {
  Hook hook = hook_of(Sender::registry);
  hook.host = "mirror.example";
  EXPECT_EQ(read(hook, sample::registry()), "mirror.example/team/app:1.0@aa e-2 1795990205\n");
}

TEST(HookPayload, WhatNoReferenceCanBeMadeOfIsNamed) {
  auto push = [](const std::string& host, const std::string& repository, const std::string& tag,
                 const std::string& digest) {
    return read(Sender::registry,
                R"({"action":"push","request":{"host":")" + host +
                    R"("},"target":{"mediaType":"application/vnd.oci.image.index.v1+json","repository":")" +
                    repository + R"(","tag":")" + tag + R"(","digest":")" + digest + R"("}})");
  };
  EXPECT_EQ(push("", "a/b", "1", ""),
            "invalid: the payload names no registry: give the hook a host (host=REGISTRY)");
  EXPECT_EQ(push("r.example", "", "1", ""), "invalid: the payload names no repository");
  EXPECT_EQ(push("r.example", "a/b", "", ""), "invalid: the payload names neither a tag nor a digest");
  EXPECT_EQ(push("r.example", "a/b", "1", "md5:1"), "invalid: the payload's digest 'md5:1' is none");
  EXPECT_EQ(push("r.example", "a/b", "1 2", ""), "invalid: the payload's tag '1 2' is none");
  for (const char* repository : {"a/b:1", "a/b@sha256:x", "../x", "A/b", "a b"})
    EXPECT_NE(push("r.example", repository, "1", "").find("is no registry and repository"), std::string::npos)
        << repository;
  EXPECT_NE(push("registry", "a/b", "1", "").find("give the hook a host"), std::string::npos);
  EXPECT_NE(push("r.example/x", "a/b", "1", "").find("is no registry and repository"), std::string::npos);
}

TEST(HookPayload, HostileBodiesAreRefusedOrTellOfNothing) {
  for (size_t i = 0; i < kSenders; ++i) {
    auto sender = static_cast<Sender>(i);
    for (const std::string& body :
         {std::string(), std::string("[]"), std::string("{"), std::string("null"), std::string("\xff"),
          std::string(100'000, '['), R"({"events":)" + std::string(1000, '[') + std::string(1000, ']') + "}"})
      EXPECT_EQ(read(sender, body).substr(0, 9), "invalid: ")
          << to_string(sender) << " " << body.substr(0, 40);
  }
  EXPECT_EQ(read(Sender::registry, R"({"events":[7]})"), "invalid: an event of the payload is no object");
  EXPECT_EQ(read(Sender::registry, R"({"events":7})"), "invalid: the payload's \"events\" is no list");
  EXPECT_EQ(read(Sender::registry, R"({"action":7})"), "invalid: the payload's \"action\" is no text");
  std::string many = R"({"events":[)";
  for (size_t i = 0; i <= kMaxPushes; ++i)
    many += (i ? "," : "") +
            sample::event("e", "push", "application/vnd.oci.image.index.v1+json", sample::kDigest, "1");
  EXPECT_EQ(read(Sender::registry, many + "]}"), "limit: the payload tells of more than 100 pushes");
}

}  // namespace
}  // namespace assay::hooks
