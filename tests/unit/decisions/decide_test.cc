// Reports held against policies: what fails, what is only warned of, and in which words.
#include "decisions/decide.h"

#include "decision_samples.h"

namespace assay::decisions {
namespace {

using namespace test;

const std::string kBy =
    ", by /usr/bin/xmrig -o pool.example:3333, brought by layer 2 of 2, COPY xmrig /usr/bin.";

TEST(Decide, VerdictsAtOrAboveTheBound) {
  EXPECT_EQ(decided("fail: {verdict: malicious}\n", miner()),
            "fail 10\nfail verdict [malicious] The verdict is malicious, with a score of 92 of 100; "
            "malicious fails.\n");
  EXPECT_EQ(decided("warn: {verdict: suspicious}\n", miner()),
            "warn 0\nwarn verdict [malicious] The verdict is malicious, with a score of 92 of 100; "
            "suspicious or worse "
            "is warned of.\n");
  Report suspicious = miner();
  suspicious.verdict = Verdict::suspicious;
  EXPECT_EQ(decided("fail: {verdict: malicious}\n", suspicious), "pass 0\n");
  EXPECT_EQ(decided("fail: {verdict: suspicious}\n", suspicious).substr(0, 8), "fail 10\n");
  EXPECT_EQ(decided("fail: {verdict: suspicious}\n", clean()), "pass 0\n");
}

TEST(Decide, ScoresAtOrAboveTheBound) {
  Report report = miner();
  report.score = 60;
  EXPECT_EQ(decided("fail: {score: 60}\nwarn: {score: 20}\n", report),
            "fail 10\nfail score [60] The score is 60 of 100; 60 or more fails.\n");
  report.score = 59;
  EXPECT_EQ(decided("fail: {score: 60}\nwarn: {score: 20}\n", report),
            "warn 0\nwarn score [59] The score is 59 of 100; 20 or more is warned of.\n");
  report.score = 19;
  EXPECT_EQ(decided("fail: {score: 60}\nwarn: {score: 20}\n", report), "pass 0\n");
}

TEST(Decide, FindingsByCategoryTechniqueLevelAndRule) {
  EXPECT_EQ(decided("fail: {categories: [miner]}\n", miner()),
            "fail 10\nfail category [miner] Category miner: Mining protocol spoken (rule m-1, technique "
            "T1496.001)" +
                kBy + "\n");
  // A technique holds for those below it, and not the other way round.
  EXPECT_EQ(
      decided("fail: {techniques: [T1496]}\n", miner()),
      "fail 10\nfail technique [T1496] Technique T1496 Resource Hijacking: Mining protocol spoken (rule m-1, "
      "technique T1496.001)" +
          kBy + "\n");
  Report broad = miner();
  broad.findings[0].techniques = {{"T1496", "impact"}};
  EXPECT_EQ(decided("fail: {techniques: [T1496.001]}\n", broad), "pass 0\n");
  EXPECT_EQ(
      decided("warn: {levels: [critical]}\n", miner()),
      "warn 0\nwarn level [critical] Level critical: Mining protocol spoken (rule m-1, technique T1496.001)" +
          kBy + "\n");
  for (const char* name : {"n-1", "Address without a name"})
    EXPECT_EQ(
        decided(std::string("fail: {rules: [") + name + "]}\n", miner()),
        "fail 10\nfail rule [Address without a name] A rule that is asked for: Address without a name (rule "
        "n-1, technique T1095)" +
            kBy + "\n");
}

TEST(Decide, DomainsAndAddressesThatAreNotAllowed) {
  EXPECT_EQ(decided("allow: {domains: [pool.example, 203.0.113.0/24]}\n", clean()), "pass 0\n");
  EXPECT_EQ(decided("allow: {domains: [POOL.example., 203.0.113.7]}\n", clean()), "pass 0\n");
  EXPECT_EQ(decided("allow: {domains: [\"*.example\", 203.0.113.7]}\n", clean()), "pass 0\n");
  EXPECT_EQ(
      decided("allow: {domains: [\"*.pool.example\", example, 203.0.113.6]}\n", clean()),
      "fail 10\n"
      "fail domain [pool.example] pool.example was contacted by /usr/bin/xmrig, brought by layer 2 of 2, "
      "COPY "
      "xmrig /usr/bin, and is none of the domains allowed.\n"
      "fail domain [203.0.113.7] 203.0.113.7 was contacted by /usr/bin/xmrig, brought by layer 2 of 2, COPY "
      "xmrig /usr/bin, and is none of the domains allowed.\n");
  EXPECT_EQ(decided("allow: {domains: [pool.example], otherwise: warn}\n", clean()).substr(0, 7), "warn 0\n");
  Report quiet = clean();
  quiet.dns_names.clear();
  quiet.network.clear();
  EXPECT_EQ(decided("allow: {domains: []}\n", quiet), "pass 0\n");
}

TEST(Decide, WhatTheSimulatedInternetMadeUpIsNobodyThatWasContacted) {
  Report report = clean();
  report.network = {peer("198.18.4.5", 443), peer("172.17.0.1", 53),    peer("172.17.0.2", 80),
                    peer("127.0.0.1", 80),   peer("224.0.0.251", 5353), peer("2001:2::9", 443)};
  EXPECT_EQ(decided("allow: {domains: [pool.example]}\n", report), "pass 0\n");
}

TEST(Decide, ANameThatAClientClaimsIsNotOneThatItAskedFor) {
  Report report = clean();
  report.dns_names = {"update.example"};
  report.network = {
      peer("203.0.113.66", 443, "update.example")};  // by SNI, at an address that DNS never gave
  std::string policy = "allow: {domains: [update.example]}\n";
  EXPECT_EQ(decided(policy, report).substr(0, 35), "fail 10\nfail domain [203.0.113.66] ");
  report.network = {peer("169.254.169.254", 80, "metadata.google.internal")};
  EXPECT_EQ(decided("allow: {domains: [update.example, metadata.google.internal]}\n", report).substr(0, 38),
            "fail 10\nfail domain [169.254.169.254] ");
  report.dns_names.push_back("metadata.google.internal");
  EXPECT_EQ(decided("allow: {domains: [update.example, metadata.google.internal]}\n", report), "pass 0\n");
  // Let out, a name has an address of the real network.
  report.header.job.network = NetworkMode::egress;
  report.network = {peer("203.0.113.66", 443, "update.example")};
  EXPECT_EQ(decided("allow: {domains: [update.example, metadata.google.internal]}\n", report), "pass 0\n");
}

TEST(Decide, PortsAndUsersThatAreNotAllowed) {
  EXPECT_EQ(decided("allow: {ports: [tcp/8000-8099]}\n", clean()), "pass 0\n");
  EXPECT_EQ(decided("allow: {ports: [udp/8080, tcp/80]}\n", clean()),
            "fail 10\nfail listener [tcp/8080] tcp/8080 was listened on by /usr/bin/xmrig, brought by layer "
            "2 of 2, "
            "COPY xmrig /usr/bin, and is none of the ports allowed.\n");
  EXPECT_EQ(decided("allow: {users: [0, 1000]}\n", clean()), "pass 0\n");
  EXPECT_EQ(
      decided("allow: {users: [nonroot]}\n", clean()),
      "fail 10\nfail user [0] uid 0 was used by /entry.sh, brought by layer 2 of 2, COPY xmrig /usr/bin, and "
      "is none of the users allowed.\n");
  Report ours = clean();
  ours.processes[0].provoked = true;  // a step of ours, not the image's choice; nor what it starts
  EXPECT_EQ(decided("allow: {users: [nonroot]}\n", ours), "pass 0\n");
  ours.processes[1].parent = 1;
  ours.processes[1].uid = 0;
  EXPECT_EQ(decided("allow: {users: [nonroot]}\n", ours), "pass 0\n");
}

TEST(Decide, WhatAStepOfTheRunPlanLedToCountsAndIsToldSo) {
  Report report = clean();
  report.processes[1].provoked = true;
  report.plan = {{"cron", "/etc/cron.d/x", "done", 0, 7, 1, -1}};
  EXPECT_EQ(
      decided("allow: {domains: [203.0.113.7]}\n", report),
      "fail 10\nfail domain [pool.example] pool.example was contacted by /usr/bin/xmrig after the step cron "
      "/etc/cron.d/x: done 0, brought by layer 2 of 2, COPY xmrig /usr/bin, and is none of the domains "
      "allowed.\n");
}

TEST(Decide, ExactNamesAndPortsAreComparedWhereFactsStandForSeveral) {
  Report report = clean();
  report.dns_names = {"d111111abcdef8.cloudfront.example"};  // looks drawn: a fact says *.cloudfront.example
  report.network.clear();
  report.listening = {"tcp/50051"};  // and tcp/high
  EXPECT_EQ(decided("allow: {domains: [d111111abcdef8.cloudfront.example], ports: [tcp/50051]}\n", report),
            "pass 0\n");
  EXPECT_EQ(decided("allow: {domains: [d222222abcdef8.cloudfront.example], ports: [tcp/50052]}\n", report)
                .substr(0, 8),
            "fail 10\n");
}

TEST(Decide, AListThatWasCutFailsWhatIsHeldAgainstIt) {
  Report report = clean();
  report.network_left_out = report.processes_left_out = 1;
  EXPECT_EQ(
      decided("allow: {domains: [pool.example, 203.0.113.7], users: [0-1000]}\n", report),
      "fail 10\n"
      "fail domain [] There were more than the report has room for, so that not all could be held against "
      "the "
      "domains allowed.\n"
      "fail user [] There were more than the report has room for, so that not all could be held against the "
      "users allowed.\n");
}

TEST(Decide, WhatIsNewSinceThePreviousDigest) {
  Report report = clean();
  Comparison previous{"previous", "s", "r", "sha256:cc", {}, {}, 0},
      base{"base", "s", "r", "sha256:bb", {}, {}, 0};
  previous.added = {{"domain", "evil.example", "/usr/bin/curl", "sha256:ab, COPY xmrig /usr/bin"},
                    {"listener", "tcp/4444", "", ""},
                    {"file_area", "/var/lib/x/*", "", ""}};
  previous.gone = {{"domain", "old.example", "", ""}};
  base.added = {{"domain", "app.example", "", ""}};
  report.compared = {previous, base};
  EXPECT_EQ(decided("changes: {domain: warn, listener: fail, file_area: pass, user: fail}\n", report),
            "fail 10\n"
            "fail change [tcp/4444] New since the previous digest sha256:cc: listener tcp/4444.\n"
            "warn change [evil.example] New since the previous digest sha256:cc: domain evil.example, by "
            "/usr/bin/curl, brought by layer 2 of 2, COPY xmrig /usr/bin.\n");
  EXPECT_EQ(decided("changes: {domain: fail}\n", clean()), "pass 0\n");
  EXPECT_EQ(decided("require: {comparison: true}\n", clean()),
            "fail 11\nfail comparison [] There is no scan of a previous digest to compare this one with.\n");
  EXPECT_EQ(decided("require: {comparison: true}\n", report), "pass 0\n");
}

TEST(Decide, HowGoodAScanMustBe) {
  EXPECT_EQ(decided("require: {coverage: 25%}\n", clean()), "pass 0\n");
  EXPECT_EQ(
      decided("require: {coverage: 25.1%}\n", clean()),
      "fail 11\nfail coverage [25%] 25% of the image's executables ran (2 of 8), and 25.1% must have.\n");
  Report uncounted = clean();
  uncounted.footer.coverage = {};
  EXPECT_EQ(
      decided("require: {coverage: 1%}\n", uncounted),
      "fail 11\nfail coverage [] The image's executables were not counted, and 1% of them must have run.\n");
  int64_t week = 7 * 86400;
  EXPECT_EQ(decided("require: {scanned_within: 7d}\n", clean(), kNow - week), "pass 0\n");
  EXPECT_EQ(decided("require: {scanned_within: 7d}\n", clean(), kNow - week - 86400),
            "fail 11\nfail age [8 days] The scan is 8 days old, and must be no older than 7 days.\n");
  EXPECT_EQ(decided("require: {scanned_within: 7d}\n", clean(), 0),
            "fail 11\nfail age [] When the scan ended is not known, and must be no older than 7 days.\n");
  Report lossy = miner();
  lossy.completeness.complete = false;
  lossy.completeness.reasons = {"source seccheck lost 3 of 13 events"};
  EXPECT_EQ(decided("require: {complete_trace: true}\n", lossy),
            "fail 11\nfail completeness [] Not everything was seen: source seccheck lost 3 of 13 events; a "
            "complete "
            "trace is required.\n");
}

TEST(Decide, WhatIsInconclusiveOrHasNoResultByPolicy) {
  Report report = clean();
  report.verdict = Verdict::inconclusive;
  report.shortfall = "the program ended at once";
  EXPECT_EQ(decided("fail: {verdict: malicious}\n", report),
            "fail 11\nfail verdict [inconclusive] The verdict is inconclusive: the program ended at once.\n");
  EXPECT_EQ(decided("fail: {verdict: malicious}\ninconclusive: warn\n", report).substr(0, 7), "warn 0\n");
  EXPECT_EQ(decided("fail: {verdict: malicious}\ninconclusive: pass\n", report), "pass 0\n");
  EXPECT_EQ(decided("fail: {categories: [miner]}\n", report).substr(0, 8), "fail 11\n");
  auto unscanned = [](const std::string& policy) {
    return shown(decide_unscanned(policy_of(policy), "app:1", "the scan failed: pull: denied", kNow));
  };
  EXPECT_EQ(unscanned("fail: {verdict: malicious}\n"),
            "fail 11\nfail unscanned [] There is no result of this image: the scan failed: pull: denied.\n");
  EXPECT_EQ(unscanned("fail: {verdict: malicious}\nunscanned: warn\n").substr(0, 7), "warn 0\n");
  EXPECT_EQ(unscanned("fail: {verdict: malicious}\nunscanned: pass\n"), "pass 0\n");
}

TEST(Decide, FailuresAndWhatIsTooLittleKnownTogetherAreAFailure) {
  Report report = miner();
  report.completeness.complete = false;
  EXPECT_EQ(decided("require: {complete_trace: true}\nfail: {score: 90}\n", report).substr(0, 8),
            "fail 10\n");
  std::vector<Decision> both(2);
  both[0] = decide_unscanned(policy_of("fail: {score: 90}\n"), "a", "not known", kNow);
  both[1] = decide(policy_of("fail: {score: 90}\n"), clean(), kNow);
  EXPECT_EQ(exit_code(both), 11);
  EXPECT_EQ(worst(both), Outcome::fail);
  both[1] = decide(policy_of("fail: {score: 90}\n"), miner(), kNow);
  EXPECT_EQ(exit_code(both), 10);
  EXPECT_EQ(exit_code({}), 0);
  EXPECT_EQ(worst({}), Outcome::pass);
}

TEST(Decide, IsBoundedAndCountsWhatItDoesNotTell) {
  Report report = clean();
  report.dns_names.clear();
  for (int i = 0; i < 900; ++i) report.dns_names.push_back("n" + std::to_string(i) + ".example");
  Decision decision = decide(policy_of("allow: {domains: []}\n"), report, kNow);
  ASSERT_EQ(decision.reasons.size(), 51u);
  EXPECT_EQ(decision.reasons.back().text, "852 more of the check domain are not told one by one.");
  EXPECT_EQ(decision.outcome, Outcome::fail);
}

TEST(Decide, IsTheSameForTheSameReportPolicyAndTime) {
  std::string policy = "fail: {verdict: suspicious, techniques: [T1496]}\nallow: {domains: [], ports: []}\n";
  EXPECT_EQ(decided(policy, miner()), decided(policy, miner()));
  auto once = parse_report(report_json(miner()));
  ASSERT_TRUE(once);
  auto again = parse_report(report_json(*once));
  ASSERT_TRUE(again);
  EXPECT_EQ(decided(policy, *again), decided(policy, *once));
}

}  // namespace
}  // namespace assay::decisions
