// Which layer and package the scorer names: in records, in findings, in the report.
#include "scheduler/score/layers.h"

#include <gtest/gtest.h>

#include "case_reader.h"

namespace assay::testing {
namespace {

TraceHeader header() {
  TraceHeader out;
  out.image.layers = {{"sha256:b", "sha256:base", 1, "ADD rootfs"},
                      {"sha256:c", "sha256:curl", 1, "RUN apt-get install -y curl"},
                      {"sha256:a", "sha256:app", 1, "COPY run.sh /run.sh"}};
  return out;
}

struct Run {
  int32_t pid = 1;
  std::string path, origin = "image";
  uint32_t layer = 0, script_layer = 0;
};

Event exec(const Run& run) {
  Event e;
  e.kind = run.pid == 1 ? EventKind::start : EventKind::exec;
  e.source = Source::seccheck;
  e.pid = e.tid = run.pid;
  e.path = run.path;
  e.argv = {run.path};
  e.cwd = "/";
  e.origin = run.origin;
  e.layer = run.layer;
  e.script_layer = run.script_layer;
  e.package = run.layer == 2 ? "curl" : "";
  e.package_state = run.layer == 2 ? "changed" : "none";
  return e;
}

Event clone(int32_t parent, int32_t child) {
  Event e;
  e.kind = EventKind::clone;
  e.source = Source::seccheck;
  e.pid = e.tid = parent;
  e.child_pid = e.child_tid = child;
  return e;
}

// What a rule that fires on `image` says of its layer, after a chain of processes, each a child of the one before.
std::string layer_of(const std::vector<Run>& chain) {
  ProcessTree tree(false, header().image.layers);
  for (size_t i = 0; i < chain.size(); ++i) {
    if (i > 0) tree.add(clone(chain[i - 1].pid, chain[i].pid));
    tree.add(exec(chain[i]));
  }
  return layer_text(tree.layers(), bringing_layer(tree, tree.find(chain.back().pid)));
}

TEST(Layers, OfAProgramItsOwn) {
  EXPECT_EQ(layer_of({{1, "/bin/sh", "image", 1}, {2, "/usr/bin/curl", "image", 2}}),
            "sha256:curl, RUN apt-get install -y curl");
}

TEST(Layers, OfAnInterpreterThatOfItsScriptOrOfWhoStartedIt) {
  EXPECT_EQ(layer_of({{1, "/usr/bin/dash", "image", 1, 3}}), "sha256:app, COPY run.sh /run.sh");
  EXPECT_EQ(layer_of({{1, "/usr/bin/dash", "image", 1, 3}, {2, "/usr/bin/dash", "image", 1}}),
            "sha256:app, COPY run.sh /run.sh");
  EXPECT_EQ(layer_of({{1, "/usr/bin/dash", "image", 1}}), "sha256:base, ADD rootfs");
}

TEST(Layers, OfADroppedProgramThatOfWhoStartedIt) {
  EXPECT_EQ(layer_of({{1, "/usr/bin/curl", "image", 2}, {2, "/tmp/x", "dropped"}}),
            "sha256:curl, RUN apt-get install -y curl");
  EXPECT_EQ(layer_of({{1, "/tmp/x", "dropped"}}), "");
}

TEST(Layers, BeyondThoseOfTheHeaderIsNotKnown) { EXPECT_EQ(layer_text(header().image.layers, 4), ""); }

TEST(Layers, ForPeopleByNumber) {
  EXPECT_EQ(layer_for_people(header().image.layers, "sha256:curl, RUN apt-get install -y curl"),
            "layer 2 of 3, RUN apt-get install -y curl");
  EXPECT_EQ(layer_for_people({}, "sha256:curl"), "sha256:curl");
}

TEST(Layers, RulesReadPackageStateAndLayer) {
  auto rules = RuleSet::compile({{"r.yml", R"(
title: Packaged program replaced by a later layer
id: 6f7f0f3e-2d6a-4b52-9a0e-0f4f6d1f0b11
logsource: {category: process_creation}
detection:
  selection:
    Package: curl
    PackageState: changed
    Layer|contains: apt-get
    Layer: 'sha256:curl'
  condition: selection
level: high
)"}});
  ASSERT_TRUE(rules) << rules.error().what;
  Scorer scorer(*rules, header());
  uint64_t seq = 0;
  for (Event event : {exec({1, "/bin/sh", "image", 1}), clone(1, 2), exec({2, "/usr/bin/curl", "image", 2})}) {
    event.seq = ++seq;
    scorer.add(event);
  }
  Report report = scorer.finish(TraceFooter());
  ASSERT_EQ(report.findings.size(), 1u);
  EXPECT_EQ(report.findings[0].layer, "sha256:curl, RUN apt-get install -y curl");
  EXPECT_EQ(report.processes[1].package, "curl");
  EXPECT_EQ(report.processes[1].layer, 2u);
  EXPECT_NE(report_text(report, {}).find("from      layer 2 of 3, RUN apt-get install -y curl"), std::string::npos);
  auto again = parse_report(report_json(report));
  ASSERT_TRUE(again) << again.error().what;
  EXPECT_EQ(again->processes[1].package_state, "changed");
}

}  // namespace
}  // namespace assay::testing
