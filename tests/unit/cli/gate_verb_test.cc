// assay gate on a farm: what it asks, prints, writes and returns.
#include "tests/unit/cli/gate_kit.h"
#include "tests/unit/cli/verbs_fixture.h"

namespace assay::cli {
namespace {

const std::string kFirst = "20261125T031500-00000001", kSecond = "20261125T031500-00000002";

class GateVerb : public VerbsTest {
 protected:
  std::string done(const std::string& id) { return event_text("state", id, R"("state":"done")"); }
  void answers(const std::string& id, const std::string& ref, const std::string& state,
               const std::string& error = "") {
    api_.get("/v1/scans/" + id, scan_json(id, ref, state, "", 0, "", error));
  }
  void reports(const std::string& id, const std::string& ref, Verdict verdict) {
    api_.get("/v1/scans/" + id + "/report", gate_report(ref, verdict));
  }
  std::string policy(const std::string& text = kNoMiners) { return file("policy.yml", text); }
  std::string read(const std::string& name) {
    auto text = read_file(dir_.path() / name, 1 << 20);
    return text ? *text : text.error().what;
  }
};

TEST_F(GateVerb, MalignantImageFailsWithItsReasonsFirst) {
  takes_scans();
  api_.events(done(kFirst));
  reports(kFirst, "miner", Verdict::malicious);
  api_.start();
  Said said = run(gate, {"miner", "--policy", policy()});
  EXPECT_EQ(said.code, kAtGate) << said.err;
  EXPECT_TRUE(said.out.starts_with("FAIL  miner: The verdict is malicious, with a score of 95")) << said.out;
  for (std::string text :
       {"Talks to a mining pool", "T1496.001", "assay report 20261120T000000-000000aa --server ",
        "waivers:", "- rule: \"Talks to a mining pool\"", "images: [\"miner\"]"})
    EXPECT_NE(said.out.find(text), std::string::npos) << text << "\n" << said.out;
  json body = json::parse(api_.requests()[0].substr(15));
  EXPECT_EQ(body["scans"], json::parse(R"([{"ref":"miner","lane":"gate","persona":"bare"}])"));
}

TEST_F(GateVerb, CleanImagePassesAndTheDecisionIsOnWhatWasAsked) {
  takes_scans();
  api_.events(done(kFirst));
  reports(kFirst, "another/name:of-the-same-digest", Verdict::clean);
  api_.start();
  Said said = run(gate, {"nginx", "--policy", policy(), "--format", "json"});
  EXPECT_EQ(said.code, kBelowGate) << said.err;
  json decision = json::parse(said.out)["decisions"][0];
  EXPECT_EQ(decision["outcome"], "pass");
  EXPECT_EQ(decision["ref"], "nginx");
}

TEST_F(GateVerb, EveryFormIsWrittenWholeAndReplacesWhatWasThere) {
  takes_scans();
  api_.events(done(kFirst));
  reports(kFirst, "miner", Verdict::malicious);
  api_.start();
  Args args{"miner", "--policy", policy()};
  file("text.out", "of the last build");
  for (std::string form : {"text", "json", "junit", "sarif", "markdown"})
    args.insert(args.end(), {"--output", form + "=" + (dir_.path() / (form + ".out")).string()});
  EXPECT_EQ(run(gate, args).code, kAtGate);
  EXPECT_TRUE(read("text.out").starts_with("FAIL")) << read("text.out");
  EXPECT_EQ(json::parse(read("json.out"))["schema"], "assay.decisions/1");
  EXPECT_NE(read("junit.out").find("<failure "), std::string::npos) << read("junit.out");
  EXPECT_EQ(json::parse(read("sarif.out"))["version"], "2.1.0");
  EXPECT_NE(read("markdown.out").find("FAIL"), std::string::npos);
}

TEST_F(GateVerb, SummaryIsAppended) {
  takes_scans();
  api_.events(done(kFirst));
  reports(kFirst, "nginx", Verdict::clean);
  api_.start();
  EXPECT_EQ(run(gate, {"nginx", "--policy", policy(), "--summary"}).code, kUsage) << "no GitHub here";
  std::string path = file("summary.md", "# Build\n");
  ::setenv("GITHUB_STEP_SUMMARY", path.c_str(), 1);
  EXPECT_EQ(run(gate, {"nginx", "--policy", policy(), "--summary"}).code, kBelowGate);
  ::unsetenv("GITHUB_STEP_SUMMARY");
  EXPECT_TRUE(read("summary.md").starts_with("# Build\n\n## Assay: PASS")) << read("summary.md");
}

TEST_F(GateVerb, FailedScanIsUnscannedByThePolicy) {
  takes_scans();
  std::string failed = R"("state":"failed","error":"no such image")";
  api_.events(event_text("state", kFirst, failed) + event_text("state", kSecond, failed));
  api_.start();
  Said said = run(gate, {"nothing", "--policy", policy()});
  EXPECT_EQ(said.code, kInconclusive) << said.out;
  EXPECT_NE(said.out.find("no such image"), std::string::npos) << said.out;
  EXPECT_EQ(run(gate, {"nothing", "--policy", policy(kNoMiners + "unscanned: warn\n")}).code, kBelowGate);
}

// Lines that were broken for want of room are whole again.
std::string unwrapped(const std::string& text) {
  std::istringstream words(text);
  std::string out;
  for (std::string word; words >> word;) out += (out.empty() ? "" : " ") + word;
  return out;
}

TEST_F(GateVerb, WhatIsNotDoneInTimeIsUnscannedAndTheRestDecided) {
  takes_scans();
  answers(kFirst, "miner", "leased");
  answers(kSecond, "slow", "leased");
  api_.events(done(kFirst));
  reports(kFirst, "miner", Verdict::malicious);
  api_.start();
  auto before = std::chrono::steady_clock::now();
  Said said = run(gate, {"miner", "slow", "--policy", policy(), "--timeout", "1500ms"});
  EXPECT_LT(std::chrono::steady_clock::now() - before, std::chrono::seconds(30));
  EXPECT_EQ(said.code, kAtGate) << said.err;
  EXPECT_NE(said.out.find("not done within 1500ms"), std::string::npos) << said.out;
  EXPECT_NE(unwrapped(said.out).find("assay watch " + kSecond), std::string::npos) << said.out;
  EXPECT_NE(said.out.find("2 of 2 images fail"), std::string::npos) << said.out;
}

TEST_F(GateVerb, WorstPersonaCountsAndIsNamed) {
  takes_scans();
  std::string events;
  for (int i = 1; i <= 4; ++i) {
    std::string id = "20261125T031500-0000000" + std::to_string(i);
    answers(id, "wary", "leased");
    events += done(id);
    reports(id, "wary", i == 3 ? Verdict::malicious : Verdict::clean);  // the third is ci
  }
  api_.events(events);
  api_.start();
  Said said = run(gate, {"wary", "--policy", policy(), "--persona", "all", "--format", "json"});
  EXPECT_EQ(said.code, kAtGate) << said.err;
  json decisions = json::parse(said.out)["decisions"];
  ASSERT_EQ(decisions.size(), 1u);
  EXPECT_EQ(decisions[0]["verdict"], "malicious");
  for (const json& reason : decisions[0]["reasons"])
    EXPECT_NE(reason["text"].get<std::string>().find("(as ci, scan "), std::string::npos) << reason;
}

TEST_F(GateVerb, WrongPolicyIsSaidBeforeAnythingIsAsked) {
  takes_scans();
  api_.start();
  Said said = run(gate, {"nginx", "--policy", policy(policy_text("fale: {verdict: malicious}\n"))});
  EXPECT_EQ(said.code, kUsage);
  EXPECT_NE(said.err.find("policy.yml"), std::string::npos) << said.err;
  EXPECT_NE(said.err.find("fale"), std::string::npos) << said.err;
  EXPECT_EQ(run(gate, {"nginx"}).code, kUsage);
  EXPECT_EQ(run(gate, {"--policy", policy()}).code, kUsage);
  EXPECT_EQ(run(gate, {"nginx", "--policy", policy(), "--output", "junit"}).code, kUsage);
  EXPECT_EQ(run(gate, {"nginx", "--policy", policy(), "--output", "pdf=x.pdf"}).code, kUsage);
  EXPECT_EQ(run(gate, {"nginx", "--policy", policy(), "--output", "junit=/nowhere/x.xml"}).code, kUsage);
  EXPECT_EQ(run(gate, {"nginx", "--policy", policy(), "--rules", "rules"}).code, kUsage);
  EXPECT_EQ(run(gate, {"nginx", "--policy", policy(), "--known-only", "--fresh"}).code, kUsage);
  EXPECT_TRUE(api_.requests().empty());
}

TEST_F(GateVerb, KnownDigestIsDecidedOnWithoutAScan) {
  takes_scans();
  api_.server().Get("/v1/scans", [](const httplib::Request& request, httplib::Response& response) {
    bool known = request.get_param_value("digest") == kDigest;
    std::string scan = R"({"scan_id":")" + kFirst + R"(","ref":"x","state":"done","persona":"bare"})";
    FakeApi::answer(response, R"({"scans":[)" + (known ? scan : "") + R"(],"next":null})");
  });
  reports(kFirst, "x", Verdict::malicious);
  api_.start();
  Said said = run(gate, {"team/app@" + kDigest, "--policy", policy(), "--known-only"});
  EXPECT_EQ(said.code, kAtGate) << said.err << said.out;
  for (const auto& request : api_.requests()) EXPECT_FALSE(request.starts_with("POST")) << request;
}

TEST_F(GateVerb, UnknownDigestOfASilentRegistryIsUnscanned) {
  api_.get("/v1/scans", R"({"scans":[],"next":null})");
  api_.start();
  Said said =
      run(gate, {"127.0.0.1:1/app@" + kDigest, "127.0.0.1:1/app:1", "--policy", policy(), "--known-only"});
  EXPECT_EQ(said.code, kInconclusive) << said.err;
  EXPECT_NE(unwrapped(said.out).find("no result of " + kDigest + " is kept"), std::string::npos) << said.out;
  EXPECT_NE(unwrapped(said.out).find("what it means now cannot be looked up"), std::string::npos) << said.out;
  EXPECT_EQ(run(gate, {"oci-archive:x.tar", "--policy", policy(), "--known-only"}).code, kUsage);
}

TEST_F(GateVerb, SilentFarmIsAFailureNotADecision) {
  Said said = run(gate, {"nginx", "--policy", policy(), "--server", "http://127.0.0.1:1"}, false);
  EXPECT_EQ(said.code, kFailed);
  EXPECT_EQ(said.out, "");
}

}  // namespace
}  // namespace assay::cli
