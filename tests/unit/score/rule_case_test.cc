// Cases of rules: what their YAML becomes, and what is refused, by name.
#include "scheduler/score/rule_case.h"

#include <gtest/gtest.h>

#include "case_reader.h"

namespace assay::testing {
namespace {

Result<CaseTrace> read_case(const std::string& text) {
  auto documents = yaml::parse(text);
  if (!documents) return documents.error();
  return case_trace(documents->at(0));
}

// "KIND at SECONDS" of each.
std::string timeline(const std::string& text) {
  auto read = read_case(text);
  if (!read) return read.error().what;
  std::string out;
  for (const auto& event : read->events)
    out += std::to_string(event.seq) + " " + to_string(event.kind) + " " +
           std::to_string(event.time_ns / 1'000'000) + " ms\n";
  return out;
}

std::string refusal(const std::string& text) {
  auto read = read_case(text);
  return read ? "it was taken" : read.error().what;
}

TEST(RuleCase, EventsAreTimedAndBeginWithAProcess) {
  EXPECT_EQ(timeline("- exec: {path: /bin/sh}\n- open: {path: /x, at: 2.5}\n- exit: {}\n"),
            "1 start 0 ms\n2 exec 1 ms\n3 open 2500 ms\n4 exit 2501 ms\n");
  EXPECT_EQ(timeline("- image: {cmd: [app]}\n- start: {path: /bin/app}\n"), "1 start 1 ms\n");
  EXPECT_EQ(timeline("[]"), "1 start 0 ms\n");
}

TEST(RuleCase, RepeatedEventsDifferInWhatVaries) {
  auto read = read_case(
      "- repeat: {event: connect, times: 3, every: 2, vary: dst_port, fields: {dst_addr: 10.0.0.1, dst_port: "
      "80}}");
  ASSERT_TRUE(read) << read.error().what;
  ASSERT_EQ(read->events.size(), 4u);
  EXPECT_EQ(read->events[3].dst_port, 82u);
  EXPECT_EQ(read->events[3].time_ns, 6'000'000'000);
}

TEST(RuleCase, HeaderAndFooterAreToldBesideEvents) {
  auto read = read_case(
      "- image: {entrypoint: [/app], cmd: [serve], user: root, env: [A=b], exposed_ports: [80/tcp], history: "
      "[RUN x]}\n"
      "- run: {memory_mib: 300}\n"
      "- limit: {limit: memory, detail: killed, times: 2}\n");
  ASSERT_TRUE(read) << read.error().what;
  EXPECT_EQ(read->image.entrypoint, std::vector<std::string>{"/app"});
  EXPECT_EQ(read->image.layers.at(0).created_by, "RUN x");
  EXPECT_EQ(read->memory_peak_bytes, 300u << 20);
  EXPECT_EQ(read->limits.at(0).times, 2u);
  EXPECT_EQ(read->events.size(), 1u);
}

TEST(RuleCase, AComparisonIsToldBesideEventsWithWhatWasAdded) {
  auto read = read_case(
      "- compared: {relation: base, ref: reg.test/base:1, added: [{kind: domain, what: x.test, by: "
      "/bin/x}]}\n"
      "- compared: {added: [{kind: user, what: uid 0, layer: sha256:00}]}\n");
  ASSERT_TRUE(read) << read.error().what;
  EXPECT_EQ(read->events.size(), 1u);
  ASSERT_EQ(read->compared.size(), 2u);
  EXPECT_EQ(read->compared[0].relation + " " + read->compared[0].ref, "base reg.test/base:1");
  EXPECT_EQ(read->compared[0].added.at(0).by, "/bin/x");
  EXPECT_EQ(read->compared[1].relation, "previous");
  EXPECT_EQ(read->compared[1].added.at(0).layer, "sha256:00");
  EXPECT_EQ(refusal("- compared: {relation: next}"), "entry 1: 'compared' has a wrong entry 'relation'");
  EXPECT_EQ(refusal("- compared: {added: [{kind: domain}]}"), "entry 1: what was added needs kind and what");
  EXPECT_EQ(refusal("- compared: {added: [{who: x}]}"), "entry 1: what was added has a wrong entry 'who'");
  EXPECT_NE(refusal("- compared: {added: [{kind: dominance, what: x}]}").find("dominance"),
            std::string::npos);
}

TEST(RuleCase, WhatIsWrongIsNamed) {
  EXPECT_EQ(refusal("- exce: {path: /bin/sh}"), "entry 1: there is no kind of event 'exce'");
  EXPECT_EQ(refusal("- exit: {}\n- exec: {paht: /bin/sh}"), "entry 2: events have no field 'paht'");
  EXPECT_EQ(refusal("- exec: {pid: two}"), "entry 1: 'two' is no value of field 'pid'");
  EXPECT_EQ(refusal("- exec: {argv: sh}"), "entry 1: 'sh' is no value of field 'argv'");
  EXPECT_EQ(refusal("- exec: {path: /x, at: -1}"), "entry 1: '-1' is no number of seconds");
  EXPECT_EQ(refusal("- syscall: {args: [1, 2, 3, 4, 5, 6, 7]}"), "entry 1: '' is no value of field 'args'");
  EXPECT_EQ(refusal("- exec"), "entry 1: is not 'KIND: {FIELDS}'");
  EXPECT_EQ(refusal("- image: {history: x}"), "entry 1: 'image' has a wrong entry 'history'");
  EXPECT_EQ(refusal("- run: {}"), "entry 1: 'run' needs memory_mib, and nothing else");
  EXPECT_EQ(refusal("- repeat: {event: exec, fields: {}}"),
            "entry 1: 'repeat' needs event, times and fields");
  EXPECT_EQ(refusal("- repeat: {event: exec, times: 4000000000, fields: {}}"),
            "entry 1: more than 100000 events");
  EXPECT_EQ(refusal("exec: {path: /x}"), "a trace is a list of events");
}

TEST(RuleCase, FilesNameTheRuleAndCaseThatIsWrong) {
  auto read = read_rule_cases("rule: A\nfires:\n  - []\n  - - exce: {}\n", "a.yml");
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().what, "a.yml: cases of 'A': fires[1]: entry 1: there is no kind of event 'exce'");
  read = read_rule_cases("fires: []\n", "a.yml");
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().what, "a.yml: cases without 'rule: TITLE'");
  read = read_rule_cases("rule: A\nsilent: yes\n", "a.yml");
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().what, "a.yml: cases of 'A': 'silent' is not a list of traces");
}

}  // namespace
}  // namespace assay::testing
