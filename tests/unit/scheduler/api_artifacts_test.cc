// The archive of a scan's files by HTTP: through the real loop, as its agent shipped it.
#include <gtest/gtest.h>

#include <optional>

#include "scheduler/keep_keys.h"
#include "tests/unit/scheduler/api_fixture.h"
#include "tests/unit/scheduler/server_fixture.h"

namespace assay {
namespace {

class ApiArtifacts : public ServerTest {
 protected:
  void SetUp() override {
    ServerTest::SetUp();
    start();
    api_.emplace(context_, *store_, config_.clients);
    worker_.emplace(agent());
  }
  void TearDown() override {
    api_.reset();
    ServerTest::TearDown();
  }
  std::string submit(const std::string& ref) {
    std::string body = R"({"scans":[{"ref":")" + ref + R"("}]})";
    return api_->json(202, "POST", "/v1/scans", "ci", body)["scan_ids"][0].get<std::string>();
  }
  std::string scanned(const std::vector<std::string>& pieces) {
    std::string id = submit("oci:/tmp/x" + std::to_string(++scans_));
    want(*worker_);
    ship_with_artifacts(*worker_, expect<wire::Lease>(*worker_), pieces);
    for (int i = 0; i < 500 && record(id).state != ScanState::done; ++i)
      std::this_thread::sleep_for(milliseconds(20));  // until it is scored
    EXPECT_EQ(record(id).state, ScanState::done);
    return id;
  }
  HttpAnswer get(const std::string& id) {
    return api_->call("GET", "/v1/scans/" + id + "/artifacts", "read");
  }
  std::string refusal(const std::string& id) {
    return api_->error(404, "GET", "/v1/scans/" + id + "/artifacts", "read");
  }
  // The body, and whether it came to its end.
  static std::pair<std::string, bool> joined(std::string chunked) {
    std::string out;
    for (;;) {
      size_t line = chunked.find("\r\n");
      if (line == std::string::npos) return {out, false};
      size_t size = std::stoul(chunked.substr(0, line), nullptr, 16);
      if (size == 0) return {out, true};
      out += chunked.substr(line + 2, size);
      chunked.erase(0, line + 2 + size + 2);
    }
  }
  std::optional<ApiHarness> api_;
  std::optional<Socket> worker_;
  int scans_ = 0;
};

TEST_F(ApiArtifacts, ComeWholeAndInOrderAsAFileToSave) {
  std::string large(kArtifactPieceBytes, 'x'), end = "the end of the archive";
  std::string id = scanned({"PK\x03\x04 begins", large, large, end});
  HttpAnswer answer = get(id);
  EXPECT_EQ(answer.status, 200);
  EXPECT_NE(answer.head.find("Content-Type: application/zip\r\n"), std::string::npos) << answer.head;
  EXPECT_NE(answer.head.find("Content-Disposition: attachment; filename=\"" + id + ".zip\"\r\n"),
            std::string::npos)
      << answer.head;
  auto [body, whole] = joined(answer.body);
  EXPECT_TRUE(whole);
  EXPECT_TRUE(body == "PK\x03\x04 begins" + large + large + end) << body.size();
  // And the report is made of the trace alone.
  Json report = api_->json(200, "GET", "/v1/scans/" + id + "/report", "read");
  EXPECT_EQ(report["run"]["chunks"], 1);
  EXPECT_EQ(report["artifacts"][0]["path"], "/tmp/x");
  EXPECT_EQ(report["artifacts"][0]["name"], "0001_x");
}

TEST_F(ApiArtifacts, WhereThereAreNoneTheAnswerSaysWhy) {
  std::string none = scanned({}), open = submit("oci:/tmp/open");
  EXPECT_EQ(refusal(none), "no_artifacts: scan " + none + " has kept no files");
  EXPECT_EQ(refusal(open), "no_artifacts: scan " + open + " is queued: it has no artifacts");
  EXPECT_EQ(refusal("20200101T000000-00000000"),
            "not_found: scan 20200101T000000-00000000 is not known here; `assay list` shows what is");
}

TEST_F(ApiArtifacts, AnArchiveThatLacksAPieceIsCutNotEnded) {
  std::string id = scanned({"one", "two", "three"});
  ASSERT_TRUE(store_->write({{Family::artifacts, keep_keys::chunk_key(id, 1, 3), "", true}}));
  auto [body, whole] = joined(get(id).body);
  EXPECT_FALSE(whole);
  EXPECT_EQ(body, "onetwo");
  ASSERT_TRUE(store_->write({{Family::artifacts, keep_keys::chunk_key(id, 1, 1), "", true}}));
  EXPECT_EQ(get(id).status, 500);  // the first one: there is no need to begin
}

}  // namespace
}  // namespace assay
