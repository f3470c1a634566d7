// The other verbs of the farm: what they ask, print and return; and where they find server and token.
#include <atomic>

#include "tests/unit/cli/verbs_fixture.h"

namespace assay::cli {
namespace {

using FarmVerbs = VerbsTest;

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
      R"({"name":"metal-2","mode":"draining","connected":false,"slots":2,"seen_ms":null,"leases":[],)"
      R"("fenced_by":null},)"
      R"({"name":"metal-3","mode":"fenced","connected":true,"slots":2,"seen_ms":null,"leases":[],"why":"fenced",)"
      R"("fenced_by":{"scan_id":"20261125T031500-1f8a3c9e","attempt":2,"reason":"exec by a stranger"}}]})");
  api_.post("/v1/agents/metal-1/drain", R"({"name":"metal-1","mode":"draining"})");
  api_.start();
  EXPECT_EQ(run(agents, {}).out,
            "AGENT    STATE           RUNS  SLOTS  CPUS    MEMORY  SEEN     NOTE\n"
            "metal-1  active             2      4     8  16.0 GiB  2 s ago  disk full\\x1b[2J\n"
            "metal-2  draining, away     0      2     0       0 B  never\n"
            "metal-3  fenced             0      2     0       0 B  never    by scan "
            "20261125T031500-1f8a3c9e: exec by a stranger\n");
  EXPECT_EQ(run(agents, {"drain", "metal-1"}).out, "metal-1  draining\n");
  EXPECT_EQ(run(agents, {"drain"}).code, kUsage);
  EXPECT_EQ(run(agents, {"dance"}).code, kUsage);
}

TEST_F(FarmVerbs, DrainingCanBeWaitedForAndEndsByWhatStillRuns) {
  std::atomic<int> leases = 2;
  api_.post("/v1/agents/metal-1/drain", R"({"name":"metal-1","mode":"draining"})");
  api_.server().Get("/v1/agents", [&](const httplib::Request&, httplib::Response& response) {
    std::string list = leases-- > 0 ? "[{}]" : "[]";
    FakeApi::answer(response, R"({"agents":[{"name":"metal-1","mode":"draining","leases":)" + list + "}]}");
  });
  api_.start();
  Said said = run(agents, {"drain", "metal-1", "--wait", "30s"});
  EXPECT_EQ(said.code, 0) << said.err;
  EXPECT_EQ(said.out, "metal-1  draining\nmetal-1  runs nothing\n");
  leases = 1000;
  said = run(agents, {"drain", "metal-1", "--wait", "1s"});
  EXPECT_EQ(said.code, kFailed);
  EXPECT_EQ(said.err,
            "assay: not drained in time: metal-1 runs 1. No new scans are given out; wait on, or undrain\n");
  EXPECT_EQ(run(agents, {"undrain", "metal-1", "--wait", "1s"}).code, kUsage);
  EXPECT_EQ(run(agents, {"drain", "metal-1", "--wait", "soon"}).code, kUsage);
}

TEST_F(FarmVerbs, DrainingEndsWhereSomebodyHasUndrainedIt) {
  api_.post("/v1/agents/metal-1/drain", R"({"name":"metal-1","mode":"draining"})");
  api_.get("/v1/agents", R"({"agents":[{"name":"metal-1","mode":"active","leases":[{}]}]})");
  api_.start();
  Said said = run(agents, {"drain", "metal-1", "--wait", "30s"});
  EXPECT_EQ(said.code, kFailed);
  EXPECT_EQ(said.err, "assay: metal-1 is active again: somebody has undrained it\n");
}

TEST_F(FarmVerbs, AgentsAreForgotten) {
  api_.server().Delete(
      "/v1/agents/metal-2", [&](const httplib::Request& request, httplib::Response& response) {
        if (request.get_param_value("fenced") == "true")
          FakeApi::answer(response, R"({"name":"metal-2","forgotten":true})");
        else
          FakeApi::answer(response, R"({"error":{"code":"conflict","message":"agent 'metal-2' is fenced"}})",
                          409);
      });
  api_.start();
  Said said = run(agents, {"forget", "metal-2"});
  EXPECT_EQ(said.code, kFailed);
  EXPECT_EQ(said.err, "assay: metal-2: agent 'metal-2' is fenced\n");
  EXPECT_EQ(run(agents, {"forget", "metal-2", "--fenced"}).out, "metal-2  forgotten\n");
  EXPECT_EQ(run(agents, {"drain", "metal-2", "--fenced"}).code, kUsage);
  EXPECT_EQ(run(agents, {"forget"}).code, kUsage);
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

}  // namespace
}  // namespace assay::cli
