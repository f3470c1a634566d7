// What is provoked in real images under runsc: every step of a run plan, told as it ended.
#include <gtest/gtest.h>
#include <signal.h>

#include <algorithm>
#include <thread>

#include "common/trace_file.h"
#include "tests/e2e/assay.h"

namespace assay::e2e {
namespace {

struct Scanned {
  std::vector<Event> events;
  TraceFooter footer;
  nlohmann::json report;
  // The step's event; a default one if there is none.
  Event step(const std::string& kind, const std::string& path) const {
    for (const Event& event : events)
      if (event.kind == EventKind::provoke && event.call == kind && event.path == path) return event;
    return {};
  }
  std::string steps() const {
    std::string out;
    for (const Event& event : events)
      if (event.kind == EventKind::provoke && event.call != "executable") out += event_text(event) + "\n";
    return out;
  }
  bool left(const std::string& path) const {
    return std::any_of(events.begin(), events.end(), [&](const Event& event) {
      return event.kind == EventKind::file && event.path == path;
    });
  }
};

Scanned scan_image(const std::string& name, const std::string& duration) {
  TempDir data;
  Scanned out;
  std::string file = data.path() / "trace";
  auto before = leftovers();
  Ran ran = assay(data, {"scan", "oci-archive:" + image(name).string(), "--duration", duration, "--format",
                         "json", "--keep-trace", file});
  out.report = ran.json();
  EXPECT_TRUE(out.report.is_object()) << ran.err;
  auto ends = read_trace_file(file, [&](const Event& event) { out.events.push_back(event); });
  EXPECT_TRUE(ends) << ends.error().what;
  if (ends) out.footer = ends->footer;
  EXPECT_EQ(left_behind(before), std::set<std::string>());
  return out;
}

TEST(Provoke, AnImageThatDemandsAPasswordIsGivenOne) {
  ASSAY_NEEDS_HOST();
  Scanned scan = scan_image("demanding", "9s");
  EXPECT_EQ(scan.footer.reason, EndReason::exited);  // of its own start
  EXPECT_EQ(scan.footer.exit_status, 1);
  EXPECT_EQ(scan.step("entrypoint", "demanding").result, 1) << scan.steps();
  Event retry = scan.step("retry", "set X_PASSWORD");
  EXPECT_EQ(retry.name, "ran on") << scan.steps();
  EXPECT_TRUE(scan.left("/tmp/started"));
  EXPECT_EQ(std::count_if(scan.events.begin(), scan.events.end(),
                          [](const Event& event) { return event.kind == EventKind::start; }),
            2);
  EXPECT_EQ(scan.report["completeness"]["lost"], 0) << scan.report["completeness"].dump(1);
}

TEST(Provoke, AWebServerIsAskedForItsPages) {
  ASSAY_NEEDS_HOST();
  Scanned scan = scan_image("nginx", "12s");
  Event port = scan.step("port", "tcp/80");
  EXPECT_EQ(port.name, "http") << scan.steps();
  EXPECT_EQ(port.result, 200);
  EXPECT_GE(port.argv.size(), 5u);
  EXPECT_TRUE(port.data.starts_with("HTTP/1.1 200")) << port.data;
  const Coverage& coverage = scan.footer.coverage;
  EXPECT_GT(coverage.executables, 100u);
  EXPECT_GE(coverage.ran_by_itself, 1u);
  EXPECT_GT(coverage.ran, coverage.ran_by_itself + 20);
  EXPECT_EQ(scan.report["verdict"], "clean") << scan.report["findings"].dump(1);
}

TEST(Provoke, ADatabaseIsSpokenToInItsProtocol) {
  ASSAY_NEEDS_HOST();
  Scanned scan = scan_image("redis", "9s");
  Event port = scan.step("port", "tcp/6379");
  EXPECT_EQ(port.name, "redis") << scan.steps();
  EXPECT_NE(port.data.find("redis_version"), std::string::npos) << port.data;
  EXPECT_EQ(scan.report["verdict"], "clean") << scan.report["findings"].dump(1);
}

TEST(Provoke, WhatWaitsForItsTimeIsRunAndReported) {
  ASSAY_NEEDS_HOST();
  Scanned scan = scan_image("provoked", "14s");
  for (const char* by :
       {"/tmp/by-healthcheck", "/tmp/by-cron", "/tmp/by-hook", "/tmp/by-executable", "/tmp/by-late-cron"})
    EXPECT_TRUE(scan.left(by)) << by << "\n" << scan.steps();
  for (const auto& [kind, path] :
       {std::pair("healthcheck", "Healthcheck"), std::pair("cron", "/etc/cron.d/provoked"),
        std::pair("cron", "/etc/cron.d/late"), std::pair("hook", "/opt/tool/.git/hooks/post-checkout"),
        std::pair("executable", "/usr/local/bin/unused")}) {
    Event step = scan.step(kind, path);
    EXPECT_EQ(step.name, "exited") << kind << "\n" << scan.steps();
    EXPECT_EQ(step.result, 0);
    EXPECT_GT(step.pid, 1);
  }
  EXPECT_EQ(scan.footer.reason, EndReason::deadline);
}

TEST(Provoke, StopsAtOnceWhenTheScanIsCancelled) {
  ASSAY_NEEDS_HOST();
  TempDir data;
  auto before = leftovers();
  Command command;
  command.argv = {bin("assay"),        "scan", "oci-archive:" + image("provoked").string(),
                  "--duration",        "60s",  "--data",
                  data.path() / "data"};
  auto child = spawn(command);
  ASSERT_TRUE(child) << child.error().what;
  std::this_thread::sleep_for(std::chrono::seconds(6));  // its steps are under way
  child->kill(SIGINT);
  auto begun = std::chrono::steady_clock::now();
  EXPECT_TRUE(child->wait_until(begun + std::chrono::seconds(15)));
  EXPECT_EQ(left_behind(before), std::set<std::string>());
}

}  // namespace
}  // namespace assay::e2e
