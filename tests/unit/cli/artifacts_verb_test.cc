// assay artifacts: the list, the file, and what goes wrong, from a local store and from a farm.
#include <filesystem>

#include "common/codec.h"
#include "common/fd.h"
#include "scheduler/keep.h"
#include "scheduler/score/report.h"
#include "tests/unit/cli/verbs_fixture.h"

namespace assay::cli {
namespace {

namespace fs = std::filesystem;

const std::string kShaOne = std::string(64, '1'), kShaTwo = std::string(64, '2');

std::string report_with_files(const std::string& id) {
  Report report;
  report.header.scan_id = id;
  report.artifacts = {{"/tmp/.x", "0001_.x", kShaOne, 700'000, true},
                      {"/etc/cron\x1b[2J", "0002_cron", kShaTwo, 12, false}};
  report.footer.artifacts_left_out = 4;
  return report_json(report);
}

class ArtifactsVerb : public VerbsTest {
 protected:
  std::string out() const { return dir_.path() / "out.zip"; }
  static std::string content() {
    std::string text;
    for (int i = 0; i < 300'000; ++i) text += static_cast<char>(i * 7);
    return text;
  }
  /// The farm's report and archive.
  void serves(int status = 200, bool cut = false) {
    api_.get("/v1/scans/" + kScan1 + "/report", report_with_files(kScan1));
    api_.server().Get("/v1/scans/" + kScan1 + "/artifacts", [=, this](const httplib::Request& request,
                                                                      httplib::Response& response) {
      api_.note(request);
      if (status != 200)
        return FakeApi::answer(response, R"({"error":{"code":"no_artifacts","message":"there are none"}})",
                               status);
      response.set_chunked_content_provider("application/zip", [=](size_t, httplib::DataSink& sink) {
        std::string text = content();
        sink.write(text.data(), text.size());
        if (!cut) sink.done();
        return !cut;
      });
    });
    api_.start();
  }
  /// A local store with a scan that is done, and its archive.
  fs::path local() {
    fs::path data = dir_.path() / "data";
    auto store = Store::open(data / "store", Store::Mode::read_write);
    EXPECT_TRUE(store);
    auto commit = [&](const Result<StoreBatch>& batch) {
      ASSERT_TRUE(batch) << batch.error().what;
      auto done = (*store)->commit({*batch});
      ASSERT_TRUE(done && (*done)[0]);
    };
    ScanRecord queued;
    queued.scan_id = kScan1;
    ScanRecord leased = queued, shipped, ended;
    leased.state = ScanState::leased;
    leased.attempt = 1;
    shipped = leased;
    shipped.state = ScanState::shipped;
    shipped.digest = "sha256:" + std::string(64, 'a');
    ended = shipped;
    ended.state = ScanState::done;
    commit(Keep::submitted(queued));
    commit(Keep::moved(queued, leased));
    commit(Keep::chunk(leased, 0, encode_artifact_piece(content().substr(0, 1000))));
    commit(Keep::chunk(leased, 1, encode_artifact_piece(content().substr(1000))));
    TraceHeader header;
    header.scan_id = kScan1;
    header.image.digest = shipped.digest;
    TraceFooter footer;
    footer.artifact_chunks = 2;
    commit(Keep::shipped(leased, shipped, header, footer));
    commit(Keep::reported(shipped, ended, report_with_files(kScan1)));
    return data;
  }
  size_t files() const {
    return static_cast<size_t>(std::distance(fs::directory_iterator(dir_.path()), fs::directory_iterator()));
  }
};

TEST_F(ArtifactsVerb, FetchesFromTheFarmAndListsWhatIsInIt) {
  serves();
  Said said = run(artifacts, {kScan1, "-o", out()});
  EXPECT_EQ(said.code, 0) << said.err;
  EXPECT_EQ(said.out, "683.6 KiB  executed  " + kShaOne + "  /tmp/.x\n12 B                 " + kShaTwo +
                          "  /etc/cron\\x1b[2J\nand 4 files beyond the bounds, not kept\nwritten to " +
                          out() + ", 293.0 KiB; live malware may be in it. Its password: infected\n");
  EXPECT_TRUE(*read_file(out(), 1 << 20) == content());
  EXPECT_EQ(fs::status(out()).permissions(), fs::perms::owner_read | fs::perms::owner_write);
}

TEST_F(ArtifactsVerb, ReadsTheLocalStore) {
  fs::path data = local();
  Said said = run(artifacts, {kScan1, "--output", out(), "--data", data}, false);
  EXPECT_EQ(said.code, 0) << said.err;
  EXPECT_TRUE(*read_file(out(), 1 << 20) == content());
}

TEST_F(ArtifactsVerb, OnlyListsWhenAskedTo) {
  serves();
  Said said = run(artifacts, {kScan1, "--list", "--format", "json"});
  EXPECT_EQ(said.code, 0) << said.err;
  json list = json::parse(said.out);
  ASSERT_EQ(list.size(), 2u);
  EXPECT_EQ(list[0], (json{{"path", "/tmp/.x"},
                           {"name", "0001_.x"},
                           {"sha256", kShaOne},
                           {"size_bytes", 700'000},
                           {"executed", true}}));
  EXPECT_EQ(api_.requests().size(), 1u);
}

TEST_F(ArtifactsVerb, OverwritesOnlyByForce) {
  serves();
  file("out.zip", "precious");
  Said said = run(artifacts, {kScan1, "-o", out()});
  EXPECT_EQ(said.code, 1);
  EXPECT_EQ(said.err,
            "assay: " + out() + " exists: name another with --output, or overwrite it with --force\n");
  EXPECT_EQ(*read_file(out(), 1 << 20), "precious");
  EXPECT_EQ(run(artifacts, {kScan1, "-o", out(), "--force"}).code, 0);
  EXPECT_TRUE(*read_file(out(), 1 << 20) == content());
}

TEST_F(ArtifactsVerb, AnArchiveThatIsCutShortLeavesNoFile) {
  serves(200, true);
  file("out.zip", "precious");
  Said said = run(artifacts, {kScan1, "-o", out(), "--force"});
  EXPECT_EQ(said.code, 1);
  EXPECT_NE(said.err.find("cut short"), std::string::npos) << said.err;
  EXPECT_EQ(*read_file(out(), 1 << 20), "precious");
  EXPECT_EQ(files(), 1u);
}

TEST_F(ArtifactsVerb, SaysWhatTheServerSays) {
  serves(404);
  Said said = run(artifacts, {kScan1, "-o", out()});
  EXPECT_EQ(said.code, 1);
  EXPECT_NE(said.err.find("there are none"), std::string::npos) << said.err;
  EXPECT_EQ(files(), 0u);
}

TEST_F(ArtifactsVerb, WhereNothingWasKeptSaysSo) {
  Report report;
  report.header.scan_id = kScan1;
  api_.get("/v1/scans/" + kScan1 + "/report", report_json(report));
  api_.start();
  Said said = run(artifacts, {kScan1, "-o", out()});
  EXPECT_EQ(said.code, 1);
  EXPECT_EQ(said.err, "assay: scan " + kScan1 + " has kept no files\n");
  EXPECT_EQ(run(artifacts, {"nonsense"}).code, 2);
}

}  // namespace
}  // namespace assay::cli
