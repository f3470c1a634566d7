// What files are by their contents, in real scans: a miner that a dropper unpacks, a program that runs from
// memory, benign images under public YARA rules.
#include <gtest/gtest.h>

#include <algorithm>

#include "common/digest.h"
#include "common/trace_file.h"
#include "tests/e2e/assay.h"

namespace assay::e2e {
namespace {

struct Scanned {
  nlohmann::json report;
  std::vector<Event> events;
  std::string err;
  // The first `file` event of a path; a default one if there is none.
  Event file(const std::string& path) const {
    auto found = std::find_if(events.begin(), events.end(), [&](const Event& event) {
      return event.kind == EventKind::file && event.path.starts_with(path);
    });
    return found == events.end() ? Event() : *found;
  }
};

Scanned scan_image(const std::string& name, const std::string& duration, std::vector<std::string> more = {}) {
  TempDir data;
  auto before = leftovers();
  std::string trace = data.path() / "trace";
  std::vector<std::string> args = {"scan",         "oci-archive:" + image(name).string(),
                                   "--duration",   duration,
                                   "--format",     "json",
                                   "--keep-trace", trace};
  args.insert(args.end(), more.begin(), more.end());
  Ran ran = assay(data, args);
  Scanned out;
  out.report = ran.json();
  out.err = ran.err;
  EXPECT_TRUE(out.report.is_object()) << ran.err;
  if (!out.report.is_object()) return out;
  auto read = read_trace_file(trace, [&](const Event& event) { out.events.push_back(event); });
  EXPECT_TRUE(read) << read.error().what;
  EXPECT_EQ(left_behind(before), std::set<std::string>());
  return out;
}

bool has(const std::vector<std::string>& list, const std::string& what) {
  return std::find(list.begin(), list.end(), what) != list.end();
}

std::string evidence(const nlohmann::json& report, const std::string& title) {
  for (const auto& finding : report["findings"])
    if (finding["title"] == title) return finding["evidence"][0]["text"];
  return "";
}

// The program as the image carries it: unpacked here, from the archive, by other means than the guest's.
std::string packed_program(const std::string& name) {
  TempDir dir;
  Command command;
  command.argv = {"bash", "-c",
                  "cd \"$1\" && tar -xf \"$0\" && for blob in blobs/sha256/*; do "
                  "tar -xf $blob --wildcards '*theme.dat' 2>/dev/null && break; done; "
                  "base64 -d $(find . -name theme.dat) | gzip -d",
                  image(name).string(), dir.path().string()};
  auto output = run(command, std::chrono::seconds(60), 64 << 20);
  return output ? output->out : "";
}

TEST(Inspect, MinerThatADropperUnpacksIsHarvestedWithHashTypeAndMatches) {
  ASSAY_NEEDS_HOST();
  ASSAY_NEED(fs::exists(image("miner-dropper")), "the sample image miner-dropper: tests/images/build");
  std::string program = packed_program("miner-dropper");
  ASSERT_GT(program.size(), 1u << 20);
  Scanned scan = scan_image("miner-dropper", "8s");
  ASSERT_TRUE(scan.report.is_object()) << scan.err;
  Event file = scan.file("/var/tmp/.systemd-private");
  EXPECT_EQ(file.origin, "dropped");
  EXPECT_EQ(file.sha256, Digest::of(program).hex());
  EXPECT_EQ(file.mime, "application/x-pie-executable");
  EXPECT_EQ(file.similarity.size(), 72u) << file.similarity;
  EXPECT_TRUE(has(file.matches, "assay_miner:xmrig_program")) << event_text(file);
  std::string said = evidence(scan.report, "Program with the marks of a miner run");
  EXPECT_NE(said.find("/var/tmp/.systemd-private"), std::string::npos) << scan.report["findings"].dump(1);
  EXPECT_NE(said.find("assay_miner:xmrig_program"), std::string::npos) << said;
  bool listed = false;
  for (const auto& change : scan.report["files"])
    if (change["path"] == "/var/tmp/.systemd-private") {
      listed = true;
      EXPECT_EQ(change["mime"], file.mime);
      EXPECT_EQ(change["similarity"], file.similarity);
      EXPECT_EQ(change["matches"].size(), file.matches.size());
      EXPECT_EQ(change["executed"], true);
    }
  EXPECT_TRUE(listed) << scan.report["files"].dump(1);
}

TEST(Inspect, ProgramThatRunsFromMemoryIsReadOutOfTheGuest) {
  ASSAY_NEEDS_HOST();
  TempDir rules;
  ASSERT_TRUE(write_file(rules.path() / "mine.yar",
                         "rule says_payload { strings: $p = \"payload runs from memory\" condition: $p }"));
  Scanned scan = scan_image("fileless", "15s", {"--yara", rules.path()});
  ASSERT_TRUE(scan.report.is_object()) << scan.err;
  Event file = scan.file("/memfd:");
  EXPECT_EQ(file.origin, "memfd");
  EXPECT_EQ(file.call, "executed");
  EXPECT_EQ(file.sha256.size(), 64u);
  EXPECT_TRUE(has(file.matches, "mine:says_payload")) << event_text(file);
  for (const auto& change : scan.report["files"])
    EXPECT_FALSE(change["path"].get<std::string>().starts_with("/memfd:")) << "not left behind";
  // The very program is in the image, too, and was executed from there first.
  Event loader = scan.file("/usr/local/bin/loader");
  EXPECT_EQ(loader.origin, "image");
  EXPECT_EQ(loader.sha256, file.sha256);
  EXPECT_NE(
      evidence(scan.report, "Program that matches a rule of a YARA directory").find("mine:says_payload"),
      std::string::npos);
}

TEST(Inspect, RulesThatDoNotCompileAreNamedBeforeAnythingIsScanned) {
  ASSAY_NEEDS_HOST();
  TempDir rules, data;
  ASSERT_TRUE(write_file(rules.path() / "bad.yar", "rule a { condition: $x }\n"));
  Ran ran = assay(data, {"scan", "oci-archive:" + image("quiet").string(), "--yara", rules.path()});
  EXPECT_EQ(ran.code, 1);
  EXPECT_NE(ran.err.find("bad.yar:1: undefined string \"$x\""), std::string::npos) << ran.err;
}

// Public rules know some that match honest software; they must not make an honest image malicious.
TEST(Inspect, HonestImagesStayCleanUnderPublicRules) {
  ASSAY_NEEDS_HOST();
  fs::path corpus = fs::path(ASSAY_SOURCE_DIR) / "../shared/corpus/yara";
  if (!fs::exists(corpus)) GTEST_SKIP() << "the public YARA rules are not here";
  Scanned scan = scan_image("nginx", "6s", {"--yara", corpus});
  ASSERT_TRUE(scan.report.is_object()) << scan.err;
  EXPECT_EQ(scan.report["verdict"], "clean")
      << scan.report["findings"].dump(1) << scan.report["completeness"].dump(1);
}

}  // namespace
}  // namespace assay::e2e
