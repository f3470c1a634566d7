// Hunting over stored traces: the lean pass finds what a report's does, planted behaviour is found and
// nothing else, and what could not be looked through is told.
#include "scheduler/hunt.h"

#include <gtest/gtest.h>

#include <map>

#include "common/text.h"
#include "scheduler/score/rule.h"
#include "tests/support.h"
#include "tests/unit/scheduler/replay.h"
#include "tests/unit/score/case_reader.h"

namespace assay {
namespace {

const char* const kPlanted = R"(
title: Asks for the planted name
id: 3d5d5e0e-0c6c-4b8f-9d1e-0a52d65d7a01
logsource: {category: dns_query}
level: high
tags: [attack.t1071.004]
detection:
  name: {QueryName|endswith: .planted.example}
  condition: name
)";

RuleSet compile(const std::string& text) {
  auto rules = RuleSet::compile({{"planted.yml", text}});
  EXPECT_TRUE(rules) << rules.error().what;
  return std::move(*rules);
}

// "TITLE xCOUNT #EVENT TEXT" of each, by title.
std::map<std::string, std::string> shown(const std::vector<Finding>& findings) {
  std::map<std::string, std::string> out;
  for (const Finding& f : findings)
    out[f.rule_id] = f.title + " x" + std::to_string(f.count) + " #" +
                     (f.evidence.empty()
                          ? "-"
                          : std::to_string(f.evidence[0].event) + " " + still_printable(f.evidence[0].text));
  return out;
}

std::vector<Finding> lean(const replay::Trace& trace, const RuleSet& rules) {
  Scorer scorer(rules, trace.header, Yield::findings);
  for (const Event& event : trace.events) scorer.add(event);
  return scorer.finish_findings(trace.footer);
}

std::vector<std::pair<std::string, replay::Trace>> all_traces() {
  std::vector<std::pair<std::string, replay::Trace>> out;
  for (const std::string& name : replay::names()) out.emplace_back(name, replay::read(name));
  for (const auto& file :
       std::filesystem::directory_iterator(testing::source_dir() / "tests/unit/score/traces")) {
    replay::Trace trace{testing::test_header(), testing::stored_trace(file.path().stem()), {}};
    trace.footer = testing::test_footer(trace.events.size());
    out.emplace_back(file.path().stem(), std::move(trace));
  }
  return out;
}

TEST(LeanPass, FindsWhatTheWholeOneDoesWithAllRules) {
  for (const auto& [name, trace] : all_traces()) {
    Report report = replay::score(trace, testing::our_rules());
    EXPECT_EQ(shown(lean(trace, testing::our_rules())), shown(report.findings)) << name;
  }
}

// Whatever rules of one category need of the others' state is kept up for them: those of each are held alone,
// so that nothing is kept up for another one's sake, and find what they find among all rules.
TEST(LeanPass, FindsWithTheRulesOfOneCategoryWhatTheyFindAmongAll) {
  auto texts = RuleSet::read(testing::source_dir() / "rules");
  ASSERT_TRUE(texts) << texts.error().what;
  std::map<std::string, std::vector<std::pair<std::string, std::string>>> by_category;
  std::map<std::string, std::set<std::string>> ids;
  for (const auto& [file, text] : texts->rules) {
    std::string category;
    for (const Rule& rule : testing::our_rules().state().rules) {
      if (rule.source != file || !rule.logsource || rule.correlation) continue;
      category = to_string(*rule.logsource);
      if (rule.reports) ids[category].insert(rule.id);
    }
    if (!category.empty() && text.find("correlation:") == std::string::npos)
      by_category[category].emplace_back(file, text);
  }
  ASSERT_GT(by_category.size(), 20u);
  size_t found = 0;
  std::map<std::string, RuleSet> sets;
  for (const auto& [category, some] : by_category) sets.emplace(category, *RuleSet::compile(some));
  for (const auto& [name, trace] : all_traces()) {
    auto all = shown(replay::score(trace, testing::our_rules()).findings);
    for (const auto& [category, rules] : sets) {
      auto matches = shown(lean(trace, rules));
      for (const RuleStatus& rule : rules.statuses()) {
        if (!ids[category].contains(rule.id)) continue;  // counted by others, and no finding among all
        found += matches.contains(rule.id);
        EXPECT_EQ(matches[rule.id], all[rule.id]) << rule.title << " in " << name;
      }
    }
  }
  EXPECT_GT(found, 50u);
}

class HuntTest : public ::testing::Test {
 protected:
  void SetUp() override {
    auto store = Store::open(dir_.path() / "store", Store::Mode::read_write);
    ASSERT_TRUE(store) << store.error().what;
    store_ = std::move(*store);
    ASSERT_TRUE(Keep(*store_).upgrade());
    for (size_t i = 0; i < 20; ++i) add(i, i % 5 == 2 ? "miner" : "nginx");
  }
  void add(size_t number, const std::string& name, const std::string& asks = "") {
    replay::Trace trace = replay::read(name);
    if (!asks.empty()) {
      Event event;
      event.seq = trace.events.back().seq + 1;
      event.time_ns = trace.events.back().time_ns;
      event.kind = EventKind::dns;
      event.plane = Plane::host;
      event.source = Source::flows;
      event.name = asks;
      event.query_type = "A";
      trace.events.push_back(event);
    }
    replay::keep(*store_, replay::id_of(number), trace, none_);
  }
  /// "ID[+SHARER...] TITLE xCOUNT" a line; then the counts.
  std::string hunt_for(HuntOptions options = {}, const RuleSet* rules = nullptr) {
    std::string out;
    HuntSink sink{[&](const HuntMatch& match) {
                    out += match.scan.scan_id;
                    for (const auto& id : match.sharers) out += "+" + id;
                    for (const Finding& f : match.findings)
                      out += " " + f.title + " x" + std::to_string(f.count);
                    out += "\n";
                  },
                  {}};
    auto counts = hunt(Keep(*store_), rules ? *rules : planted_, options, sink);
    EXPECT_TRUE(counts) << counts.error().what;
    if (!counts) return out;
    counts_ = *counts;
    return out + "scans " + std::to_string(counts->scans) + " shared " + std::to_string(counts->shared) +
           " unfinished " + std::to_string(counts->unfinished) + " pruned " + std::to_string(counts->pruned) +
           " damaged " + std::to_string(counts->damaged) + " looked " + std::to_string(counts->looked) +
           " matched " + std::to_string(counts->matched) + (counts->stopped ? " stopped" : "");
  }

  TempDir dir_;
  RuleSet none_ = *RuleSet::compile({});
  RuleSet planted_ = compile(kPlanted);
  std::unique_ptr<Store> store_;
  HuntCounts counts_;
};

TEST_F(HuntTest, FindsWhatWasPlantedAndNothingElseNewestFirst) {
  add(20, "nginx", "a.planted.example");
  add(21, "miner");
  add(22, "thief", "b.planted.example");
  std::string expected = replay::id_of(22) + " Asks for the planted name x1\n" + replay::id_of(20) +
                         " Asks for the planted name x1\n"
                         "scans 23 shared 0 unfinished 0 pruned 0 damaged 0 looked 23 matched 2";
  EXPECT_EQ(hunt_for(), expected);
  uint64_t events = counts_.events;
  HuntOptions several;
  several.threads = 4;
  EXPECT_EQ(hunt_for(several), expected);
  EXPECT_EQ(counts_.events, events);
}

TEST_F(HuntTest, WorksBesideTheWriterOnAStoreOpenedReadOnly) {
  add(20, "nginx", "a.planted.example");
  auto beside = Store::open(dir_.path() / "store", Store::Mode::read_only);
  ASSERT_TRUE(beside) << beside.error().what;
  size_t found = 0;
  auto counts = hunt(Keep(**beside), planted_, {{}, 2, 0, {}}, {[&](const HuntMatch&) { ++found; }, {}});
  ASSERT_TRUE(counts);
  EXPECT_EQ(found, 1u);
}

TEST_F(HuntTest, LooksOnceThroughATraceThatScansShare) {
  add(20, "nginx", "a.planted.example");
  replay::share(*store_, replay::id_of(21), replay::id_of(20));
  replay::share(*store_, replay::id_of(22), replay::id_of(20));
  EXPECT_EQ(hunt_for(), replay::id_of(22) + "+" + replay::id_of(21) + "+" + replay::id_of(20) +
                            " Asks for the planted name x1\n"
                            "scans 23 shared 2 unfinished 0 pruned 0 damaged 0 looked 21 matched 1");
}

TEST_F(HuntTest, FilterSaysWhichScans) {
  add(20, "nginx", "a.planted.example");
  add(21, "nginx", "b.planted.example");
  HuntOptions options;
  auto newest = Keep(*store_).scan(replay::id_of(21));
  ASSERT_TRUE(newest);
  options.filter.until_ns = newest->submitted_ns;
  options.filter.since_ns = newest->submitted_ns - 3'000'000'000;
  EXPECT_EQ(hunt_for(options), replay::id_of(20) +
                                   " Asks for the planted name x1\n"
                                   "scans 3 shared 0 unfinished 0 pruned 0 damaged 0 looked 3 matched 1");
}

TEST_F(HuntTest, LimitEndsItAfterSoManyTraces) {
  for (size_t i = 20; i < 40; ++i) add(i, "nginx", "a.planted.example");
  HuntOptions options;
  options.limit = 3;
  options.threads = 3;
  EXPECT_EQ(hunt_for(options),
            replay::id_of(39) + " Asks for the planted name x1\n" + replay::id_of(38) +
                " Asks for the planted name x1\n" + replay::id_of(37) +
                " Asks for the planted name x1\n"
                "scans 40 shared 0 unfinished 0 pruned 0 damaged 0 looked 3 matched 3 stopped");
}

TEST_F(HuntTest, WhatCouldNotBeLookedThroughIsCountedAndHidesNothing) {
  add(20, "nginx", "a.planted.example");
  ScanRecord queued;
  queued.scan_id = replay::id_of(23);
  queued.submission.job.ref = "oci:/x";
  replay::commit(*store_, {Keep::submitted(queued)});
  // One whose trace was taken by retention, one that a disk damaged, and a record that cannot be read.
  ASSERT_TRUE(store_->write({{Family::reports, replay::id_of(3) + "/header", "", true}}));
  std::string chunk = replay::id_of(4) + std::string("\0\0\0\1\0\0\0\0", 8);
  ASSERT_TRUE(store_->get(Family::chunks, chunk));
  ASSERT_TRUE(store_->write({{Family::chunks, chunk, "damage"}}));
  ASSERT_TRUE(store_->write({{Family::scans, replay::id_of(24), "damage"}}));
  EXPECT_EQ(hunt_for(), replay::id_of(20) +
                            " Asks for the planted name x1\n"
                            "scans 22 shared 0 unfinished 1 pruned 1 damaged 1 looked 19 matched 1");
  EXPECT_NE(counts_.first_damage.find("scan " + replay::id_of(4) + ", chunk 0"), std::string::npos)
      << counts_.first_damage;
  EXPECT_NE(counts_.records_damage.find(replay::id_of(24)), std::string::npos) << counts_.records_damage;
}

TEST_F(HuntTest, OnlyRulesThatWereAskedForCount) {
  HuntOptions options;
  options.rule_ids = {"no such rule"};
  add(20, "nginx", "a.planted.example");
  EXPECT_EQ(hunt_for(options), "scans 21 shared 0 unfinished 0 pruned 0 damaged 0 looked 21 matched 0");
}

TEST_F(HuntTest, EndsWhenItIsTold) {
  add(20, "nginx", "a.planted.example");
  size_t told = 0;
  auto counts = hunt(Keep(*store_), planted_, {{}, 2, 0, {}},
                     {[](const HuntMatch&) {},
                      [&](const HuntCounts&, uint64_t traces) {
                        EXPECT_EQ(traces, 21u);
                        return ++told < 5;
                      }});
  ASSERT_TRUE(counts);
  EXPECT_EQ(told, 5u);
  EXPECT_TRUE(counts->stopped);
  EXPECT_EQ(counts->looked, 5u);
}

}  // namespace
}  // namespace assay
