// The scorer's parts beyond rules: completeness and verdict, the join of the two planes, correlation windows,
// evidence, network, bounds.
#include <gtest/gtest.h>

#include <functional>

#include "case_reader.h"
#include "scheduler/score/join.h"

namespace assay::testing {
namespace {

Report scored(const std::vector<Event>& events, const std::function<void(TraceFooter&)>& change) {
  Scorer scorer(our_rules(), test_header());
  for (const auto& event : events) scorer.add(event);
  TraceFooter footer = test_footer(events.size());
  change(footer);
  return scorer.finish(footer);
}

std::string judged(const std::string& name, const std::function<void(TraceFooter&)>& change) {
  Report report = scored(stored_trace(name), change);
  std::string out = to_string(report.verdict);
  for (const auto& reason : report.completeness.reasons) out += "; " + reason;
  return out;
}

TEST(Completeness, DecidesBetweenCleanAndInconclusive) {
  auto lost = [](TraceFooter& f) { f.sources[0].lost = 3; };
  EXPECT_EQ(judged("redis", [](TraceFooter&) {}), "clean");
  EXPECT_EQ(judged("redis", lost), "inconclusive; source seccheck lost 3 of 13 events");
  EXPECT_EQ(judged("redis",
                   [](TraceFooter& f) {
                     f.sources[1].attached = false;
                     f.sources[1].detail = "no BTF";
                   }),
            "inconclusive; source witness was not attached: no BTF");
  EXPECT_EQ(judged("redis", [](TraceFooter& f) { f.sources[2].attached = f.sources[2].required = false; }),
            "clean");
  EXPECT_EQ(judged("redis",
                   [](TraceFooter& f) {
                     f.sources[2].required = false;
                     f.sources[2].lost = 9;
                   }),
            "clean");
  EXPECT_EQ(judged("redis", [](TraceFooter& f) { f.reason = EndReason::limit; }),
            "inconclusive; the run was stopped early at a limit");
  EXPECT_EQ(judged("redis", [](TraceFooter& f) { f.reason = EndReason::cancelled; }),
            "inconclusive; the run was cancelled");
  EXPECT_EQ(judged("redis",
                   [](TraceFooter& f) {
                     f.reason = EndReason::guard;
                     f.detail = "exec by a stranger\x1b[2J";
                   }),
            "inconclusive; the sandbox's guard was hit: the agent was fenced: exec by a stranger\\x1b[2J");
  EXPECT_EQ(judged("redis", [](TraceFooter& f) { f.events += 5; }).substr(0, 31),
            "inconclusive; 5 of 37 events ar");
  EXPECT_EQ(judged("redis", [](TraceFooter& f) { f.sources.clear(); }),
            "inconclusive; no source gave an account of itself");
  EXPECT_EQ(judged("redis",
                   [](TraceFooter& f) {
                     f.reason = EndReason::exited;
                     f.exit_status = 1;
                   }),
            "clean");
}

TEST(Completeness, ProofStaysProofHoweverMuchWasLost) {
  EXPECT_EQ(judged("miner", [](TraceFooter& f) { f.sources[0].lost = 1'000'000; }).substr(0, 10),
            "malicious;");
}

TEST(Completeness, ContainerThatCannotStartIsInconclusive) {
  Report report = scored({}, [](TraceFooter& f) {
    f.reason = EndReason::start_failed;
    f.detail = "exec: \"nope\": not found";
  });
  EXPECT_EQ(report.verdict, Verdict::inconclusive);
  ASSERT_EQ(report.completeness.reasons.size(), 1u);
  EXPECT_EQ(report.completeness.reasons[0], "the container could not be started: exec: \"nope\": not found");
}

TEST(Completeness, EmptyTraceIsNotClean) {
  EXPECT_EQ(scored({}, [](TraceFooter&) {}).verdict, Verdict::inconclusive);
}

std::string joined(const std::string& text) {
  Join join;
  std::string out;
  auto emit = [&](const Event& e) {
    out +=
        e.call + " " + e.path + " pid " + std::to_string(e.pid) + " error " + std::to_string(e.error) + "\n";
  };
  for (const auto& event : trace(text))
    if (event.kind == EventKind::syscall || event.kind == EventKind::note) join.add(event, emit);
  join.flush(emit);
  return out;
}

TEST(Join, SameCallFromBothPlanesIsOneEvent) {
  EXPECT_EQ(joined(R"(
- witness: {call: mount, path: /dev/sda, args: [1, 2, 3]}
- witness: {call: unlink, path: /a, args: [7]}
- syscall: {pid: 5, call: mount, args: [1, 2, 3], error: 1}
- syscall: {pid: 6, call: unlink, args: [8]}
- syscall: {pid: 6, call: unlink, args: [7], at: 60}
)"),
            "mount /dev/sda pid 5 error 1\n"
            "unlink  pid 6 error 0\n"
            "unlink /a pid 0 error 0\n"  // a minute later it is another call
            "unlink  pid 6 error 0\n");
}

TEST(Evidence, IsBoundedAndInOrder) {
  std::string text;
  for (int i = 0; i < 50; ++i)
    text += "- open: {call: openat, path: /etc/cron.d/" + std::to_string(i) + ", flags: 577}\n";
  Report report = score(our_rules(), trace(text));
  ASSERT_EQ(report.findings.size(), 1u);
  const auto& finding = report.findings[0];
  EXPECT_EQ(finding.count, 50u);
  ASSERT_EQ(finding.evidence.size(), 5u);
  EXPECT_EQ(finding.evidence[0].event, 2u);
  EXPECT_EQ(finding.evidence[4].event, 6u);
  EXPECT_EQ(finding.evidence[0].text, "open openat /etc/cron.d/0 = 3");
  EXPECT_EQ(finding.ancestry, std::vector<std::string>{"app"});
}

TEST(Evidence, OfACorrelationShowsItsWindow) {
  Report report = score(our_rules(), stored_trace("port-scan"));
  ASSERT_FALSE(report.findings.empty());
  const auto& finding = report.findings[0];
  EXPECT_EQ(finding.title, "Many ports of one host tried");
  EXPECT_EQ(finding.count, 17u);  // 256 ports, fifteen each
  EXPECT_EQ(finding.evidence.size(), 5u);
  EXPECT_EQ(finding.evidence[0].event, 2u);
}

// A correlation of one base rule over CommandLine, grouped by ProcessId.
std::string correlated(const std::string& correlation, const std::string& events) {
  auto rules = RuleSet::compile({{"t.yml",
                                  "title: A\nname: a\nassay: {reports: false}\nlogsource: {category: "
                                  "dns_query}\ndetection: {s: {QueryName|startswith: a}, condition: s}\n"
                                  "---\ntitle: B\nname: b\nassay: {reports: false}\nlogsource: {category: "
                                  "dns_query}\ndetection: {s: {QueryName|startswith: b}, condition: s}\n"
                                  "---\ntitle: C\ncorrelation: {" +
                                      correlation + "}\n"}});
  if (!rules) return rules.error().what;
  Report report = score(*rules, trace(events));
  return report.findings.empty() ? "0" : std::to_string(report.findings[0].count);
}

TEST(Correlation, CountsWithinItsTimespan) {
  std::string three = "type: event_count, rules: [a], timespan: 10s, condition: {gte: 3}";
  EXPECT_EQ(correlated(three, "- dns: {name: a}\n- dns: {name: a}\n- dns: {name: a}\n"), "1");
  EXPECT_EQ(correlated(three, "- dns: {name: a}\n- dns: {name: a}\n- dns: {name: b}\n"), "0");
  EXPECT_EQ(correlated(three, "- dns: {name: a}\n- dns: {name: a, at: 8}\n- dns: {name: a, at: 12}\n"), "0");
  EXPECT_EQ(
      correlated(
          three,
          "- dns: {name: a}\n- dns: {name: a, at: 8}\n- dns: {name: a, at: 12}\n- dns: {name: a, at: 17}\n"),
      "1");
  std::string grouped =
      "type: event_count, rules: [a], group-by: [QueryType], timespan: 10s, condition: {gt: 1}";
  EXPECT_EQ(correlated(grouped, "- dns: {name: a, query_type: A}\n- dns: {name: a, query_type: TXT}\n"), "0");
  EXPECT_EQ(correlated(grouped, "- dns: {name: a, query_type: A}\n- dns: {name: a, query_type: A}\n"), "1");
}

TEST(Correlation, CountsDistinctValues) {
  std::string two = "type: value_count, rules: [a, b], timespan: 10s, condition: {gte: 2, field: QueryName}";
  EXPECT_EQ(correlated(two, "- dns: {name: a1}\n- dns: {name: a1}\n"), "0");
  EXPECT_EQ(correlated(two, "- dns: {name: a1}\n- dns: {name: b1}\n"), "1");
  EXPECT_EQ(correlated(two, "- dns: {name: a1}\n- dns: {name: b1, at: 11}\n"), "0");
}

TEST(Correlation, KnowsTemporalOrder) {
  EXPECT_EQ(
      correlated("type: temporal, rules: [a, b], timespan: 10s", "- dns: {name: b}\n- dns: {name: a}\n"),
      "1");
  EXPECT_EQ(correlated("type: temporal, rules: [a, b], timespan: 10s",
                       "- dns: {name: b}\n- dns: {name: a, at: 11}\n"),
            "0");
  EXPECT_EQ(correlated("type: temporal_ordered, rules: [a, b], timespan: 10s",
                       "- dns: {name: b}\n- dns: {name: a}\n"),
            "0");
  EXPECT_EQ(correlated("type: temporal_ordered, rules: [a, b], timespan: 10s",
                       "- dns: {name: a}\n- dns: {name: b}\n"),
            "1");
}

TEST(Network, PeersBearTheNamesThatDnsGaveThem) {
  Report report = score(our_rules(), trace(R"(
- dns: {name: db.example, query_type: A, src_addr: 10.1.1.2, dst_port: 53}
- dns: {name: db.example, query_type: A, src_port: 53, answers: [198.18.0.2, alias.example]}
- connect: {fd: 3, proto: tcp, dst_addr: 198.18.0.2, dst_port: 5432}
- connect: {fd: 4, proto: tcp, dst_addr: 127.0.0.1, dst_port: 80}
- flow_start: {proto: tcp, src_addr: 10.1.1.2, src_port: 4000, dst_addr: 198.18.0.2, dst_port: 5432}
- payload: {proto: tcp, src_addr: 10.1.1.2, src_port: 4000, dst_addr: 198.18.0.2, dst_port: 5432, data: "hello\n"}
- payload: {proto: tcp, src_addr: 198.18.0.2, src_port: 5432, dst_addr: 10.1.1.2, dst_port: 4000, data: "welcome"}
- flow_end: {proto: tcp, src_addr: 10.1.1.2, src_port: 4000, dst_addr: 198.18.0.2, dst_port: 5432, bytes_out: 10, bytes_in: 20}
- flow_start: {proto: tcp, src_addr: 10.1.1.1, src_port: 4000, dst_addr: 10.1.1.2, dst_port: 80}
- bind: {fd: 7, proto: tcp, src_addr: 0.0.0.0, src_port: 80}
- bind: {fd: 8, proto: tcp, src_addr: 0.0.0.0, src_port: 81}
- bind: {fd: 9, proto: udp, src_addr: 0.0.0.0, src_port: 53}
- listen: {fd: 7}
)"));
  ASSERT_EQ(report.network.size(), 1u);
  const auto& peer = report.network[0];
  EXPECT_EQ(peer.proto + " " + peer.addr + " " + std::to_string(peer.port) + " " + peer.name,
            "tcp 198.18.0.2 5432 db.example");
  EXPECT_EQ(
      std::to_string(peer.flows) + " " + std::to_string(peer.bytes_out) + " " + std::to_string(peer.bytes_in),
      "1 10 20");
  EXPECT_EQ(peer.first_data, "hello\\x0a");
  EXPECT_EQ(report.dns_names, std::vector<std::string>{"db.example"});
  EXPECT_EQ(report.listening, (std::vector<std::string>{"tcp/80", "udp/53"}));
}

TEST(Network, AnAddressInAHostHeaderIsNoName) {
  Report report = score(our_rules(), trace(R"(
- connect: {fd: 3, proto: tcp, dst_addr: 203.0.113.7, dst_port: 80}
- http: {call: GET, name: "203.0.113.7:80", path: /, proto: tcp, src_addr: 10.1.1.2, dst_addr: 203.0.113.7, dst_port: 80}
- connect: {fd: 4, proto: tcp, dst_addr: 203.0.113.7, dst_port: 80}
)"));
  ASSERT_EQ(report.network.size(), 1u);
  EXPECT_EQ(report.network[0].name, "");
  ASSERT_EQ(report.findings.size(), 1u);
  EXPECT_EQ(report.findings[0].count, 2u);  // both to an address without a name
}

TEST(Files, ExecutedOnesAreMarked) {
  Report report = score(our_rules(), stored_trace("dropper"));
  ASSERT_EQ(report.files.size(), 1u);
  EXPECT_TRUE(report.files[0].executed);
}

TEST(Bounds, FloodsAreCountedNotKept) {
  std::vector<Event> events = trace("- start: {pid: 1, path: /bin/app, argv: [app]}");
  auto push = [&](Event e) {
    e.seq = events.size() + 1;
    events.push_back(std::move(e));
  };
  for (int i = 0; i < 3000; ++i) {
    Event file;
    file.kind = EventKind::file;
    file.source = Source::harvest;
    file.path = "/data/" + std::to_string(i);
    file.origin = "dropped";
    push(file);
    Event flow;
    flow.kind = EventKind::flow_start;
    flow.source = Source::flows;
    flow.plane = Plane::host;
    flow.proto = "udp";
    flow.src_addr = "10.1.1.2";
    flow.dst_addr = "192.0.2.1";
    flow.dst_port = static_cast<uint32_t>(i + 1);
    push(flow);
    Event output;
    output.kind = EventKind::output;
    output.data = std::string(100, 'x');
    push(output);
  }
  Report report = score(our_rules(), events);
  EXPECT_EQ(report.files.size(), 2000u);
  EXPECT_EQ(report.files_left_out, 1000u);
  EXPECT_EQ(report.network.size(), 1000u);
  EXPECT_EQ(report.network_left_out, 2000u);
  EXPECT_EQ(report.output.size(), 8192u);
}

}  // namespace
}  // namespace assay::testing
