// assay diff: images named by scans, references and digests, of a local store and of a farm; what their
// difference is to a script.
#include <filesystem>

#include "scheduler/api/records_json.h"
#include "scheduler/keep.h"
#include "scheduler/score/report.h"
#include "tests/unit/cli/verbs_fixture.h"

namespace assay::cli {
namespace {

std::string sha(char digit) { return "sha256:" + std::string(64, digit); }

class DiffVerb : public VerbsTest {
 protected:
  std::string data() const { return dir_.path() / "data"; }
  struct Scan {
    std::string id, ref;
    char digest = 'a';
    std::vector<std::string> names;
    Persona persona = Persona::bare;
  };
  static Report report(const Scan& scan) {
    Report out;
    out.header.scan_id = scan.id;
    out.header.job.ref = scan.ref;
    out.header.job.persona = scan.persona;
    out.header.image.digest = sha(scan.digest);
    out.dns_names = scan.names;
    out.verdict = Verdict::clean;
    return out;
  }
  static ScanRecord record(const Scan& scan, ScanState state = ScanState::done) {
    ScanRecord out;
    out.scan_id = scan.id;
    out.submission.job = report(scan).header.job;
    out.state = state;
    out.digest = sha(scan.digest);
    out.verdict = "clean";
    return out;
  }
  void add(const Scan& scan, std::vector<Comparison> compared = {}) {
    auto store = Store::open(data() + "/store", Store::Mode::read_write);
    ASSERT_TRUE(store) << store.error().what;
    ScanRecord queued = record(scan, ScanState::queued);
    Report kept = report(scan);
    kept.compared = std::move(compared);
    ASSERT_TRUE((*(*store)->commit({Keep::submitted(queued)}))[0]);
    ASSERT_TRUE(
        (*(*store)->commit({Keep::reported(queued, record(scan), report_json(kept), traits_of(kept))}))[0]);
  }
  /// "+ KIND WHAT" and "- KIND WHAT" of each, then the exit code.
  std::string changes(Args args, bool farm = false) {
    args.insert(args.end(), {"--format", "json"});
    if (!farm) args.insert(args.end(), {"--data", data()});
    Said said = run(diff, args, farm);
    if (said.code != kBelowGate && said.code != kAtGate) return std::to_string(said.code) + " " + said.err;
    json all = json::parse(said.out);
    std::string out;
    for (const auto& [sign, list] : {std::pair{"+ ", "added"}, {"- ", "gone"}})
      for (const json& one : all[list])
        out += sign + one["kind"].get<std::string>() + " " + one["what"].get<std::string>() + "; ";
    return out + std::to_string(said.code);
  }
};

TEST_F(DiffVerb, TwoScansOfAFarmByTheirIds) {
  Report other = report({kScan2, "reg.test/app:2", 'b', {"a.test"}});
  Finding finding;
  finding.rule_id = "11111111-2222-5333-8444-555555555555";
  finding.title = "Miner \x1b[31mstarted";
  finding.level = "high";
  other.findings.push_back(finding);
  other.verdict = Verdict::malicious;
  api_.get("/v1/scans/" + kScan1 + "/report",
           report_json(report({kScan1, "reg.test/app:1", 'a', {"a.test"}})));
  api_.get("/v1/scans/" + kScan2 + "/report", report_json(other));
  api_.get("/v1/scans/" + kScan3 + "/report", "{}");
  api_.start();
  EXPECT_EQ(run(diff, {kScan1, kScan1}).code, kBelowGate);
  Said said = run(diff, {kScan1, kScan2});
  EXPECT_EQ(said.code, kAtGate) << said.err;
  EXPECT_NE(said.out.find("clean -> malicious"), std::string::npos) << said.out;
  EXPECT_NE(said.out.find("started"), std::string::npos) << said.out;
  EXPECT_EQ(said.out.find('\x1b'), std::string::npos);
  json all = json::parse(run(diff, {kScan1, kScan2, "--format", "json"}).out);
  EXPECT_EQ(all["schema"], "assay.diff/2");
  EXPECT_EQ(all["before"]["verdict"], "clean");
  EXPECT_EQ(all["after"]["verdict"], "malicious");
  EXPECT_EQ(all["added"].size(), 1u);
  EXPECT_EQ(run(diff, {kScan1, kScan3}).code, kFailed) << "no report of ours";
}

TEST_F(DiffVerb, ReferencesAndDigestsMeanTheirNewestScans) {
  add({"20261125T031500-00000001", "reg.test/app:1", 'a', {"a.test"}});
  add({"20261125T031500-00000002", "reg.test/app:1", 'a', {"b.test"}});
  add({"20261125T031500-00000003", "reg.test/app:1", 'a', {"c.test"}, Persona::cloud});
  add({"20261125T031500-00000004", "reg.test/app:1", 'a', {"d.test"}});
  add({"20261125T031500-00000005", "reg.test/app:2", 'b', {"a.test", "b.test", "c.test", "d.test"}});
  add({"20261125T031500-00000006", "reg.test/apple:1", 'c', {}});
  // What any scan of the earlier image did is not new; those under another persona are not asked.
  for (const std::string& before : {std::string("reg.test/app:1"), sha('a'), "reg.test/app@" + sha('a')})
    for (const std::string& after :
         {std::string("reg.test/app:2"), sha('b'), std::string("20261125T031500-00000005")})
      EXPECT_EQ(changes({before, after}), "+ domain c.test; 10") << before << " " << after;
  EXPECT_EQ(changes({"20261125T031500-00000004", "reg.test/app:2"}),
            "+ domain a.test; + domain b.test; + domain c.test; 10");
  EXPECT_EQ(changes({"reg.test/app:2", "reg.test/app:2"}), "0");
}

TEST_F(DiffVerb, WithOneImageTellsWhatItsReportSaysOfThePreviousOne) {
  add({kScan1, "reg.test/app:1", 'a', {"a.test"}});
  Comparison base{"base", kScan1, "reg.test/base:1", sha('d'), {{"domain", "base.test", "", ""}}, {}, 0};
  Comparison previous{"previous", kScan1, "reg.test/app:1", sha('a'), {{"domain", "b.test", "/bin/b", ""}},
                      {},         0};
  add({kScan2, "reg.test/app:2", 'b', {"b.test"}}, {previous, base});
  EXPECT_EQ(changes({"reg.test/app:2"}), "+ domain b.test; 10");
  EXPECT_EQ(changes({kScan2}), "+ domain b.test; 10");
  std::string none = changes({"reg.test/app:1"});
  EXPECT_TRUE(none.starts_with("1 ") && none.find("no earlier image") != none.npos) << none;
}

TEST_F(DiffVerb, AFarmIsAskedForTheNewestScansOfAReference) {
  Scan old_scan{kScan1, "reg.test/app:1", 'a', {"a.test"}},
      new_scan{kScan2, "reg.test/app:2", 'b', {"b.test"}};
  api_.server().Get("/v1/search", [&](const httplib::Request& request, httplib::Response& response) {
    api_.note(request);
    bool is_new = request.get_param_value("repository") == "reg.test/app:2";
    FakeApi::answer(response, "{\"hits\": [" + api::scan_json(record(is_new ? new_scan : old_scan)) + "]}");
  });
  for (const Scan& scan : {old_scan, new_scan})
    api_.get("/v1/scans/" + scan.id + "/report", report_json(report(scan)));
  api_.start();
  EXPECT_EQ(changes({"reg.test/app:1", "reg.test/app:2"}, true), "+ domain b.test; - domain a.test; 10");
  EXPECT_EQ(api_.requests().at(0), "GET /v1/search?repository=reg.test%2Fapp%3A1&limit=50");
}

TEST_F(DiffVerb, WhatNamesNoScanIsRefusedByName) {
  add({kScan1, "reg.test/app:1", 'a', {}});
  auto said = [&](Args args) {
    args.insert(args.end(), {"--data", data()});
    Said one = run(diff, args, false);
    return std::to_string(one.code) + " " + one.err;
  };
  for (const auto& [word, code, what] : {std::tuple{"reg.test/app:9", "1", "no scan of reg.test/app:9"},
                                         {"Not A Ref", "2", "Not A Ref"},
                                         {"oci-archive:/x.tar", "2", "is an archive"},
                                         {kScan3.c_str(), "1", kScan3.c_str()}}) {
    std::string one = said({"reg.test/app:1", word});
    EXPECT_TRUE(one.starts_with(code) && one.find(what) != one.npos) << one;
  }
  EXPECT_TRUE(said({}).starts_with("2"));
  EXPECT_TRUE(said({"a", "b", "c"}).starts_with("2"));
}

}  // namespace
}  // namespace assay::cli
