// assay batch: what it asks, prints and returns.
#include "tests/unit/cli/verbs_fixture.h"

namespace assay::cli {
namespace {

using BatchVerb = VerbsTest;

constexpr const char* kSummary =
    R"({"batch_id":"20261125T031400-0000000b","name":"night","labels":{},"created_ns":1795576440000000000,"total":2,)"
    R"("states":{"done":2},"verdicts":{"clean":1,"malicious":1},"expected":{"met":1,"missed":1,"open":0},)"
    R"("missed":[{"scan_id":"20261125T031501-00000002","ref":"redis","expect":"clean","verdict":"malicious","state":"done"}]})";

TEST_F(BatchVerb, BatchIsSubmittedListedAndShown) {
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

TEST_F(BatchVerb, BadManifestIsNotSent) {
  api_.start();
  Said said = run(batch, {"submit", file("m.json", R"({"images":[{"reff":"nginx"}]})")});
  EXPECT_EQ(said.code, kUsage);
  EXPECT_NE(said.err.find("m.json, image 1: no field is called 'reff'"), std::string::npos) << said.err;
  EXPECT_TRUE(api_.requests().empty());
}

TEST_F(BatchVerb, BatchThatWasHalfTakenIsNotSentAgainAndNamed) {
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

TEST_F(BatchVerb, WatchedBatchEndsWithItsSummaryAndExitsByItsExpectations) {
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

TEST_F(BatchVerb, RerunAndCancelOfABatch) {
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
