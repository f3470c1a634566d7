// The verbs as a user calls them, against a server that plays the API: what they ask, print and return.
#include <gtest/gtest.h>
#include <stdlib.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "cli/verbs.h"
#include "tests/support.h"
#include "tests/unit/cli/fake_api.h"

namespace assay::cli {
namespace {

using nlohmann::json;

struct Said {
  int code = -1;
  std::string out, err;
};

class FarmVerbs : public testing::Test {
 protected:
  void SetUp() override {
    ::setenv("ASSAY_TOKEN", kToken.c_str(), 1);
    ::unsetenv("ASSAY_TOKEN_FILE");
    ::unsetenv("ASSAY_SERVER");
  }
  void TearDown() override {
    for (const char* name : {"ASSAY_TOKEN", "ASSAY_TOKEN_FILE", "ASSAY_SERVER"}) ::unsetenv(name);
  }
  Said run(int (*verb)(const Args&), Args args, bool with_server = true) {
    if (with_server) args.insert(args.end(), {"--server", api_.url()});
    testing::internal::CaptureStdout();
    testing::internal::CaptureStderr();
    Said said;
    said.code = verb(args);
    said.out = testing::internal::GetCapturedStdout();
    said.err = testing::internal::GetCapturedStderr();
    return said;
  }
  std::string file(const std::string& name, const std::string& text) {
    std::string path = dir_.path() / name;
    EXPECT_TRUE(write_file(path, text));
    return path;
  }
  /// POST /v1/scans that gives every scan an id.
  void takes_scans() {
    api_.server().Post("/v1/scans", [this](const httplib::Request& request, httplib::Response& response) {
      api_.note(request);
      json ids = json::array();
      for (size_t i = json::parse(request.body)["scans"].size(); i > 0; --i) {
        char id[32];
        std::snprintf(id, sizeof id, "20261125T031500-%08zx", ++made_);
        ids.push_back(id);
      }
      FakeApi::answer(response, json{{"scan_ids", ids}}.dump(), 202);
    });
  }

  TempDir dir_;
  FakeApi api_;
  size_t made_ = 0;
};

TEST_F(FarmVerbs, SubmitPrintsIdAndReference) {
  takes_scans();
  api_.start();
  Said said = run(submit, {"nginx:1.25", "redis", "--lane", "gate", "--label", "team=web", "--fresh"});
  EXPECT_EQ(said.code, 0) << said.err;
  EXPECT_EQ(said.out, "20261125T031500-00000001  nginx:1.25\n20261125T031500-00000002  redis\n");
  json body = json::parse(api_.requests()[0].substr(15));
  EXPECT_EQ(body["scans"][1],
            json::parse(R"({"ref":"redis","lane":"gate","labels":{"team":"web"},"fresh":true})"));
}

TEST_F(FarmVerbs, SubmitSendsLongListsInSlices) {
  takes_scans();
  api_.start();
  std::string list;
  for (int i = 0; i < 2500; ++i) list += "image" + std::to_string(i) + "\n";
  Said said = run(submit, {"--from", file("list.txt", list), "--format", "json"});
  EXPECT_EQ(said.code, 0) << said.err;
  EXPECT_EQ(json::parse(said.out).size(), 2500u);
  std::vector<size_t> sizes;
  for (const auto& request : api_.requests())
    sizes.push_back(json::parse(request.substr(15))["scans"].size());
  EXPECT_EQ(sizes, (std::vector<size_t>{1000, 1000, 500}));
}

TEST_F(FarmVerbs, BadLinesAreNamedAndNothingIsSent) {
  takes_scans();
  api_.start();
  std::string path = file("list.txt", "nginx\nUPPER\nredis\na b\n");
  Said said = run(submit, {"--from", path});
  EXPECT_EQ(said.code, kUsage);
  EXPECT_NE(said.err.find("assay: " + path + ", line 2: image reference 'UPPER'"), std::string::npos)
      << said.err;
  EXPECT_NE(said.err.find(path + ", line 4: "), std::string::npos) << said.err;
  EXPECT_NE(said.err.find("assay: nothing was submitted: 2 entries are wrong\n"), std::string::npos)
      << said.err;
  EXPECT_TRUE(api_.requests().empty());
}

TEST_F(FarmVerbs, IdsOfWhatWasTakenAreSaidWhenTheRestIsRefused) {
  api_.server().Post("/v1/scans", [this](const httplib::Request& request, httplib::Response& response) {
    api_.note(request);
    if (api_.requests().size() > 1)
      return FakeApi::answer(response, R"({"error":{"code":"no_space","message":"the disk is full"}})", 507);
    json ids = json::array();
    for (int i = 0; i < 1000; ++i) ids.push_back(kScan1);
    FakeApi::answer(response, json{{"scan_ids", ids}}.dump(), 202);
  });
  api_.start();
  std::string list;
  for (int i = 0; i < 1001; ++i) list += "image\n";
  Said said = run(submit, {"--from", file("list.txt", list)});
  EXPECT_EQ(said.code, kFailed);
  EXPECT_EQ(std::count(said.out.begin(), said.out.end(), '\n'), 1000);
  EXPECT_EQ(
      said.err,
      "assay: 1000 of 1001 images were submitted, the rest was not: the disk is full; the scheduler takes no "
      "more until there is room on its disk\n");
}

TEST_F(FarmVerbs, RefusedImageIsNamed) {
  api_.post("/v1/scans", R"({"error":{"code":"invalid","message":"duration 5 ms is too short","index":1}})",
            400);
  api_.start();
  Said said = run(submit, {"nginx", "redis"});
  EXPECT_EQ(said.code, kUsage);
  EXPECT_EQ(said.err, "assay: redis: duration 5 ms is too short\n");
}

TEST_F(FarmVerbs, WaitingSubmitPrintsVerdictsAndReturnsTheWorst) {
  takes_scans();
  std::string one = "20261125T031500-00000001", two = "20261125T031500-00000002";
  api_.get("/v1/scans/" + one, scan_json(one, "nginx", "queued"));
  api_.get("/v1/scans/" + two, scan_json(two, "miner", "leased"));
  api_.events(event_text("state", one, R"("state":"done","verdict":"clean","score":2)") +
              event_text("state", two, R"("state":"done","verdict":"malicious","score":96)"));
  api_.start();
  Said said = run(submit, {"nginx", "miner", "--wait"});
  EXPECT_EQ(said.code, kAtGate);
  EXPECT_EQ(said.out, one + "  clean             2  nginx\n" + two + "  malicious        96  miner\n");
  EXPECT_EQ(said.err, one + "  nginx\n" + two + "  miner\n");
}

TEST_F(FarmVerbs, WaitingSubmitAsJsonSaysOnlyJson) {
  takes_scans();
  std::string one = "20261125T031500-00000001";
  api_.events(event_text("state", one, R"("state":"failed","error":"no such image")"));
  api_.start();
  Said said = run(submit, {"nginx", "--wait", "--format", "json"});
  EXPECT_EQ(said.code, kFailed);
  EXPECT_EQ(json::parse(said.out),
            json::parse(R"([{"scan_id":")" + one +
                        R"(","ref":"nginx","state":"failed","error":"no such image"}])"));
}

TEST_F(FarmVerbs, MetExpectationIsNoFailureOfTheGate) {
  takes_scans();
  std::string one = "20261125T031500-00000001";
  api_.events(event_text("state", one, R"("state":"done","verdict":"malicious","score":96)"));
  api_.start();
  EXPECT_EQ(run(submit, {"miner", "--wait", "--expect", "malicious"}).code, kBelowGate);
}

TEST_F(FarmVerbs, WithoutATokenEveryVerbSaysHowToGetOne) {
  ::unsetenv("ASSAY_TOKEN");
  api_.start();
  for (auto& [verb, words] : std::vector<std::pair<int (*)(const Args&), Args>>{{submit, {"nginx"}},
                                                                                {batch, {"list"}},
                                                                                {status, {}},
                                                                                {watch, {kScan1}},
                                                                                {cancel, {kScan1}},
                                                                                {retry, {kScan1}},
                                                                                {agents, {}},
                                                                                {capacity, {}}}) {
    Said said = run(verb, words);
    EXPECT_EQ(said.code, kUsage);
    EXPECT_TRUE(
        said.err.starts_with("assay: no token: `assay tokens new` on the scheduler's host makes one; "))
        << said.err;
  }
}

TEST_F(FarmVerbs, TokenComesFromAFileFirst) {
  api_.get("/v1/agents", R"({"agents":[]})");
  api_.start();
  std::string good = file("token", kToken + "\n");
  ::setenv("ASSAY_TOKEN", "wrong", 1);
  EXPECT_EQ(run(agents, {}).code, kFailed);
  EXPECT_EQ(run(agents, {"--token-file", good}).code, 0);
  ::setenv("ASSAY_TOKEN_FILE", good.c_str(), 1);
  EXPECT_EQ(run(agents, {}).code, 0);
  Said gone = run(agents, {"--token-file", good + ".gone"});
  EXPECT_NE(gone.err.find("token file: "), std::string::npos) << gone.err;
}

TEST_F(FarmVerbs, ServerComesFromTheEnvironment) {
  api_.get("/v1/agents", R"({"agents":[]})");
  api_.start();
  ::setenv("ASSAY_SERVER", api_.url().c_str(), 1);
  EXPECT_EQ(run(agents, {}, false).code, 0);
  ::setenv("ASSAY_SERVER", "http://127.0.0.1:1", 1);
  Said said = run(agents, {}, false);
  EXPECT_EQ(said.code, kFailed);
  EXPECT_NE(said.err.find("is assay-scheduler running there?"), std::string::npos) << said.err;
  ::setenv("ASSAY_SERVER", "farm", 1);
  EXPECT_EQ(run(agents, {}, false).code, kUsage);
}

TEST_F(FarmVerbs, HelpNeedsNeitherServerNorToken) {
  ::unsetenv("ASSAY_TOKEN");
  for (auto verb : {submit, batch, status, watch, cancel, retry, agents, capacity}) {
    Said said = run(verb, {"--help"}, false);
    EXPECT_EQ(said.code, 0);
    EXPECT_NE(said.out.find("--token-file"), std::string::npos);
    EXPECT_NE(said.out.find("Exit codes: "), std::string::npos);
  }
}

TEST_F(FarmVerbs, WatchSaysWhatHasEndedAlready) {
  api_.get("/v1/scans/" + kScan1, scan_json(kScan1, "nginx", "done", "suspicious", 40));
  api_.start();
  Said said = run(watch, {kScan1, "--gate", "suspicious"});
  EXPECT_EQ(said.code, kAtGate);
  EXPECT_EQ(said.out, kScan1 + "  suspicious       40  nginx\n");
}

TEST_F(FarmVerbs, WatchOfAnUnknownScanEndsAtOnce) {
  api_.get("/v1/scans/" + kScan1, R"({"error":{"code":"not_found","message":"no scan of this id"}})", 404);
  api_.start();
  Said said = run(watch, {kScan1});
  EXPECT_EQ(said.code, kFailed);
  EXPECT_EQ(said.err, "assay: no scan of this id\n");
  EXPECT_EQ(run(watch, {"../x"}).code, kUsage);
}

TEST_F(FarmVerbs, CancelAndRetryTryEachScan) {
  api_.post("/v1/scans/" + kScan1 + "/cancel", R"({"error":{"code":"conflict","message":"it has ended"}})",
            409);
  api_.post("/v1/scans/" + kScan2 + "/cancel", R"({"cancelled":1})");
  api_.post("/v1/scans/" + kScan2 + "/retry", R"({"scan_id":")" + kScan2 + R"(","state":"queued"})");
  api_.start();
  Said said = run(cancel, {kScan1, kScan2});
  EXPECT_EQ(said.code, kFailed);
  EXPECT_EQ(said.out, kScan2 + "  cancelled\n");
  EXPECT_EQ(said.err, "assay: " + kScan1 + ": it has ended\n");
  EXPECT_EQ(run(retry, {kScan2}).out, kScan2 + "  queued\n");
}

TEST_F(FarmVerbs, AgentsAreListedAndSteered) {
  api_.get(
      "/v1/agents",
      R"({"agents":[{"name":"metal-1","mode":"active","connected":true,"slots":4,"cpu_millis":8000,)"
      R"("memory_bytes":17179869184,"credit":0,"why":"disk full\u001b[2J","seen_ms":2000,"leases":[{},{}]},)"
      R"({"name":"metal-2","mode":"draining","connected":false,"slots":2,"seen_ms":null,"leases":[]}]})");
  api_.post("/v1/agents/metal-1/drain", R"({"name":"metal-1","mode":"draining"})");
  api_.start();
  EXPECT_EQ(run(agents, {}).out,
            "AGENT    STATE           RUNS  SLOTS  CPUS    MEMORY  SEEN     NOTE\n"
            "metal-1  active             2      4     8  16.0 GiB  2 s ago  disk full\\x1b[2J\n"
            "metal-2  draining, away     0      2     0       0 B  never\n");
  EXPECT_EQ(run(agents, {"drain", "metal-1"}).out, "metal-1  draining\n");
  EXPECT_EQ(run(agents, {"drain"}).code, kUsage);
  EXPECT_EQ(run(agents, {"dance"}).code, kUsage);
}

TEST_F(FarmVerbs, StatusShowsTheFarm) {
  api_.get("/v1/queue", R"({"lanes":[{"lane":"gate","queued":0,"leased":1,"oldest_ms":null},
    {"lane":"batch","queued":1200,"leased":7,"oldest_ms":61000}],"tenants":[{"tenant":"web","queued":1200,"leased":8}],
    "registries":[{"registry":"docker.io","queued":40,"wait_ms":12000}],"delayed":3,"scoring":2,"stalled":false,
    "free_bytes":1073741824})");
  api_.get("/v1/agents",
           R"({"agents":[{"name":"a","mode":"active","connected":true,"slots":8,"leases":[{}]}]})");
  api_.get("/v1/capacity",
           R"({"seconds":3600,"backlog":1208,"agents":1,"slots":8,"service_s":40,"rate_per_s":0.2,
    "finish_s":6040,"slots_needed":14,"agents_needed":2})");
  api_.start();
  EXPECT_EQ(run(status, {}).out,
            "LANE   QUEUED  RUNNING     OLDEST\n"
            "gate        0        1          -\n"
            "batch   1,200        7  1 min 1 s\n\n"
            "agents     1 of 1 connected, 1 of 8 slots taken\n"
            "pace       12 scans a minute, 40 s each\n"
            "backlog    1,208 scans, done in: 1 h 40 min\n"
            "delayed    3 wait after a failure\n"
            "scoring    2\n"
            "registry   docker.io is left alone for 12 s, 40 wait for it\n"
            "disk       1.0 GiB free\n");
}

TEST_F(FarmVerbs, StatusOfAScanSaysWhyItWaits) {
  api_.get("/v1/scans/" + kScan1,
           R"({"scan_id":")" + kScan1 +
               R"(","ref":"nginx","state":"queued","lane":"sweep","tenant":"web","attempt":0,
    "labels":{"team":"web"},"submitted_ns":1795576500000000000,"waits":[{"code":"budget","text":"docker.io is left alone for 12 s"},
    {"code":"slots","text":"all slots are taken"}]})");
  api_.start();
  EXPECT_EQ(run(status, {kScan1}).out, "scan       " + kScan1 +
                                           "\n"
                                           "image      nginx\n"
                                           "state      queued\n"
                                           "because    docker.io is left alone for 12 s\n"
                                           "           all slots are taken\n"
                                           "lane       sweep\n"
                                           "tenant     web\n"
                                           "labels     team=web\n"
                                           "submitted  2026-11-25 03:15:00 UTC\n");
}

TEST_F(FarmVerbs, StatusListsWhatMatches) {
  api_.get("/v1/scans", R"({"scans":[)" + scan_json(kScan2, "redis", "failed", "", 0, "", "no room") + "," +
                            scan_json(kScan1, "nginx", "done", "clean", 3) + R"(],"next":")" + kScan1 +
                            "\"}");
  api_.start();
  Said said = run(status, {"--state", "failed", "--batch", kBatch, "--limit", "2"});
  EXPECT_EQ(said.out, "SCAN                      VERDICT  SCORE  LANE   IMAGE  ERROR\n" + kScan2 +
                          "  failed       -  batch  redis  no room\n" + kScan1 +
                          "  clean        3  batch  nginx\n");
  EXPECT_EQ(said.err, "assay: there are more: --limit shows them\n");
  EXPECT_EQ(api_.requests()[0], "GET /v1/scans?limit=2&state=failed&batch=" + kBatch);
}

TEST_F(FarmVerbs, CapacityAsksForATimeOrADuration) {
  api_.get("/v1/capacity",
           R"({"seconds":5400,"backlog":0,"agents":1,"slots":8,"service_s":null,"rate_per_s":0,
    "finish_s":null,"slots_needed":null,"agents_needed":null})");
  api_.start();
  Said said = run(capacity, {"--in", "90m"});
  EXPECT_EQ(said.code, 0) << said.err;
  EXPECT_EQ(said.out.substr(said.out.find("done in")),
            "done in    nothing is left to do\nneeded     not known: there is nothing to measure by yet\n");
  EXPECT_EQ(run(capacity, {"--by", "2026-11-26T06:00:00+01:00"}).code, 0);
  EXPECT_EQ(run(capacity, {"--by", "x", "--in", "1h"}).code, kUsage);
  EXPECT_EQ(api_.requests(),
            (std::vector<std::string>{"GET /v1/capacity?in_s=5400",
                                      "GET /v1/capacity?by=2026-11-26T06%3A00%3A00%2B01%3A00"}));
}

// ---- batches

constexpr const char* kSummary =
    R"({"batch_id":"20261125T031400-0000000b","name":"night","labels":{},"created_ns":1795576440000000000,"total":2,)"
    R"("states":{"done":2},"verdicts":{"clean":1,"malicious":1},"expected":{"met":1,"missed":1,"open":0},)"
    R"("missed":[{"scan_id":"20261125T031501-00000002","ref":"redis","expect":"clean","verdict":"malicious","state":"done"}]})";

TEST_F(FarmVerbs, BatchIsSubmittedListedAndShown) {
  api_.post("/v1/batches",
            R"({"batch_id":")" + kBatch + R"(","scan_ids":[")" + kScan1 + "\",\"" + kScan2 + "\"]}", 201);
  api_.get("/v1/batches", std::string(R"({"batches":[)") + kSummary + R"(],"next":null})");
  api_.get("/v1/batches/" + kBatch, kSummary);
  api_.start();
  std::string manifest =
      file("m.json", R"({"name":"night","images":["nginx",{"ref":"redis","expect":"clean"}]})");
  EXPECT_EQ(run(batch, {"submit", manifest}).out, kBatch + "  2 images  night\n");
  EXPECT_EQ(run(batch, {"list"}).out, "BATCH                     CREATED                  IMAGES  NAME\n" +
                                          kBatch + "  2026-11-25 03:14:00 UTC       2  night\n");
  Said shown = run(batch, {"show", kBatch});
  EXPECT_NE(shown.out.find("expected   1 missed, 1 met\n"), std::string::npos) << shown.out;
  EXPECT_NE(shown.out.find(kScan2 + "  clean     malicious  redis\n"), std::string::npos) << shown.out;
  EXPECT_EQ(json::parse(run(batch, {"show", kBatch, "--format", "json"}).out), json::parse(kSummary));
}

TEST_F(FarmVerbs, BadManifestIsNotSent) {
  api_.start();
  Said said = run(batch, {"submit", file("m.json", R"({"images":[{"reff":"nginx"}]})")});
  EXPECT_EQ(said.code, kUsage);
  EXPECT_NE(said.err.find("m.json, image 1: no field is called 'reff'"), std::string::npos) << said.err;
  EXPECT_TRUE(api_.requests().empty());
}

TEST_F(FarmVerbs, BatchThatWasHalfTakenIsNotSentAgainAndNamed) {
  api_.post(
      "/v1/batches",
      R"({"error":{"code":"limit","message":"too much waits, 1000 of 1200 scans had been accepted before"},)"
      R"("accepted":1000,"scan_ids":[],"batch_id":")" +
          kBatch + "\"}",
      429);
  api_.start();
  Said said = run(batch, {"submit", file("l.txt", "nginx\n")});
  EXPECT_EQ(said.code, kFailed);
  EXPECT_NE(said.err.find("`assay batch show " + kBatch + "` shows what was taken"), std::string::npos)
      << said.err;
  EXPECT_EQ(api_.requests().size(), 1u);
}

TEST_F(FarmVerbs, WatchedBatchEndsWithItsSummaryAndExitsByItsExpectations) {
  api_.get("/v1/scans", R"({"scans":[)" + scan_json(kScan2, "redis", "leased", "", 0, "clean") + "," +
                            scan_json(kScan1, "nginx", "done", "clean", 1) + R"(],"next":null})");
  api_.get("/v1/batches/" + kBatch, kSummary);
  api_.events(event_text("state", kScan1, R"("state":"done","verdict":"clean","score":1)") +
                  event_text("state", kScan2, R"("state":"done","verdict":"malicious","score":90)"),
              false);
  api_.start();
  Said said = run(batch, {"watch", kBatch});
  EXPECT_EQ(said.code, kAtGate);
  EXPECT_TRUE(
      said.out.starts_with(kScan2 + "  malicious        90  redis  (expected clean)\nbatch      " + kBatch))
      << said.out;
  EXPECT_EQ(said.err, "");
}

TEST_F(FarmVerbs, RerunAndCancelOfABatch) {
  api_.post("/v1/batches/" + kBatch + "/rerun",
            R"({"batch_id":")" + kBatch + R"(","scan_ids":[")" + kScan1 + "\"]}", 201);
  api_.post("/v1/batches/" + kBatch + "/cancel", R"({"cancelled":3})");
  api_.start();
  EXPECT_EQ(run(batch, {"rerun", kBatch, "--only", "failed"}).out,
            kBatch + "  1 image  again of " + kBatch + "\n");
  EXPECT_EQ(run(batch, {"cancel", kBatch}).out, kBatch + "  cancelled: 3 scans\n");
  EXPECT_EQ(api_.requests()[0], "POST /v1/batches/" + kBatch + R"(/rerun {"fresh":false,"only":"failed"})");
  EXPECT_EQ(run(batch, {"rerun", kBatch, "--only", "some"}).code, kUsage);
  EXPECT_EQ(run(batch, {"cancel"}).err, "assay: no id of a batch given: assay batch cancel BATCH_ID\n");
  EXPECT_EQ(run(batch, {}).code, kUsage);
}

}  // namespace
}  // namespace assay::cli
