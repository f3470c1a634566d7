// The API in front of a loop of few words: tokens, submissions, batches, lists, events, refusals.
#include <gtest/gtest.h>

#include "tests/unit/scheduler/api_fixture.h"
#include "tests/unit/scheduler/fake_loop.h"

namespace assay {
namespace {

class ApiTest : public testing::Test {
 protected:
  void SetUp() override {
    auto store = Store::open(dir_.path() / "store", Store::Mode::read_write);
    ASSERT_TRUE(store) << store.error().what;
    store_ = std::move(*store);
    loop_.emplace(context_, *store_, "inproc://clients");
    api_.emplace(context_, *store_, "inproc://clients", [](api::ApiConfig& config) {
      config.answer = std::chrono::milliseconds(500);
      config.heartbeat = std::chrono::milliseconds(100);
    });
  }

  std::string submit(const std::string& ref = "nginx", const std::string& who = "ci") {
    Json answer = api_->json(202, "POST", "/v1/scans", who, R"({"scans":[{"ref":")" + ref + "\"}]}");
    return answer["scan_ids"].at(0);
  }
  std::string batch(size_t images, const std::string& more = "") {
    std::string body = R"({"name":"n","labels":{"v":"1"},"images":[)";
    for (size_t i = 0; i < images; ++i) body += std::string(i ? "," : "") + R"({"ref":"a"})";
    return api_->json(201, "POST", "/v1/batches", "ci", body + "]" + more + "}")["batch_id"];
  }
  void set_ended(const std::string& id, ScanState state, const std::string& verdict) {
    Keep keep(*store_);
    ScanRecord before = *keep.scan(id), after = before;
    after.state = state;
    after.verdict = verdict;
    ASSERT_TRUE((*store_->commit({Keep::moved(before, after)}))[0]);
  }

  TempDir dir_;
  Context context_;
  std::unique_ptr<Store> store_;
  std::optional<FakeLoop> loop_;
  std::optional<ApiHarness> api_;
};

TEST_F(ApiTest, AsksForATokenAndForItsRole) {
  EXPECT_NE(api_->error(401, "GET", "/v1/scans", "").find("unauthorized: a token is needed"),
            std::string::npos);
  auto unknown = talk(api_->port(), "GET", "/v1/scans", "assay_" + std::string(64, '0'));
  EXPECT_EQ(unknown.status, 401);
  EXPECT_NE(unknown.head.find("WWW-Authenticate: Bearer\r\n"), std::string::npos);
  EXPECT_EQ(api_->error(403, "GET", "/v1/scans", "submit"),
            "denied: token 'submit' has the roles submit; this takes read");
  EXPECT_EQ(api_->error(403, "POST", "/v1/reload", "operate"),
            "denied: token 'operate' has the roles operate; this takes admin");
  api_->json(200, "GET", "/v1/scans", "admin");
}

TEST_F(ApiTest, ARevokedTokenIsOutAtOnceAndAnUnreadableFileLetsNobodyIn) {
  api_->json(200, "GET", "/v1/scans", "read");
  ASSERT_TRUE(api::revoke_token(api_->token_file(), "read"));
  api_->error(401, "GET", "/v1/scans", "read");
  ASSERT_TRUE(write_file(api_->token_file(), "nonsense\n"));
  EXPECT_EQ(api_->error(503, "GET", "/v1/scans", "admin"),
            "tokens: the token file cannot be read: the scheduler's log says why");
}

TEST_F(ApiTest, TellsUnknownPathsAndMethodsAsJson) {
  EXPECT_NE(api_->error(404, "GET", "/v1/nothing", "").find("not_found: there is no /v1/nothing"),
            std::string::npos);
  auto wrong = api_->call("POST", "/v1/queue", "admin", "{}");
  EXPECT_EQ(wrong.status, 405);
  EXPECT_NE(wrong.head.find("Allow: GET\r\n"), std::string::npos);
  EXPECT_EQ(Json::parse(wrong.body)["error"]["code"], "method");
  EXPECT_EQ(api_->error(400, "GET", "/v1/scans?limt=5", "read"),
            "invalid: there is no parameter 'limt'; there are limit, start, state, batch, digest");
  EXPECT_EQ(api_->error(404, "POST", "/v1/agents/a/explode", "operate"),
            "not_found: 'explode' is none of drain, undrain, fence and unfence");
}

TEST_F(ApiTest, ASubmissionCountsForItsTokensName) {
  std::string id = submit("nginx:1.27", "ci");
  Json scan = api_->json(200, "GET", "/v1/scans/" + id, "read");
  EXPECT_EQ(scan["tenant"], "ci");
  EXPECT_EQ(scan["ref"], "nginx:1.27");
  EXPECT_EQ(scan["state"], "queued");
  EXPECT_EQ(scan["waits"][0]["text"], "all slots are taken");
}

TEST_F(ApiTest, NamesTheScanThatIsToBlame) {
  Json answer = api_->json(400, "POST", "/v1/scans", "ci", R"({"scans":[{"ref":"a"},{"ref":"b","x":1}]})");
  EXPECT_EQ(answer["error"]["index"], 1);
  EXPECT_EQ(answer["error"]["message"], "scans[1] has a field 'x', which there is not");
  EXPECT_TRUE(api_->json(200, "GET", "/v1/scans", "read")["scans"].empty()) << "all or none";
}

TEST_F(ApiTest, ARefusalOfTheLoopHasItsStatus) {
  EXPECT_EQ(api_->error(507, "POST", "/v1/scans", "ci", R"({"scans":[{"ref":"full"}]})"),
            "no_space: the disk is full");
  auto busy = api_->call("POST", "/v1/scans", "ci", R"({"scans":[{"ref":"busy"}]})");
  EXPECT_EQ(busy.status, 429);
  EXPECT_NE(busy.head.find("Retry-After: 5\r\n"), std::string::npos);
  EXPECT_EQ(api_->error(504, "POST", "/v1/scans", "ci", R"({"scans":[{"ref":"mute"}]})"),
            "timeout: the scheduler's loop did not answer within 500 ms");
  EXPECT_EQ(api_->metrics().requests_timed_out.value(), 1);
}

TEST_F(ApiTest, AStopWaitsForNoAnswerOfTheLoop) {
  ApiHarness patient(context_, *store_, "inproc://clients");  // ten seconds
  std::thread waiting([&] {
    EXPECT_EQ(patient.error(503, "POST", "/v1/scans", "ci", R"({"scans":[{"ref":"mute"}]})"),
              "unreachable: the scheduler is stopping");
  });
  loop_->wait_for_mute();
  auto before = std::chrono::steady_clock::now();
  patient.stop();
  EXPECT_LT(std::chrono::steady_clock::now() - before, std::chrono::seconds(5));
  waiting.join();
}

TEST_F(ApiTest, ListsNewestFirstPageByPage) {
  std::vector<std::string> ids;
  for (int i = 0; i < 5; ++i) ids.push_back(submit("a" + std::to_string(i)));
  std::vector<std::string> seen;
  std::string start;
  for (int pages = 0; pages < 10; ++pages) {
    Json page = api_->json(200, "GET", "/v1/scans?limit=2" + start, "read");
    for (const auto& scan : page["scans"]) seen.push_back(scan["scan_id"]);
    if (page["next"].is_null()) break;
    start = "&start=" + page["next"].get<std::string>();
  }
  std::reverse(ids.begin(), ids.end());
  EXPECT_EQ(seen, ids);
  EXPECT_EQ(api_->json(200, "GET", "/v1/scans?state=done", "read")["scans"].size(), 0u);
  EXPECT_NE(api_->error(400, "GET", "/v1/scans?state=x", "read"), "");
  EXPECT_NE(api_->error(400, "GET", "/v1/scans?limit=0", "read"), "");
  EXPECT_NE(api_->error(400, "GET", "/v1/scans?start=x", "read"), "");
}

TEST_F(ApiTest, OnlyATenantOrAnOperatorEndsAScan) {
  std::string id = submit("nginx", "ci");
  EXPECT_EQ(api_->error(403, "POST", "/v1/scans/" + id + "/cancel", "other"),
            "denied: scan " + id + " is another tenant's: this takes operate");
  api_->json(403, "POST", "/v1/scans/" + id + "/cancel", "read");
  EXPECT_EQ(api_->json(200, "POST", "/v1/scans/" + id + "/cancel", "ci")["cancelled"], 1);
  api_->json(200, "POST", "/v1/scans/" + submit("nginx", "ci") + "/cancel", "operate");
  api_->json(404, "POST", "/v1/scans/20200101T000000-00000000/cancel", "operate");
  api_->json(400, "POST", "/v1/scans/nonsense/cancel", "operate");
}

TEST_F(ApiTest, AReportIsThereOnceTheScanIsDone) {
  std::string id = submit();
  EXPECT_EQ(api_->error(404, "GET", "/v1/scans/" + id + "/report", "read"),
            "no_report: scan " + id + " is queued: it has no report");
  Keep keep(*store_);
  ScanRecord before = *keep.scan(id), after = before;
  after.state = ScanState::done;
  ASSERT_TRUE((*store_->commit({Keep::reported(before, after, R"({"schema":"assay.report/1"})")}))[0]);
  EXPECT_EQ(api_->json(200, "GET", "/v1/scans/" + id + "/report", "read")["schema"], "assay.report/1");
  EXPECT_EQ(api_->error(400, "GET", "/v1/scans/" + id + "/report?format=pdf", "read"),
            "invalid: format 'pdf' is none of html, sarif, stix, navigator, misp, csv, text, json");
  EXPECT_EQ(api_->error(400, "GET", "/v1/scans/" + id + "/report?form=csv", "read").substr(0, 8), "invalid:");
}

TEST_F(ApiTest, ABatchIsItsRecordAndItsScans) {
  Json made = api_->json(201, "POST", "/v1/batches", "ci",
                         R"({"name":"intake","labels":{"vendor":"acme"},"defaults":{"expect":"clean"},
                             "images":[{"ref":"a"},{"ref":"b","expect":"malicious"},{"ref":"c"}]})");
  std::string id = made["batch_id"];
  ASSERT_EQ(made["scan_ids"].size(), 3u);
  set_ended(made["scan_ids"][0], ScanState::done, "clean");
  set_ended(made["scan_ids"][1], ScanState::done, "clean");
  Json batch = api_->json(200, "GET", "/v1/batches/" + id, "read");
  EXPECT_EQ(batch["name"], "intake");
  EXPECT_EQ(batch["labels"], (Json{{"vendor", "acme"}}));
  EXPECT_EQ(batch["tenant"], "ci");
  EXPECT_EQ(batch["images"], 3);
  EXPECT_EQ(batch["total"], 3);
  EXPECT_EQ(batch["ended"], 2);
  EXPECT_EQ(batch["states"], (Json{{"done", 2}, {"queued", 1}}));
  EXPECT_EQ(batch["verdicts"], (Json{{"clean", 2}}));
  EXPECT_EQ(batch["expected"], (Json{{"met", 1}, {"missed", 1}, {"open", 1}}));
  ASSERT_EQ(batch["missed"].size(), 1u);
  EXPECT_EQ(batch["missed"][0]["ref"], "b");
  EXPECT_EQ(api_->json(200, "GET", "/v1/batches", "read")["batches"][0]["total"], 3);
  Json page = api_->json(200, "GET", "/v1/scans?limit=2&batch=" + id, "read");
  EXPECT_EQ(page["scans"][0]["scan_id"], made["scan_ids"][2]);
  EXPECT_EQ(page["next"], made["scan_ids"][0]);
}

TEST_F(ApiTest, ALargeBatchGoesInParts) {
  std::string id = batch(2500);
  EXPECT_EQ(api_->json(200, "GET", "/v1/batches/" + id, "read")["total"], 2500);
}

TEST_F(ApiTest, ABatchThatIsRefusedInTheMiddleSaysHowFarItCame) {
  std::string body = R"({"images":[)";
  for (int i = 0; i < 1500; ++i)
    body += std::string(i ? "," : "") + R"({"ref":")" + (i == 1200 ? "full" : "a") + "\"}";
  Json answer = api_->json(507, "POST", "/v1/batches", "ci", body + "]}");
  EXPECT_EQ(answer["error"]["message"], "the disk is full (1000 of 1500 scans had been accepted before)");
  EXPECT_EQ(answer["accepted"], 1000);
  EXPECT_EQ(answer["scan_ids"].size(), 1000u);
  EXPECT_EQ(api_->json(200, "GET", "/v1/batches/" + answer["batch_id"].get<std::string>(), "read")["total"],
            1000);
}

TEST_F(ApiTest, ABatchIsRunAgainWholeOrInPart) {
  Json made = api_->json(201, "POST", "/v1/batches", "ci",
                         R"({"name":"n","images":[{"ref":"a","expect":"clean"},{"ref":"b"},{"ref":"c"}]})");
  std::string id = made["batch_id"], path = "/v1/batches/" + id + "/rerun";
  set_ended(made["scan_ids"][0], ScanState::done, "malicious");
  set_ended(made["scan_ids"][1], ScanState::failed, "");
  Json all = api_->json(201, "POST", path, "ci");
  EXPECT_EQ(all["scan_ids"].size(), 3u);
  auto refs = [&](const std::string& body) {
    Json again = api_->json(201, "POST", path, "ci", body);
    std::string out;
    for (const auto& scan : again["scan_ids"])
      out += api_->json(200, "GET", "/v1/scans/" + scan.get<std::string>(), "read")["ref"].get<std::string>();
    return out;
  };
  EXPECT_EQ(refs(R"({"only":"failed"})"), "b");
  EXPECT_EQ(refs(R"({"only":"unexpected","fresh":true})"), "a");
  Json shown = api_->json(200, "GET", "/v1/batches/" + all["batch_id"].get<std::string>(), "read");
  EXPECT_EQ(shown["rerun_of"], id);
  EXPECT_EQ(shown["name"], "n");
  api_->json(403, "POST", path, "other");
  api_->json(400, "POST", path, "ci", R"({"only":"some"})");
  api_->json(400, "POST", path, "ci", std::string(4000, '['));
}

TEST_F(ApiTest, ScansJoinABatchOfTheirOwnTenant) {
  std::string id = batch(1);
  auto body = [&](const std::string& batch) { return R"({"scans":[{"ref":"a","batch":")" + batch + "\"}]}"; };
  api_->json(202, "POST", "/v1/scans", "ci", body(id));
  api_->json(403, "POST", "/v1/scans", "other", body(id));
  api_->json(404, "POST", "/v1/scans", "ci", body("20200101T000000-00000000"));
}

TEST_F(ApiTest, CapacityTakesATimeOrSeconds) {
  EXPECT_EQ(api_->json(200, "GET", "/v1/capacity", "read")["seconds"], 3600);
  EXPECT_EQ(api_->json(200, "GET", "/v1/capacity?in_s=60", "read")["seconds"], 60);
  EXPECT_GT(api_->json(200, "GET", "/v1/capacity?by=2999-01-01T00:00:00Z", "read")["seconds"], 1000000);
  EXPECT_NE(api_->error(400, "GET", "/v1/capacity?by=2001-01-01T00:00:00Z", "read").find("not in the future"),
            std::string::npos);
  auto capacity = api_->json(200, "GET", "/v1/capacity?in=60&min=2&max=9", "read");
  EXPECT_EQ(capacity["seconds"], 60);
  EXPECT_EQ(capacity["min"], 2);
  EXPECT_EQ(capacity["max"], 9);
  for (const char* query : {"in=0", "in=60&in_s=60", "min=5&max=4", "max=10001", "min=-1", "in=1h"})
    api_->json(400, "GET", std::string("/v1/capacity?") + query, "read");
  api_->json(400, "GET", "/v1/capacity?by=soon", "read");
  api_->json(400, "GET", "/v1/capacity?by=2999-01-01T00:00:00Z&in_s=1", "read");
}

TEST_F(ApiTest, HealthTellsOfTheLoopAndOfNothingElse) {
  EXPECT_EQ(api_->json(200, "GET", "/v1/health", "")["status"], "stalled");
  loop_.reset();
  EXPECT_EQ(api_->error(503, "GET", "/v1/health", ""), "unhealthy: the scheduler's loop does not answer");
}

TEST_F(ApiTest, MetricsCountRequestsByTheirStatus) {
  api_->json(200, "GET", "/v1/scans", "read");
  api_->json(401, "GET", "/v1/scans", "");
  auto answer = api_->call("GET", "/metrics", "read");
  EXPECT_NE(answer.head.find("Content-Type: text/plain; version=0.0.4"), std::string::npos);
  EXPECT_NE(answer.body.find("assay_http_requests_total{code=\"2xx\"} 1\n"), std::string::npos)
      << answer.body;
  EXPECT_NE(answer.body.find("assay_http_requests_total{code=\"4xx\"} 1\n"), std::string::npos);
  EXPECT_EQ(answer.body.find(api_->token("read")), std::string::npos);
}

class EventsTest : public ApiTest {
 protected:
  HttpTalk listen(const std::string& query, const std::string& who = "read") {
    HttpTalk stream(api_->port());
    stream.say("GET /v1/events" + query + " HTTP/1.1\r\nAuthorization: Bearer " + api_->token(who) +
               "\r\n\r\n");
    return stream;
  }
};

TEST_F(EventsTest, AScansStreamBeginsWithItsStateAndEndsWithItsEnd) {
  std::string id = submit();
  HttpTalk stream = listen("?scan=" + id);
  EXPECT_NE(stream.hear_until("\"queued\"").find("event: state\ndata: {\"scan_id\":\"" + id + "\""),
            std::string::npos);
  api_->json(200, "POST", "/v1/scans/" + id + "/cancel", "ci");
  std::string text = stream.hear();
  EXPECT_TRUE(stream.ended());
  size_t progress = text.find("event: progress"), end = text.find("\"state\":\"cancelled\"");
  EXPECT_LT(progress, end) << text;
  EXPECT_NE(end, std::string::npos);
  HttpTalk late = listen("?scan=" + id);
  EXPECT_NE(late.hear().find("\"state\":\"cancelled\""), std::string::npos) << "of a scan that has ended";
}

TEST_F(EventsTest, ABatchsStreamEndsWithTheLastOfItsScans) {
  Json made = api_->json(201, "POST", "/v1/batches", "ci", R"({"images":[{"ref":"a"},{"ref":"b"}]})");
  HttpTalk stream = listen("?batch=" + made["batch_id"].get<std::string>());
  stream.hear_until(made["scan_ids"][1].get<std::string>());
  api_->json(200, "POST", "/v1/scans/" + made["scan_ids"][0].get<std::string>() + "/cancel", "ci");
  stream.hear_until("cancelled");
  EXPECT_FALSE(stream.ended());
  api_->json(200, "POST", "/v1/batches/" + made["batch_id"].get<std::string>() + "/cancel", "ci");
  stream.hear();
  EXPECT_TRUE(stream.ended());
}

TEST_F(EventsTest, AnEndThatNobodyToldOfIsFoundInTheStore) {
  std::string id = submit();
  HttpTalk stream = listen("?scan=" + id);
  stream.hear_until("queued");
  set_ended(id, ScanState::failed, "");
  EXPECT_NE(stream.hear().find("\"state\":\"failed\""), std::string::npos);
  EXPECT_TRUE(stream.ended());
}

TEST_F(EventsTest, AStreamOfAllShowsThatItLives) {
  HttpTalk stream = listen("");
  EXPECT_NE(stream.hear_until(":\n\n").find("text/event-stream"), std::string::npos);
  std::string id = submit();
  api_->json(200, "POST", "/v1/scans/" + id + "/cancel", "ci");
  EXPECT_NE(stream.hear_until("cancelled").find(id), std::string::npos);
}

TEST_F(EventsTest, RefusesWhatIsNotThere) {
  api_->json(404, "GET", "/v1/events?scan=20200101T000000-00000000", "read");
  api_->json(404, "GET", "/v1/events?batch=20200101T000000-00000000", "read");
  api_->json(400, "GET", "/v1/events?scan=20200101T000000-00000000&batch=20200101T000000-00000000", "read");
  api_->json(403, "GET", "/v1/events", "submit");
}

}  // namespace
}  // namespace assay
