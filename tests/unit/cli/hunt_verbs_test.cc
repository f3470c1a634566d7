// assay hunt and assay rescore, over a store of this host and over a farm's API: what they choose, print,
// write and return.
#include "cli/chosen_rules.h"
#include "common/fd.h"
#include "tests/unit/cli/verbs_fixture.h"
#include "tests/unit/scheduler/replay.h"

namespace assay::cli {
namespace {

const std::string kA = replay::id_of(1), kB = replay::id_of(2), kC = replay::id_of(3);

const char* const kNginx = R"(
title: Nginx runs
id: 3d5d5e0e-0c6c-4b8f-9d1e-0a52d65d7d01
logsource: {category: process_creation}
level: critical
tags: [attack.t1059.004]
detection:
  s: {Image|endswith: nginx}
  condition: s
)";

class HuntVerbs : public VerbsTest {
 protected:
  void SetUp() override {
    VerbsTest::SetUp();
    ::setenv("ASSAY_RULES", ASSAY_SOURCE_DIR "/rules", 1);
    rule_ = file("nginx.yml", kNginx);
    data_ = (dir_.path() / "data").string();
    std::filesystem::create_directories(data_);
    auto store = open(Store::Mode::read_write);
    ASSERT_TRUE(Keep(*store).upgrade());
    auto none = RuleSet::compile({});
    replay::keep(*store, kA, replay::read("nginx"), *none);
    replay::keep(*store, kB, replay::read("miner"), *none);
    replay::share(*store, kC, kA);
  }
  void TearDown() override {
    ::unsetenv("ASSAY_RULES");
    VerbsTest::TearDown();
  }
  std::unique_ptr<Store> open(Store::Mode mode) { return std::move(*Store::open(data_ + "/store", mode)); }
  Said here(int (*verb)(const Args&), Args args) {
    args.insert(args.end(), {"--data", data_});
    return run(verb, args, false);
  }
  std::string rules_dir() {
    std::filesystem::create_directories(dir_.path() / "set");
    EXPECT_TRUE(write_file(dir_.path() / "set/nginx.yml", kNginx));
    return dir_.path() / "set";
  }
  std::string rule_, data_;
};

TEST_F(HuntVerbs, HuntTellsScanRuleAndFirstEvidence) {
  Said said = here(hunt, {"--rules", rule_, "--threads", "1"});
  EXPECT_EQ(said.code, kAtGate) << said.err;
  EXPECT_TRUE(said.out.starts_with(kC + "  2026-11-25 ")) << said.out;
  EXPECT_NE(said.out.find("    Nginx runs, "), std::string::npos) << said.out;
  EXPECT_NE(said.out.find("; event "), std::string::npos) << said.out;
  EXPECT_NE(said.out.find("    the same result: " + kA + "\n"), std::string::npos) << said.out;
  EXPECT_NE(said.out.find("1 match in 2 traces, "), std::string::npos) << said.out;
  EXPECT_NE(said.out.find("of 3 scans not looked through: 1 with the result of another\n"), std::string::npos)
      << said.out;
  EXPECT_EQ(said.out.find(kB), std::string::npos);
}

TEST_F(HuntVerbs, HuntAsJsonIsALineForEachTraceAndASummary) {
  Said said = here(hunt, {"--rules", rule_, "--format", "json"});
  EXPECT_EQ(said.code, kAtGate);
  size_t end = said.out.find('\n');
  json first = json::parse(said.out.substr(0, end)), last = json::parse(said.out.substr(end + 1));
  EXPECT_EQ(first["scan_id"], kC);
  EXPECT_EQ(first["shared_by"], json::array({kA}));
  EXPECT_EQ(first["verdict"], "clean");
  EXPECT_EQ(first["findings"][0]["title"], "Nginx runs");
  EXPECT_GT(first["findings"][0]["first"]["event"], 0);
  EXPECT_EQ(last["summary"]["traces"], 2);
  EXPECT_EQ(last["summary"]["matched"], 1);
  EXPECT_GT(last["summary"]["events"], 1000);
}

TEST_F(HuntVerbs, HuntByFilterAndForNothing) {
  EXPECT_EQ(here(hunt, {"--rules", rule_, "--image", "no-such-image"}).code, kBelowGate);
  EXPECT_EQ(here(hunt, {"--rules", rule_, "--verdict", "malicious"}).code, kBelowGate);
  EXPECT_EQ(here(hunt, {}).code, kUsage);
  EXPECT_EQ(here(hunt, {"--rules", rule_, "--verdict", "bad"}).code, kUsage);
  EXPECT_EQ(here(hunt, {"--rules", rule_, "--threads", "0"}).code, kUsage);
  EXPECT_EQ(here(hunt, {"--rules", "no such rule anywhere"}).code, kFailed);
  EXPECT_EQ(here(hunt, {"--rules", "./not/there.yml"}).code, kFailed);
  Said said = here(hunt, {"--help"});
  EXPECT_EQ(said.code, 0);
  EXPECT_NE(said.out.find("10 found"), std::string::npos);
}

TEST_F(HuntVerbs, RulesAreChosenByWhatTheyAreCalledAndNoMoreIsCompiled) {
  auto by_title = choose_rules("Cron job added");
  ASSERT_TRUE(by_title) << by_title.error().what;
  ASSERT_EQ(by_title->ids.size(), 1u);
  EXPECT_LT(by_title->rules.size(), 10u);
  auto by_id = choose_rules(*by_title->ids.begin());
  ASSERT_TRUE(by_id) << by_id.error().what;
  EXPECT_EQ(by_id->ids, by_title->ids);
}

// Every rule of ours that is a finding by itself can be hunted for alone, with all that it counts.
TEST_F(HuntVerbs, EveryFileOfOursIsEnoughWithWhatItCounts) {
  size_t files = 0, correlations = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(ASSAY_SOURCE_DIR "/rules")) {
    bool rule =
        entry.path().extension() == ".yml" && entry.path().string().find("/cases/") == std::string::npos;
    if (!rule || read_file(entry.path().string(), 1 << 20)->find("correlation:") == std::string::npos)
      continue;
    ++files;
    auto chosen = choose_rules(entry.path());
    EXPECT_TRUE(chosen) << entry.path() << ": " << chosen.error().what;
    correlations += chosen && chosen->rules.size() > chosen->ids.size();
  }
  EXPECT_GT(files, 20u);
  EXPECT_GT(correlations, 5u);
}

TEST_F(HuntVerbs, RescoreListsAndWritesOnlyWhenTold) {
  std::string before = replay::dump(*open(Store::Mode::read_only));
  Said dry = here(rescore, {"--rules", rules_dir()});
  EXPECT_EQ(dry.code, kAtGate) << dry.err;
  EXPECT_TRUE(dry.out.starts_with(kA + "  clean 0 -> malicious ")) << dry.out;
  EXPECT_NE(dry.out.find("    + Nginx runs (critical)\n"), std::string::npos) << dry.out;
  EXPECT_NE(dry.out.find("2 traces evaluated, 1 would change (nothing was written: --apply does)\n"),
            std::string::npos)
      << dry.out;
  EXPECT_EQ(replay::dump(*open(Store::Mode::read_only)), before);
  Said done = here(rescore, {"--rules", rules_dir(), "--apply", "--format", "json"});
  EXPECT_EQ(done.code, kAtGate) << done.err;
  json first = json::parse(done.out.substr(0, done.out.find('\n')));
  EXPECT_EQ(first["scan_id"], kA);
  EXPECT_EQ(first["applied"], true);
  EXPECT_EQ(first["added"][0]["title"], "Nginx runs");
  auto store = open(Store::Mode::read_only);
  EXPECT_EQ(Keep(*store).scan(kA)->verdict, "malicious");
  EXPECT_EQ(Keep(*store).scan(kC)->verdict, "malicious");
  EXPECT_EQ(here(rescore, {"--rules", rules_dir(), "--apply"}).code, kBelowGate);
}

TEST_F(HuntVerbs, RescoreBesideASchedulerSaysHow) {
  auto writer = open(Store::Mode::read_write);
  EXPECT_EQ(here(rescore, {"--rules", rules_dir()}).code, kAtGate);
  Said said = here(rescore, {"--rules", rules_dir(), "--apply"});
  EXPECT_EQ(said.code, kFailed);
  EXPECT_NE(said.err.find("--server"), std::string::npos) << said.err;
}

TEST_F(HuntVerbs, RescoreOfAFarmAsksFirstAndOrdersWhatChanges) {
  api_.get("/v1/scans", R"({"scans":[)" + scan_json(kScan3, "a", "done", "clean") + "," +
                            scan_json(kScan2, "b", "done", "clean") + "," + scan_json(kScan1, "c", "failed") +
                            R"(],"next":null})");
  auto body = [](const std::string& id, const std::string& after, bool applied) {
    return R"({"scan_id":")" + id +
           R"(","before":{"verdict":"clean","score":3,"rules":"aa"},"after":{"verdict":")" + after +
           R"(","score":80,"rules":"bb"},"added":[{"rule_id":"r","title":"A \u001b[2J reason","level":"high"}],"removed":[],"applied":)" +
           (applied ? "true" : "false") + "}";
  };
  api_.post("/v1/scans/" + kScan2 + "/rescore", body(kScan2, "malicious", true));
  api_.post("/v1/scans/" + kScan3 + "/rescore", body(kScan3, "clean", false));
  api_.start();
  Said dry = run(rescore, {});
  EXPECT_EQ(dry.code, kAtGate) << dry.err;
  EXPECT_EQ(dry.out, kScan2 +
                         "  clean 3 -> malicious 80  b\n    + A \\x1b[2J reason (high)\n"
                         "2 traces evaluated, 1 would change (nothing was written: --apply does)\n"
                         "not evaluated: 1 not done\n");
  Said done = run(rescore, {"--apply"});
  EXPECT_EQ(done.code, kAtGate) << done.err;
  std::vector<std::string> asked;
  for (const std::string& request : api_.requests())
    if (request.starts_with("POST")) asked.push_back(request.substr(request.find("rescore")));
  EXPECT_EQ(asked, (std::vector<std::string>{R"(rescore {"apply":false})", R"(rescore {"apply":false})",
                                             R"(rescore {"apply":false})", R"(rescore {"apply":false})",
                                             R"(rescore {"apply":true})"}));
  EXPECT_EQ(run(rescore, {"--rules", rules_dir()}).code, kUsage);
}

TEST_F(HuntVerbs, RescoreOfAFarmGoesOnAfterScansWithoutATrace) {
  api_.get("/v1/scans", R"({"scans":[)" + scan_json(kScan3, "a", "done", "clean") + R"(],"next":null})");
  api_.post("/v1/scans/" + kScan3 + "/rescore",
            R"({"error":{"code":"not_found","message":"no trace any more"}})", 404);
  api_.start();
  Said said = run(rescore, {});
  EXPECT_EQ(said.code, kBelowGate) << said.err;
  EXPECT_NE(said.out.find("not evaluated: 1 without a trace any more\n"), std::string::npos) << said.out;
}

}  // namespace
}  // namespace assay::cli
