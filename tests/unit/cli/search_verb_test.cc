// assay search and the pages of assay list: the table, what is told beside it, from a local store and from a
// farm.
#include <filesystem>

#include "scheduler/keep.h"
#include "scheduler/score/report.h"
#include "tests/unit/cli/verbs_fixture.h"

namespace assay::cli {
namespace {

const std::string kOld = "20261125T031500-00000001", kNew = "20261126T031500-00000002";
constexpr int64_t kOldTime = 1'795'576'500'000'000'000, kNewTime = kOldTime + 24 * 3600 * 1'000'000'000ll;

class SearchVerb : public VerbsTest {
 protected:
  std::string data() const { return dir_.path() / "data"; }
  /// Two scans; without `fresh` as a store from before there was an index.
  void fill(bool fresh = true) {
    auto store = Store::open(data() + "/store", Store::Mode::read_write);
    ASSERT_TRUE(store);
    if (fresh) {
      ASSERT_TRUE(Keep(**store).upgrade());
    }
    Report evil;
    evil.dns_names = {"evil.test"};
    evil.files.resize(1);
    evil.files[0].path = "/tmp/\033[2Jx";
    Report deep;
    deep.dns_names = {"c2.evil.test"};
    add(**store, kOld, kOldTime, "clean", deep);
    add(**store, kNew, kNewTime, "malicious", evil);
    if (fresh) return;
    for (const std::string& id : {kOld, kNew})
      ASSERT_TRUE((*store)->write(
          {{Family::reports, id + "/traits", "", true}, {Family::index, std::string("\1"), "", true, "\7"}}));
  }
  static void add(Store& store, const std::string& id, int64_t time, const std::string& verdict,
                  const Report& report) {
    ScanRecord queued;
    queued.scan_id = id;
    queued.submission.job.ref = "reg.test/" + verdict + "\033[2J";
    queued.submitted_ns = time;
    ScanRecord done = queued;
    done.state = ScanState::done;
    done.verdict = verdict;
    done.score = 90;
    ASSERT_TRUE((*store.commit({Keep::submitted(queued)}))[0]);
    ASSERT_TRUE((*store.commit({Keep::reported(queued, done, report_json(report), traits_of(report))}))[0]);
  }
  Said locally(int (*verb)(const Args&), Args args) {
    args.insert(args.end(), {"--data", data()});
    return run(verb, args, false);
  }
};

TEST_F(SearchVerb, ShowsWhatMatchedNewestFirst) {
  fill();
  Said said = locally(search, {"evil.test"});
  EXPECT_EQ(said.code, 0);
  EXPECT_EQ(said.err, "");
  EXPECT_EQ(said.out, "SCAN                      VERDICT    SCORE  MATCHED               IMAGE\n" + kNew +
                          "  malicious     90  evil.test (asked)     reg.test/malicious\\x1b[2J\n" + kOld +
                          "  clean         90  c2.evil.test (asked)  reg.test/clean\\x1b[2J\n");
  for (char c : locally(search, {"--path", "/tmp/"}).out) EXPECT_TRUE(c == '\n' || c >= 0x20);
}

TEST_F(SearchVerb, SaysWhatItLookedForWhereNothingIsFound) {
  fill();
  Said said = locally(search, {"none.test"});
  EXPECT_EQ(said.code, 0);
  EXPECT_EQ(said.out, "");
  EXPECT_EQ(said.err,
            "assay: nothing found: path none.test, rule none.test, domain none.test (0 scans of the index "
            "looked at)\n");
}

TEST_F(SearchVerb, PagesAndFilters) {
  fill();
  Said first = locally(search, {"--domain", "evil.test", "--limit", "1"});
  EXPECT_NE(first.out.find(kNew), std::string::npos);
  EXPECT_EQ(first.out.find(kOld), std::string::npos);
  EXPECT_EQ(first.err, "assay: there may be more: --start " + kOld + " goes on from there\n");
  EXPECT_NE(locally(search, {"--domain", "evil.test", "--start", kOld}).out.find(kOld), std::string::npos);
  json found = json::parse(locally(search, {"evil.test", "--verdict", "clean", "--format", "json"}).out);
  ASSERT_EQ(found["hits"].size(), 1u);
  EXPECT_EQ(found["hits"][0]["scan_id"], kOld);
}

TEST_F(SearchVerb, AStoreFromBeforeTheIndexSaysSoUntilItIsReindexed) {
  fill(false);
  Said before = locally(search, {"evil.test"});
  EXPECT_EQ(before.out, "");
  EXPECT_NE(before.err.find("`assay search --reindex`"), std::string::npos) << before.err;
  Said done = locally(search, {"--reindex"});
  EXPECT_EQ(done.code, 0) << done.err;
  EXPECT_EQ(done.out, "2 scans, 2 of them newly in the index\n");
  Said after = locally(search, {"evil.test"});
  EXPECT_NE(after.out.find(kOld), std::string::npos);
  EXPECT_EQ(after.err, "");
}

TEST_F(SearchVerb, ReindexMakesNoStoreWhereThereIsNone) {
  EXPECT_EQ(locally(search, {"--reindex"}).code, 1);
  EXPECT_FALSE(std::filesystem::exists(data()));
}

TEST_F(SearchVerb, AsksAFarmTheSameAndTrustsNothingOfItsAnswer) {
  std::string asked;
  api_.server().Get("/v1/search", [&](const httplib::Request& request, httplib::Response& response) {
    asked = request.target;
    FakeApi::answer(
        response,
        json{{"hits",
              {{{"scan_id", kNew},
                {"verdict", "malicious"},
                {"ref", "a\033[2J"},
                {"matched", {{{"kind", "domain"}, {"role", "asked"}, {"value", "e\033[2Jvil"}}}}}}},
             {"next", kOld},
             {"looked", 7}}
            .dump(),
        200);
  });
  api_.start();
  Said said = run(
      search, {"--domain", "evil test&x", "--verdict", "clean", "--verdict", "malicious", "--since", "7d"});
  EXPECT_EQ(said.code, 2) << "no domain has a space";
  said = run(search, {"--path", "/tmp/a&b", "--verdict", "clean", "--verdict", "malicious", "--since", "7d"});
  EXPECT_EQ(said.code, 0) << said.err;
  EXPECT_EQ(asked, "/v1/search?path=%2Ftmp%2Fa%26b&limit=50&since=7d&verdict=clean%2Cmalicious");
  EXPECT_NE(said.out.find("e\\x1b[2Jvil (asked)"), std::string::npos) << said.out;
  EXPECT_EQ(said.out.find('\033'), std::string::npos);
}

TEST_F(SearchVerb, WrongUseIsToldByName) {
  fill();
  for (const Args& args : std::vector<Args>{{},
                                            {"a", "--ip", "203.0.113.9"},
                                            {"--ip", "x"},
                                            {"--hash", "abc"},
                                            {"a", "--limit", "0"},
                                            {"a", "--limit", "1001"},
                                            {"a", "--start", "x"},
                                            {"a", "--verdict", "bad"},
                                            {"a", "--reindex"}}) {
    Said said = locally(search, args);
    EXPECT_EQ(said.code, 2) << (args.empty() ? "" : args.back());
    EXPECT_NE(said.err, "");
  }
}

TEST_F(SearchVerb, ListPagesAndFilters) {
  fill();
  Said first = locally(list, {"--limit", "1"});
  EXPECT_NE(first.out.find(kNew), std::string::npos);
  EXPECT_EQ(first.err, "assay: there are more: --start " + kOld + " goes on from there\n");
  Said second = locally(list, {"--limit", "1", "--start", kOld});
  EXPECT_NE(second.out.find(kOld), std::string::npos);
  EXPECT_EQ(second.err, "");
  EXPECT_EQ(locally(list, {"--verdict", "clean"}).out.find(kNew), std::string::npos);
  EXPECT_EQ(locally(list, {"--since", "2026-11-26"}).out.find(kOld), std::string::npos);
  EXPECT_EQ(locally(list, {"--until", "2026-11-26"}).out.find(kNew), std::string::npos);
  EXPECT_EQ(locally(list, {"--start", "x"}).code, 2);
  EXPECT_EQ(locally(list, {"--limit", "2"}).err, "");
}

}  // namespace
}  // namespace assay::cli
