// assay submit: what it asks, prints and returns.
#include <algorithm>

#include "tests/unit/cli/verbs_fixture.h"

namespace assay::cli {
namespace {

using SubmitVerb = VerbsTest;

TEST_F(SubmitVerb, SubmitPrintsIdAndReference) {
  takes_scans();
  api_.start();
  Said said = run(submit, {"nginx:1.25", "redis", "--lane", "gate", "--label", "team=web", "--fresh"});
  EXPECT_EQ(said.code, 0) << said.err;
  EXPECT_EQ(said.out, "20261125T031500-00000001  nginx:1.25\n20261125T031500-00000002  redis\n");
  json body = json::parse(api_.requests()[0].substr(15));
  EXPECT_EQ(body["scans"][1],
            json::parse(R"({"ref":"redis","lane":"gate","labels":{"team":"web"},"fresh":true})"));
}

TEST_F(SubmitVerb, AllPersonasAreAScanEach) {
  takes_scans();
  api_.start();
  Said said = run(submit, {"nginx", "--persona", "all", "--no-provoke"});
  EXPECT_EQ(said.code, 0) << said.err;
  std::vector<std::string> asked;
  for (const auto& request : api_.requests())
    asked.push_back(json::parse(request.substr(15))["scans"][0].dump());
  EXPECT_EQ(asked, (std::vector<std::string>{R"({"persona":"bare","provoke":false,"ref":"nginx"})",
                                             R"({"persona":"kubernetes","provoke":false,"ref":"nginx"})",
                                             R"({"persona":"ci","provoke":false,"ref":"nginx"})",
                                             R"({"persona":"cloud","provoke":false,"ref":"nginx"})"}));
  EXPECT_NE(said.out.find("  nginx  kubernetes\n"), std::string::npos) << said.out;
  EXPECT_EQ(run(submit, {"nginx", "--persona", "root"}).code, kUsage);
}

TEST_F(SubmitVerb, SubmitSendsLongListsInSlices) {
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

TEST_F(SubmitVerb, BadLinesAreNamedAndNothingIsSent) {
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

TEST_F(SubmitVerb, IdsOfWhatWasTakenAreSaidWhenTheRestIsRefused) {
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

TEST_F(SubmitVerb, RefusedImageIsNamed) {
  api_.post("/v1/scans", R"({"error":{"code":"invalid","message":"duration 5 ms is too short","index":1}})",
            400);
  api_.start();
  Said said = run(submit, {"nginx", "redis"});
  EXPECT_EQ(said.code, kUsage);
  EXPECT_EQ(said.err, "assay: redis: duration 5 ms is too short\n");
}

TEST_F(SubmitVerb, WaitingSubmitPrintsVerdictsAndReturnsTheWorst) {
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

TEST_F(SubmitVerb, WaitingSubmitAsJsonSaysOnlyJson) {
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

TEST_F(SubmitVerb, MetExpectationIsNoFailureOfTheGate) {
  takes_scans();
  std::string one = "20261125T031500-00000001";
  api_.events(event_text("state", one, R"("state":"done","verdict":"malicious","score":96)"));
  api_.start();
  EXPECT_EQ(run(submit, {"miner", "--wait", "--expect", "malicious"}).code, kBelowGate);
}

}  // namespace
}  // namespace assay::cli
