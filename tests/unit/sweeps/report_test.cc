// The morning report of a night in a store: what is new, what changed, what failed and was not reached, and
// the text that people read. The night is that of docs/sweeps.md, which shows the same bytes.
#include "scheduler/sweeps/report.h"

#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "common/clock.h"
#include "scheduler/scan_codec.h"
#include "scheduler/score/text_layout.h"
#include "tests/unit/scheduler/keep_samples.h"
#include "tests/unit/scheduler/memory_store.h"

namespace assay::sweeps {
namespace {

constexpr int64_t kSecond = 1'000'000'000;
constexpr int64_t kLastNight = 1'795'917'600, kTonight = kLastNight + 86400;  // 2026-11-29, 30, 02:00 UTC
constexpr const char *kOlder = "20261129T020000-00000001", *kRun = "20261130T020000-00000002";

class SweepReport : public testing::Test {
 protected:
  struct Did {
    std::vector<std::string> findings, names;
    std::string path = "/usr/bin/app";
  };

  static RunRecord run(const std::string& id, int64_t start_s) {
    RunRecord r;
    r.run_id = id;
    r.sweep = "nightly";
    r.why = "schedule";
    r.rules_version = "rules-1";
    r.state = RunState::done;
    r.started_ns = start_s * kSecond;
    r.listed_ns = r.started_ns + 600 * kSecond;
    r.ended_ns = r.started_ns + 4 * 3600 * kSecond;
    r.deadline_s = start_s + 4 * 3600;
    r.listed_all = true;
    r.spec.name = "nightly";
    return r;
  }

  // A scan that has ended, with its report; its id.
  std::string scan(const std::string& verdict, int score, const std::string& digest, const Did& did) {
    ScanRecord r;
    char id[32];
    std::snprintf(id, sizeof id, "20261130T0301%02d-%08x", scans_ % 60, scans_);
    ++scans_;
    r.scan_id = id;
    r.state = ScanState::done;
    r.verdict = verdict;
    r.score = score;
    r.digest = digest;
    r.leased_ns = kTonight * kSecond;
    r.finished_ns = r.leased_ns + 90 * kSecond;
    assay::Report report;
    for (const auto& title : did.findings) report.findings.emplace_back().title = title;
    report.dns_names = did.names;
    report.dns_first_ns.assign(did.names.size(), 1);
    for (Verdict one : {Verdict::clean, Verdict::suspicious, Verdict::malicious, Verdict::inconclusive})
      if (verdict == to_string(one)) report.verdict = one;
    report.score = score;
    report.processes.emplace_back().path = did.path;
    keep_scan(r);
    EXPECT_TRUE(store_.write({{Family::reports, r.scan_id + "/report", assay::report_json(report)}}));
    return r.scan_id;
  }
  void keep_scan(const ScanRecord& r) {
    EXPECT_TRUE(store_.write({{Family::scans, r.scan_id, encode_scan(r)}}));
  }

  static Item item(const std::string& tag, const std::string& digest, Outcome outcome,
                   const std::string& scan_id, const std::string& reason = "") {
    Item i;
    i.tag = tag;
    i.digest = digest;
    i.outcome = outcome;
    i.scan_id = scan_id;
    i.reason = reason;
    return i;
  }
  void put_repository(const std::string& run_id, const std::string& name, std::vector<Item> items,
                      RepositoryState state = RepositoryState::done, const std::string& reason = "") {
    RepositoryRecord r;
    r.host = "registry.example";
    r.name = name;
    r.state = state;
    r.reason = reason;
    r.items = std::move(items);
    EXPECT_TRUE(store_.write({put(run_id, r)}));
  }

  void a_night();
  Report make(const RunRecord& of, const std::optional<RunRecord>& previous) {
    auto made = make_report(keep_, records_, of, previous);
    EXPECT_TRUE(made) << made.error().what;
    return made ? std::move(*made) : Report{};
  }
  static std::string names(const Listed<ReportItem>& list) {
    std::string out;
    for (const auto& one : list.items)
      out += one.image.substr(one.image.rfind('/') + 1) +
             (one.was_verdict.empty() ? "" : "<" + one.was_verdict) + " ";
    return out;
  }

  MemoryStore store_;
  Keep keep_{store_};
  Records records_{store_};
  RunRecord previous_ = run(kOlder, kLastNight), run_ = run(kRun, kTonight);
  int scans_ = 0;
};

void SweepReport::a_night() {
  const Did quiet{{}, {"deb.example"}, "/usr/bin/app"};
  const Did miner{{"A miner was started", "A mining pool was spoken to", "A file was fetched and run",
                   "Cron was changed"},
                  {"deb.example", "pool.evil.test"},
                  "/tmp/xmrig"};
  std::string web_old = scan("clean", 2, "sha256:a1", quiet),
              web_new = scan("malicious", 97, "sha256:a2", miner);
  std::string db = scan("malicious", 88, "sha256:b1", miner);
  std::string api_old = scan("clean", 4, "sha256:c1", quiet);
  std::string api_new =
      scan("clean", 4, "sha256:c2", {{}, {"deb.example", "telemetry.example"}, "/usr/bin/app"});
  std::string tool = scan("suspicious", 41, "sha256:d1", {{"Credentials were read"}, {}, "/usr/bin/tool"});
  std::string slow = scan("inconclusive", 0, "sha256:e1", {});
  ScanRecord broken;
  broken.scan_id = "20261130T030200-000000ff";
  broken.state = ScanState::failed;
  broken.leased_ns = kTonight * kSecond;
  broken.finished_ns = broken.leased_ns + 90 * kSecond;
  broken.error = "registry.example/team/legacy:1: layer 2 is larger than 8 GiB";
  keep_scan(broken);
  run_.trouble = {"mirror.example: connection refused; is it running, and is the port right?"};
  run_.listed_all = false;
  EXPECT_TRUE(store_.write({put(previous_), put(run_)}));
  put_repository(kOlder, "team/web", {item("1.4", "sha256:a1", Outcome::submitted, web_old)});
  put_repository(kOlder, "team/db", {item("16", "sha256:b1", Outcome::submitted, db)});
  put_repository(kOlder, "team/api", {item("latest", "sha256:c1", Outcome::submitted, api_old)});
  put_repository(kRun, "team/web",
                 {item("1.4", "sha256:a2", Outcome::submitted, web_new),
                  item("1.4.0", "sha256:a2", Outcome::same, web_new)});
  put_repository(kRun, "team/db", {item("16", "sha256:b1", Outcome::known, db)});
  put_repository(kRun, "team/api", {item("latest", "sha256:c2", Outcome::submitted, api_new)});
  put_repository(kRun, "team/tool", {item("2", "sha256:d1", Outcome::submitted, tool)});
  put_repository(kRun, "team/slow", {item("1", "sha256:e1", Outcome::submitted, slow)});
  put_repository(kRun, "team/legacy", {item("1", "sha256:f1", Outcome::submitted, broken.scan_id)});
  const std::string late = "the run's deadline passed before its scan began";
  std::vector<Item> waiting;
  for (int i = 0; i < 120; ++i)
    waiting.push_back(item("build-" + std::to_string(i), "", Outcome::not_reached, "", late));
  put_repository(kRun, "team/builds", std::move(waiting));
  put_repository(kRun, "old/closed", {}, RepositoryState::failed,
                 "registry.example/old/closed: the registry answered 401: authentication required");
  put_repository(kRun, "old/gone", {}, RepositoryState::failed,
                 "registry.example/old/gone: the registry answered 401: authentication required");
}

TEST_F(SweepReport, PutsEachImageWhereItBelongs) {
  a_night();
  Report r = make(run_, previous_);
  EXPECT_EQ(names(r.new_malicious), "web:1.4<clean web:1.4.0 ");
  EXPECT_EQ(names(r.still_malicious), "db:16<malicious ");
  EXPECT_EQ(names(r.new_suspicious), "tool:2 ");
  EXPECT_EQ(names(r.changed), "api:latest<clean ");
  EXPECT_EQ(names(r.inconclusive), "slow:1 ");
  EXPECT_EQ(names(r.failed), "closed gone legacy:1 ");
  EXPECT_EQ(r.not_reached.items.size(), 120u);
  EXPECT_EQ(r.late, 120u);
  EXPECT_EQ(r.failed_by_reason,
            (std::map<std::string, uint64_t>{{"layer 2 is larger than 8 GiB", 1},
                                             {"the registry answered 401: authentication required", 2}}));
  EXPECT_EQ(r.not_reached_by_reason,
            (std::map<std::string, uint64_t>{{"the run's deadline passed before its scan began", 120}}));
  EXPECT_EQ(r.repositories, 9u);
  EXPECT_EQ(r.images, 127u);
  EXPECT_EQ(r.scanned, 5u);
  EXPECT_EQ(r.known, 1u);
  EXPECT_EQ(r.same, 1u);
  EXPECT_EQ(diff_text(*r.changed.items.at(0).changes, 80), "+ domain      telemetry.example\n");
  EXPECT_EQ(r.new_malicious.items[0].headline,
            "A miner was started; A mining pool was spoken to; A file was fetched and run; and 1 more");
}

TEST_F(SweepReport, IsTheSameEachTimeAndFitsItsWidth) {
  a_night();
  Report one = make(run_, previous_), two = make(run_, previous_);
  EXPECT_EQ(report_json(one), report_json(two));
  for (size_t width : {60u, 80u, 120u}) {
    std::string text = report_text(one, width);
    EXPECT_EQ(text, report_text(two, width));
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) EXPECT_LE(layout::columns(line), width) << line;
  }
}

// The page shows what the program says.
TEST_F(SweepReport, IsTheExampleOfTheDocumentation) {
  a_night();
  std::string text = report_text(make(run_, previous_), 100);
  std::ifstream file(std::string(ASSAY_SOURCE_DIR) + "/docs/sweeps.md");
  std::string page((std::istreambuf_iterator<char>(file)), {});
  EXPECT_NE(page.find("```\n" + text + "```\n"), std::string::npos) << "docs/sweeps.md should show\n" << text;
}

TEST_F(SweepReport, JsonHasItAll) {
  a_night();
  auto json = nlohmann::json::parse(report_json(make(run_, previous_)));
  EXPECT_EQ(json["schema"], "assay.sweep-report/1");
  EXPECT_EQ(json["new_malicious"]["count"], 2);
  const auto& first = json["new_malicious"]["items"][0];
  EXPECT_EQ(first["image"], "registry.example/team/web:1.4");
  EXPECT_EQ(first["was_verdict"], "clean");
  EXPECT_EQ(first["changes"]["schema"], "assay.diff/2");
  EXPECT_EQ(json["not_reached"]["count"], 120);
  EXPECT_EQ(json["deadline_s"], kTonight + 4 * 3600);
  EXPECT_EQ(json["trouble"].size(), 1u);
}

// One verdict is kept of a scan; what new rules made of it is new.
TEST_F(SweepReport, WhatNewRulesFoundIsNew) {
  std::string id = scan("malicious", 80, "sha256:1", {{"Found"}, {}, "/a"});
  auto say = [&](Outcome outcome, const std::string& was, const std::string& rules) {
    run_.rules_version = rules;
    put_repository(kOlder, "a", {item("1", "sha256:1", Outcome::submitted, id)});
    Item now = item("1", "sha256:1", outcome, id);
    now.was_verdict = was;
    put_repository(kRun, "a", {now});
    Report r = make(run_, previous_);
    return "new " + names(r.new_malicious) + "still " + names(r.still_malicious);
  };
  EXPECT_EQ(say(Outcome::rescored, "clean", "rules-2"), "new a:1<clean still ");
  EXPECT_EQ(say(Outcome::rescored, "malicious", "rules-2"), "new still a:1<malicious ");
  EXPECT_EQ(say(Outcome::known, "", "rules-2"), "new a:1 still ");
  EXPECT_EQ(say(Outcome::known, "", "rules-1"), "new still a:1<malicious ");
}

TEST_F(SweepReport, LooksFurtherBackForAName) {
  std::string before = scan("suspicious", 40, "sha256:1", {{"Seen"}, {}, "/a"});
  std::string now = scan("suspicious", 40, "sha256:2", {{"Seen"}, {}, "/b"});
  EXPECT_TRUE(store_.write({put(run("20261127T020000-00000009", kLastNight)), put(previous_), put(run_)}));
  put_repository("20261127T020000-00000009", "a", {item("1", "sha256:1", Outcome::submitted, before)});
  put_repository(kOlder, "a", {item("1", "", Outcome::not_reached, "", "deadline")});
  put_repository(kRun, "a", {item("1", "sha256:2", Outcome::submitted, now)});
  Report r = make(run_, previous_);
  EXPECT_EQ(names(r.new_suspicious), "");
  EXPECT_EQ(names(r.changed), "a:1<suspicious ");
  EXPECT_EQ(diff_text(*r.changed.items.at(0).changes, 80), "+ executable  /b\n- executable  /a\n");
}

TEST_F(SweepReport, SaysWhatIsKeptNoMore) {
  std::string before = scan("clean", 0, "sha256:1", {}), now = scan("clean", 0, "sha256:2", {});
  put_repository(kOlder, "a", {item("1", "sha256:1", Outcome::submitted, before)});
  put_repository(kRun, "a",
                 {item("1", "sha256:2", Outcome::submitted, now),
                  item("2", "sha256:3", Outcome::known, "20261101T000000-00000000")});
  EXPECT_TRUE(store_.write({{Family::reports, before + "/report", "", true}}));
  Report r = make(run_, previous_);
  EXPECT_EQ(r.not_compared, 1u);
  EXPECT_EQ(r.gone, 1u);
}

TEST_F(SweepReport, IsBounded) {
  std::vector<Item> items;
  for (int i = 0; i < 3000; ++i)
    items.push_back(
        item("t" + std::to_string(i), "", Outcome::failed, "", "odd reason " + std::string(1 + i % 90, 'x')));
  put_repository(kRun, "a", std::move(items));
  Report r = make(run_, std::nullopt);
  EXPECT_EQ(r.failed.items.size(), kMaxListed);
  EXPECT_EQ(r.failed.more, 2000u);
  EXPECT_EQ(r.failed_by_reason.size(), kMaxReasons + 1);
  EXPECT_LT(report_text(r, 80).size(), 100'000u);
}

}  // namespace
}  // namespace assay::sweeps
