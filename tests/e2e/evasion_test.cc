// What hides from sandboxes: each of the sample images gets its finding, the sleeper also the time that it
// waits for; and the guest's machine looks like one.
#include <gtest/gtest.h>

#include <algorithm>

#include "common/trace_file.h"
#include "tests/e2e/assay.h"

namespace assay::e2e {
namespace {

struct Scanned {
  nlohmann::json report;
  std::vector<Event> events;
  TraceFooter footer;

  std::string titles() const {
    std::string out;
    for (const auto& finding : report.value("findings", nlohmann::json::array()))
      out += finding.value("title", "") + "\n";
    return out;
  }
  bool found(const std::string& title) const {
    return ("\n" + titles()).find("\n" + title + "\n") != std::string::npos;
  }
  std::string notes() const {
    std::string out;
    for (const Event& event : events)
      if (event.kind == EventKind::note) out += event.call + ": " + event.data + "\n";
    return out;
  }
};

Scanned scan(const std::string& name, const std::string& duration, const std::string& extension) {
  TempDir data;
  Scanned out;
  std::string file = data.path() / "trace";
  Ran ran = assay(data, {"scan", "oci-archive:" + image(name).string(), "--duration", duration, "--extend",
                         extension, "--no-provoke", "--format", "json", "--keep-trace", file});
  out.report = ran.json();
  EXPECT_TRUE(out.report.is_object()) << ran.err;
  auto ends = read_trace_file(file, [&](const Event& event) { out.events.push_back(event); });
  EXPECT_TRUE(ends) << ends.error().what;
  if (ends) out.footer = ends->footer;
  return out;
}

TEST(Evasion, WhatSleepsBeyondTheRunIsWaitedForAndSeenToAct) {
  ASSAY_NEEDS_HOST();
  Scanned scanned = scan("sleeper-brief", "5s", "30s");
  EXPECT_GE(scanned.footer.extension_ns, 20'000'000'000) << scanned.notes();
  EXPECT_EQ(scanned.report["run"]["extension_ns"], scanned.footer.extension_ns);
  EXPECT_NE(scanned.notes().find("extended: "), std::string::npos) << scanned.notes();
  EXPECT_TRUE(techniques(scanned.report).contains("T1497.003"));
  EXPECT_TRUE(scanned.found("Long sleep")) << scanned.titles();
  EXPECT_TRUE(scanned.found("Suspicious only after a long sleep")) << scanned.titles();
  EXPECT_TRUE(std::any_of(scanned.events.begin(), scanned.events.end(), [](const Event& event) {
    return event.kind == EventKind::connect && event.dst_addr == "203.0.113.66" && event.dst_port == 4444;
  })) << "it has acted";
  auto slept = std::find_if(scanned.events.begin(), scanned.events.end(), [](const Event& event) {
    return event.source == Source::witness && event.duration_ns >= 11'000'000'000;
  });
  ASSERT_NE(slept, scanned.events.end());
}

TEST(Evasion, WithoutAnExtensionASleepIsAFindingAllTheSame) {
  ASSAY_NEEDS_HOST();
  Scanned scanned = scan("sleeper", "4s", "0s");
  EXPECT_EQ(scanned.footer.extension_ns, 0);
  EXPECT_EQ(scanned.footer.reason, EndReason::deadline);
  EXPECT_TRUE(scanned.found("Long sleep")) << scanned.titles();
  EXPECT_TRUE(scanned.found("Sleep that outlasts the run")) << scanned.titles() << scanned.notes();
}

TEST(Evasion, WhatComparesTheDateIsFound) {
  ASSAY_NEEDS_HOST();
  Scanned scanned = scan("date-checker", "4s", "30s");
  EXPECT_TRUE(scanned.found("Date as a number")) << scanned.titles();
  EXPECT_TRUE(techniques(scanned.report).contains("T1497.003"));
  EXPECT_EQ(scanned.footer.extension_ns, 0) << scanned.notes();
}

TEST(Evasion, WhatLooksForTheSandboxIsFound) {
  ASSAY_NEEDS_HOST();
  Scanned scanned = scan("gvisor-checker", "5s", "0s");
  EXPECT_TRUE(scanned.found("Kernel's log read")) << scanned.titles();
  EXPECT_TRUE(scanned.found("Search for a sandbox by its name")) << scanned.titles();
  EXPECT_TRUE(techniques(scanned.report).contains("T1497.001"));
}

TEST(Evasion, WhoSleepsForEverIsNeitherWaitedForNorSuspected) {
  ASSAY_NEEDS_HOST();
  Scanned scanned = scan("quiet", "3s", "30s");
  EXPECT_EQ(scanned.titles(), "");
  EXPECT_EQ(scanned.footer.extension_ns, 0);
  EXPECT_EQ(scanned.footer.reason, EndReason::deadline);
  EXPECT_TRUE(std::none_of(scanned.events.begin(), scanned.events.end(), [](const Event& event) {
    return event.kind == EventKind::file;
  })) << "what is mounted over /sys is no change of the guest's";
}

}  // namespace
}  // namespace assay::e2e
