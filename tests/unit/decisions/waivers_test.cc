// Waivers: what somebody answers for does not count, until the day that was set.
#include "decision_samples.h"

namespace assay::decisions {
namespace {

using namespace test;

std::string waiver(const std::string& what, const std::string& expires = "2027-01-31") {
  return "waivers:\n- {" + what + ", owner: Ann, reason: lab, expires: " + expires + "}\n";
}

const std::string kAllow = "allow: {domains: [203.0.113.7]}\n";
const std::string kDomain =
    "fail domain [pool.example] pool.example was contacted by /usr/bin/xmrig, brought by layer 2 of 2, COPY "
    "xmrig "
    "/usr/bin, and is none of the domains allowed.";

TEST(Waivers, AReasonThatIsWaivedDoesNotCountAndIsTold) {
  EXPECT_EQ(decided(kAllow + waiver("rule: domain"), clean()),
            "pass 0\n" + kDomain + " -- waived by Ann until 2027-01-31: lab\n");
}

TEST(Waivers, HoldForTheirSubjectAlone) {
  std::string waived = "pass 0\n", failed = "fail 10\n";
  auto first = [&](const std::string& what) {
    std::string all = decided(kAllow + waiver(what), clean());
    return all.substr(0, all.find('\n') + 1);
  };
  EXPECT_EQ(first("rule: domain, subject: pool.example"), waived);
  EXPECT_EQ(first("rule: domain, subject: \"*.example\""), waived);
  EXPECT_EQ(first("rule: domain, subject: \"poo?.example\""), waived);
  EXPECT_EQ(first("rule: domain, subject: pool"), failed);
  EXPECT_EQ(first("rule: domain, subject: \"?pool.example\""), failed);
  EXPECT_EQ(first("rule: listener"), failed);
}

TEST(Waivers, HoldForTheirImagesAlone) {
  auto passes = [&](const std::string& pattern, const std::string& ref) {
    Report report = clean();
    report.header.job.ref = ref;
    return decided(kAllow + waiver("rule: domain, images: [\"" + pattern + "\"]"), report)
        .starts_with("pass 0");
  };
  EXPECT_TRUE(passes("registry.example/lab/*", "registry.example/lab/app:1"));
  EXPECT_FALSE(passes("registry.example/lab/*", "registry.example/labs/app:1"));
  EXPECT_TRUE(passes("docker.io/library/nginx:*", "nginx:1.27"));  // in full, as well as it was written
  EXPECT_TRUE(passes("nginx:*", "nginx:1.27"));
  EXPECT_TRUE(passes(kDigest, "nginx:1.27"));
  EXPECT_FALSE(passes("sha256:" + std::string(64, 'e'), "nginx:1.27"));
}

TEST(Waivers, CountToTheEndOfTheirDay) {
  Policy policy = policy_of(kAllow + waiver("rule: domain", "2026-11-30"));
  int64_t midnight = 1'796'083'200;  // 2026-12-01T00:00:00Z
  EXPECT_EQ(decide(policy, clean(), midnight - 1).outcome, Outcome::pass);
  Decision late = decide(policy, clean(), midnight);
  EXPECT_EQ(shown(late), "fail 10\n" + kDomain + " -- was waived by Ann until 2026-11-30: lab\n");
}

TEST(Waivers, OneThatHoldsIsEnoughWhateverHasExpired) {
  std::string two = kAllow + waiver("rule: domain", "2026-01-01") +
                    "- {rule: domain, owner: Bob, reason: again, expires: 2027-01-31}\n";
  EXPECT_EQ(decided(two, clean()), "pass 0\n" + kDomain + " -- waived by Bob until 2027-01-31: again\n");
}

TEST(Waivers, TheLastToExpireIsTheOneThatIsTold) {
  std::string two = kAllow + waiver("rule: domain", "2026-03-01") +
                    "- {rule: domain, owner: Bob, reason: again, expires: 2026-02-01}\n";
  EXPECT_EQ(decided(two, clean()), "fail 10\n" + kDomain + " -- was waived by Ann until 2026-03-01: lab\n");
}

// A miner that is wanted would otherwise fail by what it adds to the score.
TEST(Waivers, AFindingThatIsWaivedAddsNothingToVerdictAndScore) {
  std::string policy = "fail: {verdict: suspicious, score: 60, categories: [miner]}\n";
  for (const char* name : {"m-1", "Mining protocol spoken"})
    EXPECT_EQ(
        decided(policy + waiver(std::string("rule: ") + name), miner()),
        "pass 0\n"
        "fail verdict [malicious] The verdict is malicious, with a score of 92 of 100; suspicious or worse "
        "fails. -- waived by Ann until 2027-01-31: lab\n"
        "fail score [92] The score is 92 of 100; 60 or more fails. -- waived by Ann until 2027-01-31: lab\n"
        "fail category [miner] Category miner: Mining protocol spoken (rule m-1, technique T1496.001), by "
        "/usr/bin/xmrig -o pool.example:3333, brought by layer 2 of 2, COPY xmrig /usr/bin. -- waived by Ann "
        "until 2027-01-31: lab\n");
}

TEST(Waivers, WhatIsLeftOfTheScoreStillCounts) {
  Report report = miner();
  report.findings[1].weight = 0.5;
  EXPECT_EQ(decided("fail: {verdict: suspicious}\n" + waiver("rule: m-1"), report),
            "fail 10\nfail verdict [suspicious] Without what is waived the verdict is suspicious, with a "
            "score of 50 of "
            "100; suspicious or worse fails.\n");
}

TEST(Waivers, ALossyTraceIsInconclusiveOnceItsFindingsAreWaived) {
  Report report = miner();
  report.completeness.complete = false;
  report.completeness.reasons = {"source seccheck lost 3 events"};
  EXPECT_EQ(decided("fail: {verdict: suspicious}\n" + waiver("rule: m-1"), report),
            "fail 11\nfail verdict [inconclusive] Without what is waived the verdict is inconclusive: source "
            "seccheck "
            "lost 3 events.\n");
}

TEST(Waivers, OfAFindingForOneSubjectLeaveItInTheScore) {
  EXPECT_EQ(decided("fail: {score: 60, categories: [miner]}\n" + waiver("rule: m-1, subject: miner"), miner())
                .substr(0, 70),
            "fail 10\nfail score [92] The score is 92 of 100; 60 or more fails.\nfail");
}

TEST(Waivers, ThatExpireSoonOrHaveAreListedForTheirImages) {
  std::string yaml = kAllow + "waivers:\n";
  for (const char* line : {"a, expires: 2026-12-13", "b, expires: 2026-12-14", "c, expires: 2026-01-01",
                           "d, images: [other], expires: 2026-12-01"})
    yaml += std::string("- {owner: Ann, reason: lab, rule: ") + line + "}\n";
  Decision decision = decide(policy_of(yaml), clean(), kNow);
  std::string due;
  for (const Waiver& one : decision.unused) due += one.rule + " ";
  EXPECT_EQ(due, "a c ");
}

TEST(Waivers, AnImageWithoutAResultCanBeWaivedByName) {
  Policy policy = policy_of("fail: {score: 1}\n" + waiver("rule: unscanned, images: [\"app:*\"]"));
  EXPECT_EQ(decide_unscanned(policy, "app:1", "not known", kNow).outcome, Outcome::pass);
  EXPECT_EQ(decide_unscanned(policy, "other:1", "not known", kNow).outcome, Outcome::fail);
}

}  // namespace
}  // namespace assay::decisions
