// The trace as a file by HTTP: through the real loop, as its agent shipped it.
#include <gtest/gtest.h>

#include <optional>

#include "common/trace_file.h"
#include "scheduler/keep_keys.h"
#include "tests/unit/scheduler/api_fixture.h"
#include "tests/unit/scheduler/server_fixture.h"

namespace assay {
namespace {

class ApiTrace : public ServerTest {
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
  std::string scanned() {
    std::string id = submit("oci:/tmp/x");
    want(*worker_);
    ship_with_artifacts(*worker_, expect<wire::Lease>(*worker_), {"PK", "more"});
    for (int i = 0; i < 500 && record(id).state != ScanState::done; ++i)
      std::this_thread::sleep_for(milliseconds(20));  // until it is scored
    return id;
  }
  static std::string at(const std::string& id) { return "/v1/scans/" + id + "/trace"; }
  /// The file that came, and whether all of it did.
  std::pair<std::string, bool> fetch(const std::string& target) {
    HttpAnswer answer = api_->call("GET", target, "read");
    EXPECT_EQ(answer.status, 200) << answer.body;
    head_ = answer.head;
    std::string out, chunked = answer.body;
    for (;;) {
      size_t line = chunked.find("\r\n");
      if (line == std::string::npos) return {out, false};
      size_t size = std::stoul(chunked.substr(0, line), nullptr, 16);
      if (size == 0) return {out, true};
      out += chunked.substr(line + 2, size);
      chunked.erase(0, line + 2 + size + 2);
    }
  }
  Result<TraceFile> read(const std::string& bytes) {
    std::string path = dir_.path() / "x.trace";
    EXPECT_TRUE(write_file(path, bytes));
    return read_trace_file(path, TraceVisit());
  }
  std::optional<ApiHarness> api_;
  std::optional<Socket> worker_;
  std::string head_;
};

TEST_F(ApiTrace, ComesAsAFileThatIsWhole) {
  std::string id = scanned();
  auto [bytes, whole] = fetch(at(id));
  EXPECT_TRUE(whole);
  EXPECT_NE(head_.find("Content-Type: application/octet-stream\r\n"), std::string::npos) << head_;
  EXPECT_NE(head_.find("filename=\"" + id + ".trace\"\r\n"), std::string::npos) << head_;
  auto file = read(bytes);
  ASSERT_TRUE(file) << file.error().what;
  EXPECT_TRUE(file->sealed);
  EXPECT_EQ(file->header.scan_id, id);
  EXPECT_EQ(file->chunks, 1u);
  EXPECT_EQ(file->pieces, 0u);
  EXPECT_EQ(Json::parse(file->report)["scan"]["id"], id);
  auto with = read(fetch(at(id) + "?artifacts=true").first);
  ASSERT_TRUE(with) << with.error().what;
  EXPECT_EQ(with->pieces, 2u);
}

TEST_F(ApiTrace, WhereThereIsNoneTheAnswerSaysWhy) {
  std::string open = submit("oci:/tmp/open");
  EXPECT_EQ(api_->error(404, "GET", at(open), "read"),
            "no_trace: scan " + open + " is queued: it has no trace");
  EXPECT_EQ(api_->error(404, "GET", at("20200101T000000-00000000"), "read"),
            "not_found: scan 20200101T000000-00000000 is not known here; `assay list` shows what is");
  EXPECT_EQ(api_->error(400, "GET", at(open) + "?artifacts=maybe", "read"),
            "invalid: artifacts 'maybe' is neither true nor false");
  EXPECT_EQ(api_->call("GET", at(open) + "?artefacts=true", "read").status, 400);
}

TEST_F(ApiTrace, DamageCutsItOffAndItTellsSoItself) {
  std::string id = scanned();
  ASSERT_TRUE(store_->write({{Family::chunks, keep_keys::chunk_key(id, 1, 0), "junk"}}));
  auto [bytes, whole] = fetch(at(id));
  EXPECT_FALSE(whole);
  EXPECT_EQ(read(bytes).error().code, Errc::corrupt);
  ASSERT_TRUE(store_->write({{Family::chunks, keep_keys::chunk_key(id, 1, 0), "", true}}));
  EXPECT_EQ(api_->call("GET", at(id), "read").status, 500);  // the first one: there is no need to begin
}

}  // namespace
}  // namespace assay
