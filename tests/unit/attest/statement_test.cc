// What is said of a report, whole; and what is read back of it.
#include "attest/statement.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tests/unit/attest/attested.h"

namespace assay::attest {
namespace {

using nlohmann::json;

const std::string kDigest = Digest::of("manifest").str();

Attesting attesting(const decisions::Decision* decision = nullptr) {
  return {"registry.example/team/app", "{\"the\": \"report\"}", "", decision, kNow_s - 60, kNow_s};
}

TEST(Statement, SaysAllThatADecisionNeeds) {
  auto text = statement_json(report_of(kDigest, Verdict::malicious), attesting());
  ASSERT_TRUE(text) << text.error().what;
  std::string expected =
      R"({"_type":"https://in-toto.io/Statement/v1","subject":[{"name":"registry.example/team/app",)"
      R"("digest":{"sha256":")" +
      kDigest.substr(7) +
      R"("}}],"predicateType":"https://in-toto.io/attestation/test-result/v0.1","predicate":{"result":"FAILED",)"
      R"("configuration":[{"name":"assay detection rules","digest":{"sha256":")" +
      std::string(64, 'e') +
      R"("}}],"passedTests":["completeness"],"warnedTests":[],"failedTests":["verdict"],"assayVerdict":{)"
      R"("schema":"assay.verdict/1","verdict":"malicious","score":88,"attestedOn":"2026-11-30T00:53:20.000Z",)"
      R"("scan":{"id":"20261129T210000-0badc0de","ref":"registry.example/team/app:1.0",)"
      R"("startedOn":"2026-11-30T00:43:20.000Z","durationMs":30000,"network":"sinkhole","persona":"bare",)"
      R"("provoked":true,"architecture":"amd64","os":"linux","finishedOn":"2026-11-30T00:52:20.000Z"},)"
      R"("tracer":"0.9","runtime":"runsc-20240729.0","rules":")" +
      std::string(64, 'e') + R"(","reportSha256":")" + Digest::of("{\"the\": \"report\"}").hex() +
      R"(","completeness":{"complete":true,"reasons":[]},)"
      R"("coverage":{"executables":100,"ran":50,"ranByItself":40},"shortfall":"","findingsLeftOut":0,)"
      R"("findings":[{"ruleId":"11111111-2222-5333-8444-555555555555","title":"Miner started",)"
      R"("level":"critical","category":"miner","techniques":["T1496"],"count":3,"layer":"sha256:aa RUN x"}]}}})";
  EXPECT_EQ(*text, expected);
}

TEST(Statement, TheVerdictIsTheResultUnlessAPolicyDecided) {
  auto result = [](Verdict verdict, const decisions::Decision* decision) {
    auto text = statement_json(report_of(kDigest, verdict), attesting(decision));
    json predicate = json::parse(*text)["predicate"];
    return predicate["result"].get<std::string>() + " " + predicate["passedTests"].dump() +
           predicate["warnedTests"].dump() + predicate["failedTests"].dump();
  };
  EXPECT_EQ(result(Verdict::clean, nullptr), R"(PASSED ["verdict","completeness"][][])");
  EXPECT_EQ(result(Verdict::suspicious, nullptr), R"(WARNED ["completeness"]["verdict"][])");
  EXPECT_EQ(result(Verdict::inconclusive, nullptr), R"(FAILED ["completeness"][]["verdict"])");
  decisions::Decision decision;
  decision.policy = "prod";
  decision.policy_sha256 = std::string(64, 'a');
  decision.decided_s = kNow_s;
  decision.outcome = decisions::Outcome::fail;
  decisions::Reason reason;
  reason.check = "domain";
  reason.subject = "pool.example";
  decision.reasons = {reason};
  reason.subject = "known.example";
  reason.waived = decisions::Waiver{"domain", "", {}, "jo", "known", kNow_s + 1};
  decision.reasons.push_back(reason);
  EXPECT_EQ(
      result(Verdict::clean, &decision),
      R"(FAILED ["verdict","completeness"]["domain: known.example"]["policy prod","domain: pool.example"])");
  decision.outcome = decisions::Outcome::pass;
  decision.reasons.erase(decision.reasons.begin());
  EXPECT_EQ(result(Verdict::malicious, &decision),
            R"(PASSED ["completeness","policy prod"]["domain: known.example","verdict"][])");
  json said = json::parse(*statement_json(report_of(kDigest, Verdict::malicious), attesting(&decision)));
  json policy = said["predicate"]["assayVerdict"]["policy"];
  EXPECT_EQ(policy["name"], "prod");
  EXPECT_EQ(policy["outcome"], "pass");
  EXPECT_EQ(policy["reasons"][0]["waivedBy"], "jo");
  EXPECT_EQ(said["predicate"]["configuration"][1]["digest"]["sha256"], std::string(64, 'a'));
}

TEST(Statement, IsBoundedWhateverTheImageSays) {
  Report report = report_of(kDigest, Verdict::malicious);
  report.findings[0].title = "x\x1b[31m" + std::string(100'000, 'y');
  for (int i = 0; i < 1000; ++i) report.findings.push_back(report.findings[0]);
  std::string text = *statement_json(report, attesting());
  EXPECT_LT(text.size(), 400'000u);
  EXPECT_EQ(text.find('\x1b'), text.npos);
  EXPECT_EQ(json::parse(text)["predicate"]["assayVerdict"]["findingsLeftOut"], 801);
  EXPECT_TRUE(parse_statement(text, "it"));
  report.header.image.digest = "";
  EXPECT_EQ(statement_json(report, attesting()).error().code, Errc::invalid);
}

TEST(Statement, IsReadBack) {
  auto said = parse_statement(*statement_json(report_of(kDigest, Verdict::malicious), attesting()), "it");
  ASSERT_TRUE(said) << said.error().what;
  EXPECT_TRUE(said->says_verdict);
  EXPECT_TRUE(said->about(kDigest));
  EXPECT_FALSE(said->about(Digest::of("other").str()));
  EXPECT_EQ(said->result, TestResult::failed);
  EXPECT_EQ(said->verdict, Verdict::malicious);
  EXPECT_EQ(said->score, 88);
  EXPECT_EQ(said->started_s, kNow_s - 600);
  EXPECT_EQ(said->attested_s, kNow_s);
  EXPECT_EQ(said->failed_tests, std::vector<std::string>{"verdict"});
}

TEST(Statement, WhatIsOfAnotherKindSaysNoVerdict) {
  auto other =
      parse_statement(R"({"_type": "https://in-toto.io/Statement/v1", "subject": [{"digest": {"sha1": "x"}}],
                                   "predicateType": "https://slsa.dev/provenance/v1", "predicate": {}})",
                      "it");
  ASSERT_TRUE(other) << other.error().what;
  EXPECT_FALSE(other->says_verdict);
  EXPECT_TRUE(other->digests.empty());
  auto fault = [](const std::string& text) {
    auto parsed = parse_statement(text, "it");
    return parsed ? "fine" : parsed.error().what;
  };
  std::string good = *statement_json(report_of(kDigest, Verdict::clean), attesting());
  auto with = [&](const std::string& from, const std::string& to) {
    std::string text = good;
    text.replace(text.find(from), from.size(), to);
    return fault(text);
  };
  EXPECT_EQ(with("Statement/v1", "Statement/v2"),
            "it is no in-toto Statement v1 but 'https://in-toto.io/Statement/v2'");
  EXPECT_EQ(with("PASSED", "passed"), "it: its result is neither PASSED, WARNED nor FAILED");
  EXPECT_EQ(with("\"score\":5", "\"score\":500"), "it: its verdict: 'score' is no number from 0 to 100");
  EXPECT_EQ(with("\"score\":5", "\"score\":\"5\""), "it: its verdict: 'score' is no number from 0 to 100");
  EXPECT_EQ(with("assay.verdict/1", "assay.verdict/2"), "it: its verdict: 'schema' is not assay.verdict/1");
  EXPECT_EQ(with("\"verdict\":\"clean\"", "\"verdict\":\"fine\""), "it: its verdict: 'verdict' is none");
  EXPECT_EQ(with("\"scan\":{", "\"scam\":{"), "it: its scan is missing");
  EXPECT_EQ(with("\"score\":5", "\"score\":5,\"score\":5"), "it has 'score' twice in one object");
}

}  // namespace
}  // namespace assay::attest
