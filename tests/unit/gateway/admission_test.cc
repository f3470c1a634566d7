// Reviews of every kind that holds a pod, those that bring nothing in, and those that are none; and answers.
#include "gateway/admission.h"

#include <gtest/gtest.h>

#include "tests/unit/gateway/review_samples.h"

namespace assay::gateway {
namespace {

using decisions::Decision;
using decisions::Outcome;
using std::chrono::milliseconds;

/// "UID OPERATION KIND: IMAGE IMAGE", or why there is nothing to judge, or the error.
std::string read(const std::string& json) {
  auto review = parse_review(json);
  if (!review) return std::string(to_string(review.error().code)) + ": " + review.error().what;
  std::string out = review->operation + " " + review->kind + (review->dry_run ? " dry run" : "") + ":";
  for (const std::string& image : review->images) out += " " + image;
  if (review->too_many) out += " and too many";
  return out + (review->unjudged.empty() ? "" : " nothing: " + review->unjudged);
}
std::string read(const Json& json) { return read(json.dump()); }

TEST(Admission, FindsTheImagesOfAPod) {
  Json review = pod_review({"a:1", "b@sha256:x", "a:1"});
  review["request"]["object"]["spec"]["initContainers"] = {{{"name", "i"}, {"image", "init:1"}}};
  review["request"]["object"]["spec"]["ephemeralContainers"] = {{{"image", "debug:1"}}};
  review["request"]["object"]["spec"]["volumes"] = {{{"name", "v"}, {"image", {{"reference", "volume:1"}}}}};
  EXPECT_EQ(read(review), "CREATE Pod: a:1 b@sha256:x debug:1 init:1 volume:1");
  auto parsed = parse_review(review.dump());
  EXPECT_EQ(parsed->uid, kUid);
  EXPECT_EQ(parsed->name_space + "/" + parsed->name, "shop/app");
}

TEST(Admission, FindsTheImagesOfWhatHoldsPodTemplates) {
  Json spec = {{"template", {{"spec", pod_spec({"a:1"})}}}};
  for (const char* kind : {"Deployment", "StatefulSet", "DaemonSet", "ReplicaSet"})
    EXPECT_EQ(read(review_of("apps", kind, {{"spec", spec}})), std::string("CREATE ") + kind + ": a:1");
  EXPECT_EQ(read(review_of("", "ReplicationController", {{"spec", spec}})),
            "CREATE ReplicationController: a:1");
  EXPECT_EQ(read(review_of("batch", "Job", {{"spec", spec}})), "CREATE Job: a:1");
  EXPECT_EQ(read(review_of("batch", "CronJob", {{"spec", {{"jobTemplate", {{"spec", spec}}}}}})),
            "CREATE CronJob: a:1");
  EXPECT_EQ(read(review_of("", "PodTemplate", spec)), "CREATE PodTemplate: a:1");
  // A pod's images are not where a deployment has them.
  EXPECT_EQ(read(review_of("apps", "Deployment", {{"spec", pod_spec({"a:1"})}})),
            "CREATE Deployment: nothing: no image is new in it");
}

TEST(Admission, TheOrderOfTheFieldsDoesNotMatter) {
  std::string object = Json({{"spec", pod_spec({"a:1"})}}).dump();
  EXPECT_EQ(
      read(R"({"request":{"object":)" + object +
           R"(,"operation":"CREATE","kind":{"kind":"Pod","group":""},"uid":"1"},"kind":"AdmissionReview",)"
           R"("apiVersion":"admission.k8s.io/v1"})"),
      "CREATE Pod: a:1");
}

TEST(Admission, WhatBringsNoImageInIsNotJudged) {
  Json pod = pod_review({"a:1"});
  for (const char* operation : {"DELETE", "CONNECT"}) {
    pod["request"]["operation"] = operation;
    EXPECT_EQ(read(pod), std::string(operation) + " Pod: nothing: " + operation + " brings no image in");
  }
  EXPECT_EQ(
      read(review_of("example.org", "Rollout", {{"spec", pod_spec({"a:1"})}})),
      "CREATE Rollout: nothing: Rollout.example.org is no kind whose images are judged here: its pods are");
  EXPECT_EQ(read(review_of("example.org", "Pod", {{"spec", pod_spec({"a:1"})}})),
            "CREATE Pod: nothing: Pod.example.org is no kind whose images are judged here: its pods are");
  Json status = pod_review({"a:1"});
  status["request"]["subResource"] = "status";
  EXPECT_EQ(read(status), "CREATE Pod: nothing: a change of status brings no image in");
  status["request"]["subResource"] = "ephemeralcontainers";
  EXPECT_EQ(read(status), "CREATE Pod: a:1");
}

TEST(Admission, AnUpdateIsJudgedByWhatIsNew) {
  Json update = pod_review({"a:1", "b:2"});
  update["request"]["operation"] = "UPDATE";
  update["request"]["oldObject"] = {{"spec", pod_spec({"a:1"})}};
  EXPECT_EQ(read(update), "UPDATE Pod: b:2");
  update["request"]["oldObject"] = {{"spec", pod_spec({"b:2", "a:1"})}};
  EXPECT_EQ(read(update), "UPDATE Pod: nothing: no image is new in it");
  // What an old object says counts for updates alone.
  update["request"]["operation"] = "CREATE";
  EXPECT_EQ(read(update), "CREATE Pod: a:1 b:2");
  Json dry = pod_review({"a:1"});
  dry["request"]["dryRun"] = true;
  EXPECT_EQ(read(dry), "CREATE Pod dry run: a:1");
}

TEST(Admission, SaysWhatIsNoReview) {
  auto with = [](auto change) {
    Json review = pod_review({"a:1"});
    change(review);
    return read(review);
  };
  EXPECT_EQ(read(std::string("{")), "invalid: the AdmissionReview is no JSON");
  EXPECT_EQ(read(std::string("")), "invalid: the AdmissionReview is no JSON");
  EXPECT_EQ(read(std::string("[]")), "invalid: the AdmissionReview is none: its kind is ''");
  EXPECT_EQ(with([](Json& r) { r["kind"] = "Pod"; }),
            "invalid: the AdmissionReview is none: its kind is 'Pod'");
  EXPECT_EQ(
      with([](Json& r) { r["apiVersion"] = "admission.k8s.io/v1beta1"; }),
      "invalid: the AdmissionReview has apiVersion 'admission.k8s.io/v1beta1': admission.k8s.io/v1 is taken "
      "(admissionReviewVersions: [\"v1\"])");
  EXPECT_EQ(with([](Json& r) { r["request"] = nullptr; }),
            "invalid: the AdmissionReview has no request: answers are not taken");
  EXPECT_EQ(with([](Json& r) { r["request"].erase("uid"); }),
            "invalid: the AdmissionReview has no request.uid of 1 to 256 bytes");
  EXPECT_EQ(with([](Json& r) { r["request"]["uid"] = std::string(257, 'x'); }),
            "invalid: the AdmissionReview has no request.uid of 1 to 256 bytes");
  EXPECT_EQ(with([](Json& r) { r["request"]["uid"] = 7; }),
            "invalid: the AdmissionReview has no request.uid of 1 to 256 bytes");
  EXPECT_EQ(with([](Json& r) { r["request"]["operation"] = "PATCH\x1b"; }),
            "invalid: the AdmissionReview has request.operation 'PATCH\\x1b', which is none of CREATE, "
            "UPDATE, DELETE, "
            "CONNECT");
  EXPECT_EQ(with([](Json& r) { r["request"]["kind"] = "Pod"; }),
            "invalid: the AdmissionReview has no request.kind.kind");
}

TEST(Admission, NoKeyPassesForAPath) {
  Json review = pod_review({"a:1"});
  Json& spec = review["request"]["object"]["spec"];
  spec["nodeSelector"] = {{"containers/[]/image", "x:1"}, {"[]", "x:1"}};
  spec["containers/[]/image"] = "x:1";
  spec["containers"].push_back({{"env", {{{"name", "image"}, {"image", "x:1"}}}}});
  spec["[]"] = {{"image", "x:1"}};
  review["request"]["object"]["/spec/containers/[]/image"] = "x:1";
  review["request/object/spec/containers/[]/image"] = "x:1";
  review["request"]["object"]["spec"]["template"] = {{"spec", pod_spec({"x:1"})}};
  EXPECT_EQ(read(review), "CREATE Pod: a:1");
}

TEST(Admission, HostileReviewsAreBounded) {
  std::string deep = R"({"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","request":)";
  EXPECT_EQ(read(deep + std::string(1'000'000, '[')),
            "limit: the AdmissionReview is nested more than 256 deep");
  std::string objects;
  for (int i = 0; i < 100'000; ++i) objects += R"({"a":)";
  EXPECT_EQ(read(deep + objects), "limit: the AdmissionReview is nested more than 256 deep");
  std::vector<std::string> many;
  for (int i = 0; i < 101; ++i) many.push_back("i:" + std::to_string(i));
  EXPECT_TRUE(read(pod_review(many)).ends_with(" i:99 and too many"));
  many.pop_back();
  many.push_back("i:0");  // the same again is none more
  EXPECT_TRUE(read(pod_review(many)).ends_with(" i:99"));
  auto long_one = parse_review(pod_review({std::string(2'000'000, 'x')}).dump());
  ASSERT_TRUE(long_one);
  EXPECT_EQ(long_one->images.at(0).size(), 4096u);
  // Images that are no text, or none: the API server's own rules refuse them.
  Json odd = pod_review({"a:1"});
  odd["request"]["object"]["spec"]["containers"].push_back({{"image", 7}});
  odd["request"]["object"]["spec"]["containers"].push_back({{"image", ""}});
  odd["request"]["object"]["spec"]["containers"].push_back({{"image", {{"image", "x"}}}});
  odd["request"]["object"]["spec"]["initContainers"] = "x";
  EXPECT_EQ(read(odd), "CREATE Pod: a:1");
}

Decision decision(Outcome outcome, const std::string& ref, const std::string& text) {
  Decision out;
  out.outcome = outcome;
  out.policy = "production";
  out.policy_sha256 = "ab";
  out.ref = ref;
  out.scan_id = "20261125T031500-1f8a3c9e";
  out.verdict = "malicious";
  if (!text.empty()) out.reasons.push_back({outcome, "verdict", "", text, "", "", {}, {}, "", {}, {}});
  return out;
}

TEST(Admission, AllowsDeniesAndWarns) {
  Review review = *parse_review(pod_review({"a:1", "b:1"}).dump());
  std::vector<Decision> all = {decision(Outcome::pass, "a:1", "")};
  Json allowed = Json::parse(review_json(kUid, answer_of(review, all)));
  EXPECT_EQ(allowed["apiVersion"], "admission.k8s.io/v1");
  EXPECT_EQ(allowed["kind"], "AdmissionReview");
  EXPECT_EQ(allowed["response"]["uid"], kUid);
  EXPECT_EQ(allowed["response"]["allowed"], true);
  EXPECT_FALSE(allowed["response"].contains("status"));
  EXPECT_FALSE(allowed["response"].contains("warnings"));
  EXPECT_EQ(allowed["response"]["auditAnnotations"]["images"],
            "a:1 pass by scan 20261125T031500-1f8a3c9e, malicious");

  all.push_back(decision(Outcome::warn, "b:1", "It listens on tcp/8080."));
  Json warned = Json::parse(review_json(kUid, answer_of(review, all)));
  EXPECT_EQ(warned["response"]["allowed"], true);
  EXPECT_EQ(warned["response"]["warnings"],
            Json({"assay: b:1, scan 20261125T031500-1f8a3c9e: It listens on tcp/8080."}));

  all.push_back(decision(Outcome::fail, "c:1", "It mines."));
  all.back().reasons.push_back(
      {Outcome::fail, "domain", "", "Waived.", "", "", decisions::Waiver{}, {}, "", {}, {}});
  Json denied = Json::parse(review_json(kUid, answer_of(review, all)));
  EXPECT_EQ(denied["response"]["allowed"], false);
  EXPECT_EQ(denied["response"]["status"],
            Json({{"status", "Failure"},
                  {"message", "policy production: c:1, scan 20261125T031500-1f8a3c9e: It mines."},
                  {"reason", "Forbidden"},
                  {"code", 403}}));
}

TEST(Admission, AnswersAreAsShortAsApiServersTakeThem) {
  Review review = *parse_review(pod_review({"a:1"}).dump());
  std::vector<Decision> all;
  for (int i = 0; i < 100; ++i) {
    all.push_back(decision(Outcome::fail, "a" + std::to_string(i), std::string(5000, 'x')));
    all.push_back(decision(Outcome::warn, "w" + std::to_string(i), std::string(5000, 'y') + "\x1b[31m"));
  }
  ReviewAnswer answer = answer_of(review, all);
  EXPECT_LE(answer.message.size(), 4096u);
  ASSERT_EQ(answer.warnings.size(), 16u);
  for (const std::string& warning : answer.warnings) EXPECT_LE(warning.size(), 256u);
  review.too_many = true;
  answer = answer_of(review, {});
  EXPECT_FALSE(answer.allowed);
  EXPECT_EQ(answer.message, "more than 100 different images in one object are not judged");
}

TEST(Admission, AnUidComesBackAsItWas) {
  std::string uid = "\"\\\n\xc3\xa9<script>";
  Json review = pod_review({"a:1"});
  review["request"]["uid"] = uid;
  auto parsed = parse_review(review.dump());
  ASSERT_TRUE(parsed);
  EXPECT_EQ(Json::parse(review_json(parsed->uid, answer_of(*parsed, {})))["response"]["uid"], uid);
}

TEST(Admission, AnswersBeforeTheApiServerGivesUp) {
  EXPECT_EQ(time_to_answer("10s", milliseconds(60'000)), milliseconds(9000));
  EXPECT_EQ(time_to_answer("30s", milliseconds(9000)), milliseconds(9000));
  EXPECT_EQ(time_to_answer("1s", milliseconds(9000)), milliseconds(700));
  EXPECT_EQ(time_to_answer("2s", milliseconds(9000)), milliseconds(1700));
  for (const char* none : {"", "soon", "-1s", "0s", "10 s"})
    EXPECT_EQ(time_to_answer(none, milliseconds(60'000)), milliseconds(9000)) << none;
  EXPECT_EQ(time_to_answer("1ms", milliseconds(9000)), milliseconds(50));
}

}  // namespace
}  // namespace assay::gateway
