// Records of sweeps in a store: written, read, listed in order, removed; and what is damaged.
#include "scheduler/sweeps/records.h"

#include <gtest/gtest.h>

#include "tests/unit/scheduler/memory_store.h"

namespace assay::sweeps {
namespace {

constexpr const char* kRun1 = "20261128T020000-00000001";
constexpr const char* kRun2 = "20261129T020000-00000002";

Spec spec(const std::string& name) {
  auto read = read_spec(R"({"name": ")" + name + R"(", "sources": [{"registry": "r.example"}], "newest": 3})");
  EXPECT_TRUE(read);
  return read ? *read : Spec{};
}

RunRecord run(const std::string& id, const std::string& sweep) {
  RunRecord r;
  r.run_id = id;
  r.sweep = sweep;
  r.tenant = "t";
  r.spec = spec(sweep);
  r.rules_version = "abc";
  r.why = "schedule";
  r.state = RunState::stopped;
  r.started_ns = 1;
  r.listed_ns = 2;
  r.ended_ns = 3;
  r.deadline_s = 4;
  r.trouble = {"r.example: it is down"};
  r.listed_all = true;
  return r;
}

RepositoryRecord repository(const std::string& name) {
  RepositoryRecord r;
  r.host = "r.example:5000";
  r.name = name;
  r.source = 2;
  r.state = RepositoryState::failed;
  r.reason = "denied";
  r.left_out = 5;
  r.undated = 6;
  r.items.push_back({"1.0", "sha256:aa", "linux/arm64/v8", Persona::cloud, 7, Outcome::rescored, "id", "why", "clean"});
  r.items.push_back({"", "", "", Persona::bare, 0, Outcome::not_reached, "", "deadline", ""});
  return r;
}

std::string str(const RunRecord& r) {
  std::string out = r.run_id + " " + r.sweep + " " + r.tenant + " " + spec_json(r.spec) + " " + r.rules_version + " " +
                    r.why + " " + to_string(r.state);
  for (int64_t n : {r.started_ns, r.listed_ns, r.ended_ns, r.deadline_s.value_or(-1)}) out += " " + std::to_string(n);
  for (const auto& line : r.trouble) out += " [" + line + "]";
  return out + (r.listed_all ? " all" : "");
}

std::string str(const RepositoryRecord& r) {
  std::string out = r.host + "/" + r.name + " " + std::to_string(r.source) + " " + to_string(r.state) + " " + r.reason +
                    " " + std::to_string(r.left_out) + " " + std::to_string(r.undated);
  for (const Item& i : r.items)
    out += " [" + i.tag + "," + i.digest + "," + i.platform + "," + assay::to_string(i.persona) + "," +
           std::to_string(i.pushed_ns) + "," + to_string(i.outcome) + "," + i.scan_id + "," + i.reason + "," +
           i.was_verdict + "]";
  return out;
}

class SweepRecords : public testing::Test {
 protected:
  void write(std::vector<StoreOp> ops) { ASSERT_TRUE(store_.write(std::move(ops))); }
  std::string runs(const std::string& sweep) {
    std::string out;
    Status read = records_.each_run(sweep, [&](const RunRecord& r) { return out += r.run_id + " ", true; });
    return out + (read ? "" : read.error().what);
  }
  std::string repositories(const std::string& run_id) {
    std::string out;
    Status read =
        records_.each_repository(run_id, [&](const RepositoryRecord& r) { return out += r.name + " ", true; });
    return out + (read ? "" : read.error().what);
  }

  MemoryStore store_;
  Records records_{store_};
};

TEST_F(SweepRecords, AreReadAsTheyWereWritten) {
  SweepRecord sweep{spec("nightly"), "tenant", true, 11, 12, kRun1};
  write({put(sweep), put(run(kRun1, "nightly")), put(kRun1, repository("team/app"))});
  auto read = records_.sweep("nightly");
  ASSERT_TRUE(read) << read.error().what;
  EXPECT_EQ(spec_json(read->spec), spec_json(sweep.spec));
  EXPECT_EQ(read->tenant, "tenant");
  EXPECT_TRUE(read->paused);
  EXPECT_EQ(read->created_ns, 11);
  EXPECT_EQ(read->last_due_s, 12);
  EXPECT_EQ(read->running, kRun1);
  auto one = records_.run("nightly", kRun1);
  ASSERT_TRUE(one) << one.error().what;
  EXPECT_EQ(str(*one), str(run(kRun1, "nightly")));
  auto place = records_.repository(kRun1, "r.example:5000", "team/app");
  ASSERT_TRUE(place) << place.error().what;
  EXPECT_EQ(str(*place), str(repository("team/app")));
}

TEST_F(SweepRecords, RunsAreListedNewestFirstAndOfTheirOwnSweep) {
  write({put(run(kRun1, "a")), put(run(kRun2, "a")), put(run(kRun1, "a.b"))});
  EXPECT_EQ(runs("a"), std::string(kRun2) + " " + kRun1 + " ");
  EXPECT_EQ(runs("a.b"), std::string(kRun1) + " ");
  EXPECT_EQ(runs("b"), "");
}

TEST_F(SweepRecords, ARunGoesWithItsRepositories) {
  write({put(run(kRun1, "a")), put(run(kRun2, "a"))});
  for (const char* id : {kRun1, kRun2}) write({put(id, repository("x")), put(id, repository("y/z"))});
  write(remove_run("a", kRun1));
  EXPECT_EQ(runs("a"), std::string(kRun2) + " ");
  EXPECT_EQ(repositories(kRun1), "");
  EXPECT_EQ(repositories(kRun2), "x y/z ");
  SweepRecord sweep{spec("a"), "", false, 0, 0, ""};
  write({put(sweep)});
  write({remove_sweep("a")});
  EXPECT_FALSE(records_.sweep("a"));
}

TEST_F(SweepRecords, NameWhatIsNotThere) {
  EXPECT_EQ(records_.sweep("gone").error().what, "there is no sweep 'gone'; `assay sweep list` shows those that there are");
  EXPECT_EQ(records_.sweep("gone").error().code, Errc::not_found);
  EXPECT_EQ(records_.run("a", "x").error().what, "sweep 'a' has no run 'x'");
  EXPECT_EQ(records_.repository("x", "h", "n").error().what, "run 'x' has no repository 'h/n'");
}

TEST_F(SweepRecords, OneDamagedDoesNotHideTheOthers) {
  write({put(kRun1, repository("a")), {Family::sweeps, std::string("p/") + kRun1 + "/h/b", "{\"state\": \"odd\"}"},
         put(kRun1, repository("c"))});
  EXPECT_EQ(repositories(kRun1), std::string("a c the store's record 'p/") + kRun1 + "/h/b': state 'odd' is not known");
  write({{Family::sweeps, "s/bad", "{"}});
  auto bad = records_.sweep("bad");
  EXPECT_EQ(bad.error().code, Errc::corrupt);
  EXPECT_EQ(bad.error().what, "the store's record 's/bad': it is not a JSON object");
}

// A specification that rules which came later would refuse is still read.
TEST_F(SweepRecords, KeepASpecificationAsItWas) {
  SweepRecord sweep{spec("a"), "", false, 0, 0, ""};
  sweep.spec.time_zone = "Europe/Atlantis";
  write({put(sweep)});
  auto read = records_.sweep("a");
  ASSERT_TRUE(read) << read.error().what;
  EXPECT_EQ(read->spec.time_zone, "Europe/Atlantis");
}

TEST_F(SweepRecords, TakeBytesOfAnyKind) {
  RepositoryRecord odd = repository("x");
  odd.reason = "said \xff\xfe";
  RunRecord loud = run(kRun1, "a");
  loud.trouble.assign(300, std::string(9000, '\xff'));
  loud.trouble[0].clear();
  write({put(kRun1, odd), put(loud)});
  auto place = records_.repository(kRun1, "r.example:5000", "x");
  ASSERT_TRUE(place) << place.error().what;
  EXPECT_EQ(place->reason, "said \xef\xbf\xbd\xef\xbf\xbd");
  auto read = records_.run("a", kRun1);
  ASSERT_TRUE(read) << read.error().what;
  EXPECT_EQ(read->trouble.size(), 100u);
}

}  // namespace
}  // namespace assay::sweeps
