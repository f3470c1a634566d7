// assay prune, pin and unpin: on a store of this host, and as words to a server.
#include "scheduler/keep.h"
#include "tests/unit/cli/verbs_fixture.h"

namespace assay::cli {
namespace {

class PruneVerb : public VerbsTest {
 protected:
  void SetUp() override {
    VerbsTest::SetUp();
    for (const auto& [id, day] : {std::pair{kScan1, 1}, {kScan2, 300}}) keep(id, day);
  }
  // A scan that failed so many days ago, and had shipped something.
  void keep(const std::string& id, int days_ago) {
    auto store = Store::open(data() + "/store", Store::Mode::read_write);
    ASSERT_TRUE(store) << store.error().what;
    ScanRecord queued, after;
    queued.scan_id = id;
    after = queued;
    after.state = ScanState::failed;
    after.attempt = 1;
    after.finished_ns =
        std::chrono::duration_cast<std::chrono::nanoseconds>(
            (std::chrono::system_clock::now() - std::chrono::hours(24 * days_ago)).time_since_epoch())
            .count();
    ASSERT_TRUE((*store)->commit({Keep::submitted(queued), Keep::moved(queued, after)}));
    ASSERT_TRUE((*store)->write({{Family::chunks, id + std::string(8, '\1'), std::string(100, 'c')}}));
  }
  std::string data() { return dir_.path().string(); }
  Said here(int (*verb)(const Args&), Args args) {
    args.insert(args.end(), {"--data", data()});
    return run(verb, args, false);
  }
  std::string states() {
    auto store = Store::open(data() + "/store", Store::Mode::read_only);
    std::string out;
    EXPECT_TRUE(Keep(**store).each_scan([&](const ScanRecord& r) {
      out += r.scan_id + " " + std::to_string(r.pruned) + (r.pinned.empty() ? "" : " " + r.pinned) + "\n";
      return true;
    }));
    return out;
  }
};

TEST_F(PruneVerb, ADryRunTakesNothing) {
  Said said = here(prune, {"--retain", "traces=30d", "--dry-run", "--format", "json", "--verbose"});
  EXPECT_EQ(said.code, kBelowGate) << said.err;
  json answer = json::parse(said.out);
  EXPECT_EQ(answer["dry_run"], true);
  EXPECT_EQ(answer["scans"], 2);
  ASSERT_EQ(answer["kinds"].size(), 1u) << said.out;
  EXPECT_EQ(answer["kinds"][0]["kind"], "traces");
  EXPECT_EQ(answer["kinds"][0]["verdict"], "failed");
  EXPECT_EQ(answer["kinds"][0]["scans"], 1);
  ASSERT_EQ(answer["each"].size(), 1u);
  EXPECT_EQ(answer["each"][0]["scan_id"], kScan2);
  EXPECT_EQ(answer["each"][0]["goes"], json::array({"trace"}));
  EXPECT_EQ(states(), kScan2 + " 0\n" + kScan1 + " 0\n");
}

TEST_F(PruneVerb, TakesWhatIsTooOld) {
  Said said = here(prune, {"--retain", "traces=30d"});
  EXPECT_EQ(said.code, kBelowGate) << said.err;
  EXPECT_NE(said.out.find("traces"), std::string::npos) << said.out;
  EXPECT_NE(said.out.find("\nnow "), std::string::npos) << said.out;
  EXPECT_EQ(states(), kScan2 + " 2\n" + kScan1 + " 0\n");
  said = here(prune, {"--retain", "records=30d"});
  EXPECT_EQ(said.code, kBelowGate) << said.err;
  EXPECT_EQ(states(), kScan1 + " 0\n");
  said = here(prune, {"--retain", "records=30d"});
  EXPECT_NE(said.out.find("nothing goes"), std::string::npos) << said.out;
}

TEST_F(PruneVerb, APinKeepsAScan) {
  EXPECT_EQ(here(pin, {kScan2, "--reason", "a case"}).out, kScan2 + "  pinned\n");
  EXPECT_EQ(here(prune, {"--retain", "records=1h"}).code, kBelowGate);
  EXPECT_EQ(states(), kScan2 + " 0 a case\n");
  EXPECT_EQ(here(unpin, {kScan2}).out, kScan2 + "  no longer pinned\n");
  EXPECT_EQ(states(), kScan2 + " 0\n");
  Said said = here(pin, {kScan3, kScan2});
  EXPECT_EQ(said.code, kFailed);
  EXPECT_NE(said.err.find(kScan3 + " is not known here"), std::string::npos) << said.err;
  EXPECT_EQ(said.out, kScan2 + "  pinned\n");
}

TEST_F(PruneVerb, ABudgetThatPinsBreakIsSaid) {
  here(pin, {kScan1, kScan2});
  Said said = here(prune, {"--budget", "1"});
  EXPECT_EQ(said.code, kFailed);
  EXPECT_NE(said.err.find("what is left is pinned (2 scans)"), std::string::npos) << said.err;
}

TEST_F(PruneVerb, AsksWhatIsToGo) {
  Said said = here(prune, {});
  EXPECT_EQ(said.code, kUsage);
  EXPECT_NE(said.err.find("give --retain or --budget"), std::string::npos) << said.err;
  EXPECT_EQ(here(prune, {"--retain", "traces"}).code, kUsage);
  EXPECT_EQ(here(prune, {"--budget", "much"}).code, kUsage);
  EXPECT_EQ(here(prune, {"word", "--budget", "1G"}).code, kUsage);
  EXPECT_EQ(here(pin, {}).code, kUsage);
  EXPECT_EQ(here(pin, {"no-id"}).code, kUsage);
  EXPECT_EQ(here(pin, {kScan1, "--reason", std::string(501, 'x')}).code, kUsage);
}

TEST_F(PruneVerb, WithoutAStoreNoneIsMade) {
  std::string empty = (dir_.path() / "nothing").string();
  Said said = run(prune, {"--retain", "traces=1d", "--data", empty}, false);
  EXPECT_EQ(said.code, kFailed);
  EXPECT_NE(said.err.find("no scans in"), std::string::npos) << said.err;
  EXPECT_FALSE(std::filesystem::exists(empty));
}

TEST_F(PruneVerb, AFarmsRetentionIsItsOwn) {
  api_.post(
      "/v1/prune",
      R"({"dry_run":true,"store_bytes":1048576,"budget_bytes":2097152,"scans":7,"pinned":1,"more":false,)"
      R"("kinds":[{"kind":"traces","verdict":"\u001b[2Jclean","scans":3,"bytes":2048}]})");
  api_.start();
  Said said = run(prune, {"--dry-run"});
  EXPECT_EQ(said.code, kBelowGate) << said.err;
  EXPECT_EQ(said.out.find('\033'), std::string::npos);
  EXPECT_NE(said.out.find("1.0 MiB of at most 2.0 MiB, 7 scans, 1 pinned"), std::string::npos) << said.out;
  EXPECT_NE(said.out.find("would go about 2.0 KiB"), std::string::npos) << said.out;
  EXPECT_EQ(api_.requests().back(), "POST /v1/prune {\"dry_run\":true}");
  EXPECT_EQ(run(prune, {"--retain", "traces=1d"}).code, kUsage);
}

TEST_F(PruneVerb, PinsOnAFarm) {
  api_.server().Put("/v1/scans/" + kScan1 + "/pin",
                    [this](const httplib::Request& request, httplib::Response& response) {
                      api_.note(request);
                      FakeApi::answer(response, "{}");
                    });
  api_.server().Delete("/v1/scans/" + kScan1 + "/pin",
                       [this](const httplib::Request& request, httplib::Response& response) {
                         api_.note(request);
                         FakeApi::answer(response, "{}");
                       });
  api_.start();
  EXPECT_EQ(run(pin, {kScan1, "--reason", "a \"case\""}).out, kScan1 + "  pinned\n");
  EXPECT_EQ(run(unpin, {kScan1}).out, kScan1 + "  no longer pinned\n");
  EXPECT_EQ(api_.requests().front(), "PUT /v1/scans/" + kScan1 + R"(/pin {"reason":"a \"case\""})");
  EXPECT_EQ(run(pin, {kScan2}).code, kFailed);
}

}  // namespace
}  // namespace assay::cli
