// Rules are read again while the loop goes on; wrong ones change nothing.
#include <atomic>

#include "scheduler/ask.h"
#include "tests/unit/scheduler/server_fixture.h"

namespace assay {
namespace {

const std::string kRule =
    "title: New\nlevel: low\nlogsource: {category: process_creation}\n"
    "detection: {s: {Image: /bin/true}, condition: s}\n";

class ReloadTest : public ServerTest {
 protected:
  /// The version of the rules that a scan is scored with now.
  std::string version_of_next_scan(const std::string& ref) {
    Socket c = client();
    Socket a = agent("agent-" + ref, "i-" + ref);
    std::string id = submit(c, of("oci:/tmp/" + ref));
    want(a);
    ship(a, expect<wire::Lease>(a), ref[0]);
    auto finished = expect<wire::Finished>(c);
    EXPECT_EQ(finished.scan_id, id);
    auto report = parse_report(finished.report);
    return report ? report->rules_version : report.error().what;
  }
};

TEST_F(ReloadTest, NewRulesScoreWhatComesAfter) {
  auto gate = make_event();
  ASSERT_TRUE(gate);
  config_.reload = [fd = gate->get()]() -> Result<Reload> {
    std::vector<WaitFor> items{WaitFor(fd)};
    ASSAY_CHECK(wait(items, milliseconds(20'000)));
    ASSAY_TRY(auto rules, RuleSet::compile({{"new.yml", kRule}}));
    Reload fresh;
    fresh.rules = std::make_unique<RuleSet>(std::move(rules));
    return fresh;
  };
  start();
  EXPECT_EQ(version_of_next_scan("a"), rules_->version());
  Socket asker = client(), other = client();
  say(asker, wire::Ask{std::string(ask::kReload), "{}"});
  ask(other, ask::kQueue);  // answered although the rules are still being read
  EXPECT_EQ(version_of_next_scan("b"), rules_->version());
  raise_event(gate->get());
  EXPECT_EQ(expect<wire::Answer>(asker).status, 200u);
  EXPECT_EQ(version_of_next_scan("c"), RuleSet::compile({{"new.yml", kRule}})->version());
}

TEST_F(ReloadTest, WrongRulesAreNamedAndTheOldStay) {
  config_.reload = []() -> Result<Reload> {
    ASSAY_TRY(auto rules, RuleSet::compile({{"bad.yml", "title: T\n"}}));
    return Reload();
  };
  start();
  Socket c = client();
  say(c, wire::Ask{std::string(ask::kReload), "{}"});
  auto answer = expect<wire::Answer>(c);
  EXPECT_GE(answer.status, 400u);
  EXPECT_NE(answer.body.find("bad.yml"), std::string::npos) << answer.body;
  EXPECT_EQ(version_of_next_scan("a"), rules_->version());
}

// Who asks while one is under way wants what is on disk now, not what that one has read already.
TEST_F(ReloadTest, AskedAgainMeanwhileItIsReadAgain) {
  auto gate = make_event(), begun = make_event();
  ASSERT_TRUE(gate && begun);
  std::atomic<int> reads = 0;
  config_.reload = [&, fd = gate->get(), told = begun->get()]() -> Result<Reload> {
    ++reads;
    raise_event(told);
    std::vector<WaitFor> items{WaitFor(fd)};
    ASSAY_CHECK(wait(items, milliseconds(20'000)));
    return Reload();
  };
  start();
  Socket first = client(), second = client();
  say(first, wire::Ask{std::string(ask::kReload), "{}"});
  std::vector<WaitFor> items{WaitFor(begun->get())};
  ASSERT_TRUE(wait(items, milliseconds(20'000)));
  say(second, wire::Ask{std::string(ask::kReload), "{}"});
  ask(second, ask::kQueue);  // so that both have been heard
  raise_event(gate->get());
  EXPECT_EQ(expect<wire::Answer>(first).status, 200u);
  EXPECT_EQ(expect<wire::Answer>(second).status, 200u);
  stop();
  EXPECT_EQ(reads, 2);
}

}  // namespace
}  // namespace assay
