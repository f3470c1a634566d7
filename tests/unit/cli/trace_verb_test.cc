// assay trace export and import: out of a store and into another, from a farm, and what goes wrong.
#include <filesystem>

#include "common/codec.h"
#include "common/fd.h"
#include "common/trace_file.h"
#include "scheduler/keep.h"
#include "scheduler/trace_export.h"
#include "tests/unit/cli/verbs_fixture.h"

namespace assay::cli {
namespace {

namespace fs = std::filesystem;

constexpr char kRule[] =
    "title: hidden\nid: 5d1fd2e4-9f1c-4e0c-8a52-3f2f7b3f7f11\nlevel: critical\n"
    "logsource: {category: process_creation, product: linux}\n"
    "detection: {x: {Image: /tmp/.x}, condition: x}\n";

/// One event, its header naming a hostile reference, as a file.
std::string trace_bytes(const std::string& id, const std::string& report = "") {
  ChunkWriter chunks;
  Event event;
  event.seq = 1;
  event.kind = EventKind::exec;
  event.path = "/tmp/.x";
  event.argv = {"/tmp/.x", "\x1b[2J"};
  chunks.add(event);
  TraceHeader header;
  header.scan_id = id;
  header.job.ref = "oci:/tmp/\x1b[2J";
  header.image.digest = "sha256:" + std::string(64, 'a');
  TraceFooter footer;
  footer.chunks = 1;
  footer.events = 1;
  std::string out;
  TraceFileWriter writer([&](std::string_view bytes) { return out += bytes, Status(); });
  EXPECT_TRUE(writer.begin(id, encode_header(header)));
  EXPECT_TRUE(writer.add(TraceRecord::chunk, chunks.take()));
  EXPECT_TRUE(writer.add(TraceRecord::footer, encode_footer(footer)));
  if (!report.empty()) {
    EXPECT_TRUE(writer.add(TraceRecord::report, report));
  }
  EXPECT_TRUE(writer.finish(1));
  return out;
}

class TraceVerb : public VerbsTest {
 protected:
  void SetUp() override {
    VerbsTest::SetUp();
    fs::create_directory(dir_.path() / "rules");
    file("rules/hidden.yml", kRule);
  }
  std::string path(const std::string& name) const { return dir_.path() / name; }
  Said import(const Args& files, const std::string& data = "data", const std::string& format = "text") {
    Args args = {"import", "--data", path(data), "--rules", path("rules"), "--format", format};
    args.insert(args.end(), files.begin(), files.end());
    return run(trace, args, false);
  }
  Said exported(const Args& more, const std::string& data = "data") {
    Args args = {"export", kScan1, "--data", path(data)};
    args.insert(args.end(), more.begin(), more.end());
    return run(trace, args, false);
  }
  void serves(const std::string& body, bool cut = false) {
    api_.server().Get("/v1/scans/" + kScan1 + "/trace", [=, this](const httplib::Request& request,
                                                                  httplib::Response& response) {
      api_.note(request);
      response.set_chunked_content_provider("application/octet-stream", [=](size_t, httplib::DataSink& sink) {
        sink.write(body.data(), body.size());
        if (!cut) sink.done();
        return !cut;
      });
    });
    api_.start();
  }
};

TEST_F(TraceVerb, GoesFromOneStoreIntoAnother) {
  std::string given = file("given.trace", trace_bytes(kScan1));
  Said said = import({given});
  EXPECT_EQ(said.code, 0) << said.err;
  std::string row = kScan1 + "  malicious ", ref = "  oci:/tmp/\\x1b[2J";
  EXPECT_TRUE(said.out.starts_with(row) && said.out.ends_with(ref + "\n")) << said.out;
  said = exported({"-o", path("out.trace")});
  EXPECT_EQ(said.code, 0) << said.err;
  EXPECT_TRUE(said.out.starts_with("written to " + path("out.trace") + ", ")) << said.out;
  EXPECT_TRUE(said.out.ends_with(": 1 event\n")) << said.out;
  EXPECT_EQ(fs::status(path("out.trace")).permissions(), fs::perms::owner_read | fs::perms::owner_write);
  said = import({path("out.trace")}, "other", "json");
  EXPECT_EQ(said.code, 0) << said.err;
  json line = json::parse(said.out);
  EXPECT_EQ(line["scan"], kScan1);
  EXPECT_EQ(line["outcome"], "imported");
  EXPECT_EQ(line["verdict"], "malicious");
  EXPECT_EQ(line["verdict_in_file"], "malicious");
  EXPECT_EQ(line["events"], 1);
  // And there it is a scan as any other.
  EXPECT_EQ(run(report, {kScan1, "--data", path("other"), "--format", "json"}, false).out,
            run(report, {kScan1, "--data", path("data"), "--format", "json"}, false).out);
  std::string events = run(trace, {kScan1, "--data", path("other"), "--format", "json"}, false).out;
  EXPECT_EQ(events, run(trace, {path("out.trace"), "--format", "json"}, false).out);
  EXPECT_EQ(json::parse(events)["argv"][1], "\\x1b[2J");
  EXPECT_NE(run(list, {"--data", path("other")}, false).out.find(row), std::string::npos);
}

TEST_F(TraceVerb, TellsWhatIsHereAlreadyAndWhatTheFileSays) {
  Report clean;
  clean.header.scan_id = kScan1;
  clean.verdict = Verdict::clean;
  std::string given = file("given.trace", trace_bytes(kScan1, report_json(clean)));
  EXPECT_TRUE(import({given}).out.ends_with("  (the file says clean)\n"));
  Said again = import({given});
  EXPECT_EQ(again.code, 0);
  EXPECT_TRUE(again.out.ends_with("  (was here already, the very same)  (the file says clean)\n"))
      << again.out;
}

TEST_F(TraceVerb, WhatIsWrongWithOneFileDoesNotKeepTheOthersOut) {
  std::string good = file("good.trace", trace_bytes(kScan1)),
              bad = file("bad\x1b.trace", trace_bytes(kScan2).substr(0, 300)), none = path("none.trace");
  Said said = import({bad, none, good});
  EXPECT_EQ(said.code, 1);
  EXPECT_EQ(said.err, "assay: " + path("bad\\x1b.trace") + " is cut off after 300 bytes\nassay: open " +
                          none + ": No such file or directory\n");
  EXPECT_TRUE(said.out.starts_with(kScan1));
  EXPECT_EQ(import({path("rules")}).err,
            "assay: " + path("rules") + " is no regular file: an import reads it twice\n");
  EXPECT_EQ(import({}).code, 2);
  EXPECT_EQ(run(trace, {"import", "--help"}, false).code, 0);
  EXPECT_EQ(run(trace, {"export", "nonsense", "--data", path("data")}, false).code, 2);
}

TEST_F(TraceVerb, OverwritesOnlyByForce) {
  import({file("given.trace", trace_bytes(kScan1))});
  std::string out = file("out.trace", "precious");
  EXPECT_EQ(exported({"-o", out}).code, 1);
  EXPECT_EQ(*read_file(out, 1 << 20), "precious");
  EXPECT_EQ(exported({"-o", out, "--force"}).code, 0);
  EXPECT_TRUE(read_trace_file(out, TraceVisit()));
}

TEST_F(TraceVerb, ComesFromAFarmAndIsCheckedBeforeItHasItsName) {
  std::string bytes = trace_bytes(kScan1);
  serves(bytes);
  Said said = run(trace, {"export", kScan1, "-o", path("out.trace")});
  EXPECT_EQ(said.code, 0) << said.err;
  EXPECT_TRUE(*read_file(path("out.trace"), 1 << 20) == bytes);
  EXPECT_EQ(run(trace, {"export", kScan1, "--artifacts", "--force", "-o", path("out.trace")}).code, 0);
  EXPECT_NE(api_.requests().back().find("artifacts=true"), std::string::npos) << api_.requests().back();
}

TEST_F(TraceVerb, WhatAFarmSendsBrokenLeavesNoFile) {
  std::string bytes = trace_bytes(kScan1);
  bytes[200] = static_cast<char>(bytes[200] ^ 1);
  serves(bytes);
  Said said = run(trace, {"export", kScan1, "-o", path("out.trace")});
  EXPECT_EQ(said.code, 1) << said.out;
  EXPECT_FALSE(fs::exists(path("out.trace")));
  EXPECT_EQ(std::distance(fs::directory_iterator(dir_.path()), fs::directory_iterator()), 1);  // the rules
}

TEST_F(TraceVerb, AnExportThatIsCutShortLeavesNoFile) {
  serves(trace_bytes(kScan1), true);
  Said said = run(trace, {"export", kScan1, "-o", path("out.trace")});
  EXPECT_EQ(said.code, 1) << said.out;
  EXPECT_NE(said.err.find("cut short"), std::string::npos) << said.err;
  EXPECT_FALSE(fs::exists(path("out.trace")));
}

}  // namespace
}  // namespace assay::cli
