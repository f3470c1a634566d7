// The samples through the whole road, by the command that users run.
#include <gtest/gtest.h>

#include <thread>

#include "common/trace_file.h"
#include "scheduler/score/scorer.h"
#include "tests/e2e/assay.h"

namespace assay::e2e {
namespace {

struct Sample {
  std::string name;
  std::string verdict;
  std::vector<std::string> any_of;  // one of these techniques is found; none for a benign image
  friend void PrintTo(const Sample& sample, std::ostream* out) { *out << sample.name; }
};

class Samples : public testing::TestWithParam<Sample> {};

TEST_P(Samples, GetTheVerdictTheirNameSays) {
  ASSAY_NEEDS_HOST();
  const Sample& sample = GetParam();
  TempDir data;
  auto before = leftovers();
  Ran ran = assay(
      data, {"scan", "oci-archive:" + image(sample.name).string(), "--duration", "7s", "--format", "json"});
  auto report = ran.json();
  ASSERT_TRUE(report.is_object()) << ran.err;
  EXPECT_EQ(report["verdict"], sample.verdict)
      << report["findings"].dump(1) << report["completeness"].dump(1);
  EXPECT_EQ(ran.code, sample.verdict == "malicious" ? 10 : 0);
  EXPECT_EQ(report["completeness"]["lost"], 0) << report["completeness"].dump(1);
  auto found = techniques(report);
  bool any = sample.any_of.empty();
  for (const auto& id : sample.any_of) any = any || found.contains(id);
  EXPECT_TRUE(any) << report["findings"].dump(1);
  EXPECT_EQ(left_behind(before), std::set<std::string>());
}

// Starved of every second of it, the run would be no run: it is given as long again.
TEST(Starved, IsMadeUpForWhatOthersTook) {
  ASSAY_NEEDS_HOST();
  ASSAY_NEED(fs::exists("/proc/pressure/cpu"), "a kernel with pressure stall information");
  std::vector<Child> others;
  Command busy;
  busy.argv = {"sh", "-c", "while :; do :; done"};
  for (unsigned i = 0; i < std::thread::hardware_concurrency(); ++i) {
    auto child = spawn(busy);
    ASSERT_TRUE(child) << child.error().what;
    others.push_back(std::move(*child));
  }
  TempDir data;
  Ran ran = assay(data, {"scan", "oci-archive:" + image("miner").string(), "--duration", "3s", "--no-provoke",
                         "--format", "json"});
  auto report = ran.json();
  ASSERT_TRUE(report.is_object()) << ran.err;
  int64_t made_up = report["run"]["made_up_ns"];
  EXPECT_GT(made_up, 100'000'000) << report["run"].dump(1);
  EXPECT_LE(made_up, 3'000'000'000);
}

INSTANTIATE_TEST_SUITE_P(
    All, Samples,
    testing::Values(Sample{"nginx", "clean", {}}, Sample{"redis", "clean", {}}, Sample{"quiet", "clean", {}},
                    Sample{"miner", "malicious", {"T1496", "T1496.001"}},
                    Sample{"reverse-shell", "malicious", {"T1059.004", "T1059"}},
                    Sample{"dropper", "malicious", {"T1105"}}, Sample{"escape", "malicious", {"T1611"}},
                    Sample{"persistence", "malicious", {"T1053.003", "T1574.006", "T1098.004"}},
                    Sample{"credentials", "malicious", {"T1552.001", "T1552", "T1552.004"}},
                    Sample{"portscan", "malicious", {"T1046"}}, Sample{"fileless", "malicious", {"T1620"}}),
    [](const auto& param_info) {
      std::string name = param_info.param.name;
      std::erase(name, '-');
      return name;
    });

TEST(Scan, NginxListsItsWorkersWithTheHashOfTheirBinary) {
  ASSAY_NEEDS_HOST();
  TempDir data;
  Ran ran =
      assay(data, {"scan", "oci-archive:" + image("nginx").string(), "--duration", "8s", "--format", "json"});
  auto report = ran.json();
  ASSERT_TRUE(report.is_object()) << ran.err;
  EXPECT_EQ(ran.code, 0);
  int nginx = 0;
  std::set<std::string> hashes;
  for (const auto& process : report["processes"]) {
    if (process["path"] != "/usr/sbin/nginx") continue;
    ++nginx;
    hashes.insert(process["sha256"].get<std::string>());
  }
  EXPECT_GE(nginx, 2) << report["processes"].dump(1);
  ASSERT_EQ(hashes.size(), 1u);
  EXPECT_EQ(hashes.begin()->size(), 64u);
}

TEST(Scan, SameTraceScoredTwiceGivesTheSameBytes) {
  ASSAY_NEEDS_HOST();
  TempDir data;
  std::string file = data.path() / "miner.trace";
  Ran ran = assay(data, {"scan", "oci-archive:" + image("miner").string(), "--duration", "6s", "--format",
                         "json", "--keep-trace", file});
  ASSERT_EQ(ran.code, 10) << ran.err;
  auto rules = RuleSet::load(std::string(ASSAY_SOURCE_DIR) + "/rules");
  ASSERT_TRUE(rules) << rules.error().what;
  auto score = [&]() -> std::string {
    std::vector<Event> events;
    auto ends = read_trace_file(file, [&](const Event& event) { events.push_back(event); });
    if (!ends) return ends.error().what;
    Scorer scorer(*rules, ends->header);
    for (const Event& event : events) scorer.add(event);
    return report_json(scorer.finish(ends->footer));
  };
  std::string first = score();
  EXPECT_EQ(first, score());
  EXPECT_EQ(first + "\n", ran.out);
}

TEST(Scan, StoredScansAreListedReportedAndTraced) {
  ASSAY_NEEDS_HOST();
  TempDir data;
  Ran ran =
      assay(data, {"scan", "oci-archive:" + image("quiet").string(), "--duration", "3s", "--format", "json"});
  auto report = ran.json();
  ASSERT_TRUE(report.is_object()) << ran.err;
  std::string id = report["scan"]["id"];
  Ran listed = assay(data, {"list", "--format", "json"});
  ASSERT_TRUE(listed.json().is_array()) << listed.out << listed.err;
  EXPECT_EQ(listed.json()[0]["scan"], id);
  EXPECT_EQ(listed.json()[0]["verdict"], "clean");
  Ran again = assay(data, {"report", id, "--format", "json"});
  EXPECT_EQ(again.out, ran.out);
  Ran text = assay(data, {"report", id});
  EXPECT_NE(text.out.find("CLEAN"), std::string::npos) << text.out;
  Ran events = assay(data, {"trace", id, "--format", "json"});
  std::istringstream lines(events.out);
  uint64_t seq = 0;
  for (std::string line; std::getline(lines, line);) EXPECT_EQ(nlohmann::json::parse(line)["seq"], ++seq);
  EXPECT_GT(seq, 5u);
}

TEST(Scan, WithoutNetworkTheTraceIsCompleteToo) {
  ASSAY_NEEDS_HOST();
  TempDir data;
  Ran ran = assay(data, {"scan", "oci-archive:" + image("quiet").string(), "--duration", "3s", "--network",
                         "none", "--format", "json"});
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_EQ(ran.json()["verdict"], "clean") << ran.out;
}

}  // namespace
}  // namespace assay::e2e
