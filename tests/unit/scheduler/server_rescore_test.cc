// Rescoring on the farm: asked for through the loop, done by the scoring threads, answered once it is on
// disk.
#include "scheduler/ask.h"
#include "tests/unit/scheduler/replay.h"
#include "tests/unit/scheduler/server_fixture.h"

namespace assay {
namespace {

const std::string kA = replay::id_of(1), kB = replay::id_of(2), kC = replay::id_of(3);

const char* const kRule = R"(
title: Nginx runs
id: 3d5d5e0e-0c6c-4b8f-9d1e-0a52d65d7c01
logsource: {category: process_creation}
level: critical
tags: [attack.t1059.004]
detection:
  s: {Image|endswith: nginx}
  condition: s
)";

class ServerRescore : public ServerTest {
 protected:
  void SetUp() override {
    ServerTest::SetUp();
    ASSERT_TRUE(Keep(*store_).upgrade());
    replay::keep(*store_, kA, replay::read("nginx"), *rules_);  // by no rule
    replay::share(*store_, kB, kA);
    auto fresh = RuleSet::compile({{"nginx.yml", kRule}});
    ASSERT_TRUE(fresh) << fresh.error().what;
    *rules_ = std::move(*fresh);
  }
  static nlohmann::json of(const std::string& id, bool apply) { return {{"scan_id", id}, {"apply", apply}}; }
};

TEST_F(ServerRescore, DryRunSaysWhatWouldBeOtherwiseAndWritesNothing) {
  std::string before = replay::dump(*store_);
  start();
  auto asking = client();
  auto said = ask(asking, ask::kRescore, of(kA, false));
  EXPECT_EQ(said["before"]["verdict"], "clean");
  EXPECT_EQ(said["after"]["verdict"], "malicious");
  EXPECT_EQ(said["after"]["rules"], rules_->version());
  EXPECT_EQ(said["added"][0]["title"], "Nginx runs");
  EXPECT_TRUE(said["removed"].empty());
  EXPECT_EQ(said["applied"], false);
  stop();
  EXPECT_EQ(replay::dump(*store_), before);
}

TEST_F(ServerRescore, AppliedItIsOnDiskWhenItIsAnswered) {
  start();
  auto asking = client();
  EXPECT_EQ(ask(asking, ask::kRescore, of(kA, true))["applied"], true);
  EXPECT_EQ(record(kA).verdict, "malicious");
  EXPECT_EQ(record(kA).rules_version, rules_->version());
  EXPECT_EQ(record(kB).verdict, "malicious");
  auto report = parse_report(*Keep(*store_).report(kB));
  ASSERT_TRUE(report);
  EXPECT_EQ(report->verdict, Verdict::malicious);
  std::string after = replay::dump(*store_);
  auto again = ask(asking, ask::kRescore, of(kA, true));
  EXPECT_EQ(again["before"], again["after"]);
  EXPECT_EQ(again["applied"], true);
  EXPECT_EQ(replay::dump(*store_), after);
}

TEST_F(ServerRescore, WhatCannotBeRescoredIsToldApart) {
  ScanRecord failed;
  failed.scan_id = kC;
  failed.submission.job.ref = "oci:/x";
  ScanRecord ended = failed;
  ended.state = ScanState::failed;
  replay::commit(*store_, {Keep::submitted(failed), Keep::moved(failed, ended)});
  start();
  auto asking = client();
  EXPECT_NE(ask(asking, ask::kRescore, of(replay::id_of(77), true), 404).dump().find("not known here"),
            std::string::npos);
  EXPECT_NE(ask(asking, ask::kRescore, of(kC, true), 409).dump().find("is failed"), std::string::npos);
  EXPECT_NE(ask(asking, ask::kRescore, of(kB, true), 409).dump().find(kA), std::string::npos);
  (void)ask(asking, ask::kRescore, of("../x", true), 400);
  // Damaged while nobody looked: told by the thread that reads it.
  stop();
  ASSERT_TRUE(store_->write({{Family::chunks, kA + std::string("\0\0\0\1\0\0\0\0", 8), "damage"}}));
  start();
  auto later = client();
  EXPECT_NE(ask(later, ask::kRescore, of(kA, true), 500).dump().find("chunk 0"), std::string::npos);
  EXPECT_EQ(record(kA).verdict, "clean");
}

TEST_F(ServerRescore, SoManyAtOnceAndEachScanOnce) {
  for (size_t i = 10; i < 30; ++i)
    replay::keep(*store_, replay::id_of(i), replay::read("nginx"), *RuleSet::compile({}));
  start();
  auto asking = client();
  for (size_t i = 10; i < 30; ++i)
    say(asking, wire::Ask{std::string(ask::kRescore), of(replay::id_of(i), true).dump()});
  say(asking, wire::Ask{std::string(ask::kRescore), of(replay::id_of(10), true).dump()});
  std::map<uint32_t, size_t> by_status;
  for (size_t i = 0; i < 21; ++i) ++by_status[expect<wire::Answer>(asking).status];
  EXPECT_GE(by_status[200], 8u);
  EXPECT_EQ(by_status[200] + by_status[429] + by_status[503], 21u);
  EXPECT_GE(by_status[429], 1u);
  // Those that were answered are done; there is room again.
  (void)ask(asking, ask::kRescore, of(replay::id_of(29), true));
  EXPECT_EQ(record(replay::id_of(29)).verdict, "malicious");
}

TEST_F(ServerRescore, ScansGoOnBesideIt) {
  start();
  auto asking = client();
  auto worker = agent();
  for (int i = 0; i < 3; ++i) {
    (void)submit(asking, ServerTest::of("oci:/tmp/" + std::to_string(i)));
    want(worker);
    auto lease = expect<wire::Lease>(worker);
    say(asking, wire::Ask{std::string(ask::kRescore), of(kA, true).dump()});
    ship(worker, lease);
    EXPECT_TRUE(expect<wire::Finished>(asking).ok);
  }
}

TEST_F(ServerRescore, AnswerAfterAReloadIsByTheNewRules) {
  std::string version;
  config_.reload = [&]() -> Result<Reload> {
    ASSAY_TRY(RuleSet none, RuleSet::compile({}));
    Reload fresh;
    version = none.version();
    fresh.rules = std::make_unique<RuleSet>(std::move(none));
    return fresh;
  };
  start();
  auto asking = client();
  EXPECT_EQ(ask(asking, ask::kRescore, of(kA, false))["after"]["verdict"], "malicious");
  (void)ask(asking, ask::kReload);
  auto said = ask(asking, ask::kRescore, of(kA, false));
  EXPECT_EQ(said["after"]["verdict"], "clean");
  EXPECT_EQ(said["after"]["rules"], version);
}

}  // namespace
}  // namespace assay
