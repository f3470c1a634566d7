// assay sweep: what it asks, prints and returns.
#include "cli/sweep_wait.h"
#include "tests/unit/cli/verbs_fixture.h"

namespace assay::cli {
namespace {

class SweepVerb : public VerbsTest {
 protected:
  std::string report(const std::string& rest) const {
    return R"({"schema":"assay.sweep-report/1","run_id":")" + kScan1 + R"(","state":"done",)" + rest + "}";
  }
  void serves_report(const std::string& json, const std::string& text) {
    api_.server().Get("/v1/sweeps/nightly/report",
                      [=, this](const httplib::Request& request, httplib::Response& response) {
                        api_.note(request);
                        bool as_text = request.get_param_value("format") == "text";
                        FakeApi::answer(response, as_text ? text : json);
                      });
  }
  std::string row(const std::string& run) const {
    return R"({"name":"nightly","paused":false,"sources":["registry.example"],"schedule":"","time_zone":"UTC",)"
           R"("running":null,"run":)" +
           run + "}";
  }
};

const std::string kNone = R"({"count":0,"items":[],"left_out":0})";
const std::string kOne = R"({"count":1,"items":[{"image":"a"}],"left_out":0})";

TEST_F(SweepVerb, OptionsBecomeTheSweepThatTheApiTakes) {
  api_.post("/v1/sweeps", R"({"name":"nightly"})", 201);
  api_.start();
  Said said = run(sweep, {"add",
                          "nightly",
                          "--source",
                          "registry.example:5000",
                          "--source",
                          R"({"registry":"docker.io","repositories":["library/nginx"]})",
                          "--repositories",
                          "team/*",
                          "--repositories",
                          "!team/old",
                          "--tags",
                          "1.*",
                          "--semver",
                          ">=1",
                          "--newest",
                          "5",
                          "--since",
                          "7d",
                          "--untagged",
                          "--schedule",
                          "0 2 * * *",
                          "--time-zone",
                          "Europe/Berlin",
                          "--deadline",
                          "06:00",
                          "--most",
                          "500",
                          "--parallel",
                          "4",
                          "--platforms",
                          "linux/amd64",
                          "--persona",
                          "all",
                          "--duration",
                          "20s",
                          "--label",
                          "team=web",
                          "--insecure"});
  EXPECT_EQ(said.code, kBelowGate) << said.err;
  EXPECT_EQ(said.out, "nightly  added\n");
  ASSERT_EQ(api_.requests().size(), 1u);
  std::string sent = api_.requests()[0];
  ASSERT_TRUE(sent.starts_with("POST /v1/sweeps {"));
  EXPECT_EQ(json::parse(sent.substr(sent.find('{'))), json::parse(R"({
    "name": "nightly",
    "sources": [{"registry": "registry.example:5000", "insecure": true},
                {"registry": "docker.io", "repositories": ["library/nginx"], "insecure": true}],
    "repositories": ["team/*", "!team/old"], "tags": ["1.*"], "semver": ">=1", "newest": 5,
    "pushed_since": "7d", "untagged": true, "schedule": "0 2 * * *", "time_zone": "Europe/Berlin",
    "deadline": "06:00", "most_scans": 500, "parallel": 4, "platforms": ["linux/amd64"],
    "personas": ["bare", "kubernetes", "ci", "cloud"],
    "profile": {"duration_ms": 20000, "labels": {"team": "web"}}})"));
}

TEST_F(SweepVerb, AFileIsSentAsItIsAndReplacesWhereToldTo) {
  std::string spec = R"({"name":"nightly","sources":[{"registry":"registry.example"}],"newest":2})";
  api_.post("/v1/sweeps", R"({"error":{"code":"conflict","message":"there is a sweep of this name"}})", 409);
  api_.server().Put("/v1/sweeps/nightly", [&](const httplib::Request& request, httplib::Response& response) {
    api_.note(request);
    FakeApi::answer(response, R"({"name":"nightly"})");
  });
  api_.start();
  std::string path = file("s.json", spec);
  Said refused = run(sweep, {"add", path});
  EXPECT_EQ(refused.code, kFailed);
  EXPECT_NE(refused.err.find("there is a sweep of this name"), std::string::npos) << refused.err;
  EXPECT_NE(refused.err.find("--replace changes it"), std::string::npos) << refused.err;
  Said said = run(sweep, {"add", path, "--replace"});
  EXPECT_EQ(said.out, "nightly  replaced\n") << said.err;
  EXPECT_EQ(api_.requests(),
            (std::vector<std::string>{"POST /v1/sweeps " + spec, "PUT /v1/sweeps/nightly " + spec}));
}

TEST_F(SweepVerb, WhatCannotBeASweepIsNotSent) {
  api_.start();
  auto err = [&](Args args) {
    args.insert(args.begin(), "add");
    Said said = run(sweep, args);
    EXPECT_EQ(said.code, kUsage) << said.err;
    return said.err;
  };
  EXPECT_NE(err({file("s.json", "{")}).find("s.json is no JSON"), std::string::npos);
  EXPECT_NE(err({file("s.json", R"({"name":3})")}).find("'name' is not text"), std::string::npos);
  EXPECT_NE(err({file("s.json", "{}"), "--newest", "3"}).find("--newest is of no use beside a file"),
            std::string::npos);
  EXPECT_NE(err({file("s.json", "{}"), "--replace"}).find("no \"name\""), std::string::npos);
  EXPECT_NE(err({"a", "--source", "registry.example", "--lane", "gate"}).find("--lane"), std::string::npos);
  EXPECT_NE(err({"a", "--source", "no host"}).find("no host"), std::string::npos);
  EXPECT_NE(err({"a", "--source", R"({"registry":"x","pass":"geheim"})"}).find("pass"), std::string::npos);
  err({"a", "b"});
  err({});
  EXPECT_TRUE(api_.requests().empty());
}

TEST_F(SweepVerb, SweepsAreListedShownPausedAndRemoved) {
  api_.get("/v1/sweeps",
           R"({"sweeps":[{"name":"nightly","schedule":"0 2 * * *","time_zone":"UTC","paused":true,)"
           R"("running":null,"sources":["registry.example","docker.io"],"last_due_s":1795996800}]})");
  api_.get("/v1/sweeps/nightly", row("null"));
  for (const char* order : {"pause", "resume"})
    api_.post(std::string("/v1/sweeps/nightly/") + order, R"({"name":"nightly","paused":true})");
  api_.server().Delete("/v1/sweeps/nightly",
                       [&](const httplib::Request& request, httplib::Response& response) {
                         api_.note(request);
                         FakeApi::answer(response, R"({"name":"nightly"})");
                       });
  api_.start();
  EXPECT_EQ(run(sweep, {"list"}).out,
            "SWEEP    STATE   SCHEDULE       LAST DUE                 SOURCES\n"
            "nightly  paused  0 2 * * * UTC  2026-11-30 00:00:00 UTC  registry.example, docker.io\n");
  EXPECT_EQ(run(sweep, {"show", "nightly"}).out,
            "sweep         nightly\nsource        registry.example\nschedule      by hand\n"
            "created       -\n\nno run is under way\n");
  EXPECT_EQ(run(sweep, {"pause", "nightly"}).out, "nightly  paused\n");
  EXPECT_EQ(run(sweep, {"resume", "nightly"}).out, "nightly  goes on\n");
  EXPECT_EQ(run(sweep, {"remove", "nightly"}).out, "nightly  removed\n");
  EXPECT_EQ(api_.requests().back(), "DELETE /v1/sweeps/nightly");
  EXPECT_EQ(json::parse(run(sweep, {"show", "nightly", "--format", "json"}).out), json::parse(row("null")));
  EXPECT_EQ(run(sweep, {"sweep"}).code, kUsage);
  EXPECT_EQ(run(sweep, {"pause"}).err,
            "assay: no sweep named: assay sweep pause NAME (sweep list has them)\n");
  EXPECT_EQ(run(sweep, {"show", "../scans"}).code, kFailed);
  EXPECT_EQ(api_.requests().size(), 6u) << "a name never leads to another path";
}

TEST_F(SweepVerb, RunIsFollowedToItsReportWhichIsTheExitCode) {
  api_.post("/v1/sweeps/nightly/run", R"({"name":"nightly","run_id":")" + kScan1 + "\"}");
  api_.get("/v1/sweeps/nightly", row("null"));
  api_.get("/v1/sweeps/nightly/runs", R"({"runs":[{"run_id":")" + kScan1 + R"(","state":"done"}]})");
  serves_report(report("\"new_malicious\":" + kOne), "sweep nightly\nnew \x1b[31mmalicious\n");
  api_.start();
  EXPECT_EQ(run(sweep, {"run", "nightly"}).out, "nightly  run " + kScan1 + "\n");
  Said said = run(sweep, {"run", "nightly", "--wait"});
  EXPECT_EQ(said.code, kAtGate);
  EXPECT_EQ(said.err, "nightly  run " + kScan1 + "\n");
  EXPECT_EQ(said.out, "sweep nightly\nnew \\x1b[31mmalicious\n");
  EXPECT_EQ(run(sweep, {"run", "nightly", "--wait", "--gate", "none"}).code, kBelowGate);
  EXPECT_EQ(run(sweep, {"report", "nightly"}).code, kBelowGate) << "reading is no gate unless told to be";
  EXPECT_EQ(run(sweep, {"report", "nightly", "--gate", "malicious"}).code, kAtGate);
  EXPECT_EQ(run(sweep, {"report", "nightly", "--run", "../x"}).code, kUsage);
}

TEST_F(SweepVerb, WaitingGoesOnWhileTheRunDoes) {
  int asked = 0;
  api_.server().Get("/v1/sweeps/nightly", [&](const httplib::Request&, httplib::Response& response) {
    ++asked;
    if (asked == 2) return FakeApi::answer(response, R"({"error":{"code":"busy","message":"later"}})", 503);
    FakeApi::answer(response,
                    row(asked > 3 ? "null" : R"({"run_id":")" + kScan1 + R"(","state":"listing"})"));
  });
  std::string state = "scanning";  // at first: as of a scheduler that has not taken it up again
  api_.server().Get("/v1/sweeps/nightly/runs", [&](const httplib::Request&, httplib::Response& response) {
    FakeApi::answer(response, R"({"runs":[{"run_id":")" + kScan1 + R"(","state":")" + state + "\"}]}");
    state = "done";
  });
  api_.start();
  SweepWait wait{std::chrono::milliseconds(1), std::chrono::milliseconds(60000),
                 std::chrono::milliseconds(60000)};
  Status ended = wait_for_sweep(api_.remote(), "nightly", kScan1, wait);
  EXPECT_TRUE(ended) << ended.error().what;
  EXPECT_EQ(asked, 5);
  Status gone = wait_for_sweep(api_.remote(), "nightly", kScan2, wait);
  ASSERT_FALSE(gone);
  EXPECT_EQ(gone.error().code, Errc::not_found);
  SweepWait brief{std::chrono::milliseconds(1), std::chrono::milliseconds(60000),
                  std::chrono::milliseconds(0)};
  asked = 1;
  EXPECT_FALSE(wait_for_sweep(api_.remote(), "nightly", kScan1, brief)) << "not without end";
}

TEST_F(SweepVerb, ExitCodesSayWhatIsNewAndWhatIsNotKnown) {
  std::string json;
  api_.server().Get("/v1/sweeps/nightly/report", [&](const httplib::Request&, httplib::Response& response) {
    FakeApi::answer(response, json);
  });
  api_.start();
  auto code = [&](const std::string& body, Gate gate) {
    json = body;
    testing::internal::CaptureStdout();
    testing::internal::CaptureStderr();
    auto shown = show_sweep_report(api_.remote(), "nightly", "", Format::json, gate);
    testing::internal::GetCapturedStdout();
    testing::internal::GetCapturedStderr();
    return shown ? *shown : -1;
  };
  EXPECT_EQ(code(report("\"new_malicious\":" + kNone + ",\"still_malicious\":" + kOne), Gate::malicious),
            kBelowGate);
  EXPECT_EQ(code(report("\"new_suspicious\":" + kOne), Gate::malicious), kBelowGate);
  EXPECT_EQ(code(report("\"new_suspicious\":" + kOne), Gate::suspicious), kAtGate);
  EXPECT_EQ(code(report("\"new_malicious\":{\"count\":1,\"items\":[],\"left_out\":1}"), Gate::malicious),
            kAtGate);
  for (const char* list : {"failed", "not_reached", "inconclusive"})
    EXPECT_EQ(code(report("\"" + std::string(list) + "\":" + kOne), Gate::malicious), kInconclusive) << list;
  EXPECT_EQ(code(R"({"state":"stopped"})", Gate::malicious), kFailed);
  EXPECT_EQ(code(report("\"failed\":[]"), Gate::malicious), -1) << "no answer of this form";
}

}  // namespace
}  // namespace assay::cli
