// Whose doing it was: reports name the process behind names, peers and ports, what it was before, and the
// layer of whoever brought it.
#include <gtest/gtest.h>

#include "case_reader.h"

namespace assay::testing {
namespace {

Report scored(const std::vector<Event>& events) {
  TraceHeader header = test_header();
  header.image.layers = {{"sha256:b", "sha256:base", 1, "ADD rootfs"},
                         {"sha256:a", "sha256:app", 1, "COPY run.sh /run.sh"}};
  Scorer scorer(our_rules(), header);
  for (const Event& event : events) scorer.add(event);
  return scorer.finish(test_footer(events.size()));
}

constexpr const char* kTwo =
    "- clone: {pid: 1, child_pid: 2, child_tid: 2}\n"
    "- exec: {pid: 2, path: /usr/bin/agent, argv: [agent], layer: 2}\n";

TEST(Attribution, OfNamesAskedByConnectedAndBySentDatagrams) {
  Report r = scored(trace(
      std::string(kTwo) +
      "- connect: {pid: 1, fd: 3, proto: udp, dst_addr: 9.9.9.9, dst_port: 53}\n"
      "- dns: {name: a.example, proto: udp, call: query, dst_addr: 9.9.9.9, dst_port: 53, src_port: 40000}\n"
      "- syscall: {pid: 2, call: sendto, dst_addr: 8.8.8.8, dst_port: 53}\n"
      "- dns: {name: b.example, proto: udp, call: query, dst_addr: 8.8.8.8, dst_port: 53, src_port: 40001}\n"
      "- dns: {name: c.example, proto: udp, call: query, dst_addr: 1.1.1.1, dst_port: 53, src_port: "
      "40002}\n"));
  EXPECT_EQ(r.dns_names, (std::vector<std::string>{"a.example", "b.example", "c.example"}));
  EXPECT_EQ(r.dns_pids, (std::vector<int32_t>{1, 2, 0}));
}

TEST(Attribution, OfPeersAndListeners) {
  Report r = scored(trace(std::string(kTwo) +
                          "- connect: {pid: 2, fd: 3, proto: tcp, dst_addr: 203.0.113.9, dst_port: 443}\n"
                          "- connect: {pid: 1, fd: 3, proto: tcp, dst_addr: 203.0.113.9, dst_port: 443}\n"
                          "- bind: {pid: 2, fd: 4, proto: tcp, src_addr: 0.0.0.0, src_port: 8080}\n"
                          "- listen: {pid: 2, fd: 4}\n"
                          "- bind: {pid: 1, fd: 4, proto: tcp, src_addr: 0.0.0.0, src_port: 8080}\n"
                          "- listen: {pid: 1, fd: 4}\n"));
  ASSERT_EQ(r.network.size(), 1u);
  EXPECT_EQ(r.network[0].pid, 2);
  EXPECT_EQ(r.listening, std::vector<std::string>{"tcp/8080"});
  EXPECT_EQ(r.listening_pids, std::vector<int32_t>{2});
  ASSERT_EQ(r.listening_first_ns.size(), 1u);
  EXPECT_GT(r.listening_first_ns[0], r.processes.at(1).start_ns);
}

TEST(Attribution, OfProgramsToLayersAndToWhatTheyWereBefore) {
  Report r =
      scored(trace("- exec: {pid: 1, path: /run.sh, argv: [/run.sh], layer: 2}\n"
                   "- exec: {pid: 1, path: /bin/sh, argv: [sh, /srv/job.sh], layer: 1}\n"
                   "- clone: {pid: 1, child_pid: 2, child_tid: 2}\n"
                   "- clone: {pid: 1, child_pid: 3, child_tid: 3}\n"
                   "- exec: {pid: 3, path: /bin/cat, argv: [cat], layer: 1}\n"));
  ASSERT_EQ(r.processes.size(), 3u);
  const Process& first = r.processes[0];
  ASSERT_FALSE(first.earlier.empty());
  EXPECT_EQ(first.earlier.back().path, "/run.sh");
  EXPECT_EQ(first.earlier.back().brought_by, 2u);
  EXPECT_EQ(first.script, "/srv/job.sh");
  EXPECT_TRUE(r.processes[1].earlier.empty()) << "its parent's, not its own";
  EXPECT_TRUE(r.processes[2].earlier.empty());
  EXPECT_EQ(r.processes[2].brought_by, 1u);
}

TEST(Attribution, StaysWhatItIsInJsonAndIsReadWithoutIt) {
  Report r = scored(trace(std::string(kTwo) +
                          "- connect: {pid: 2, fd: 3, proto: tcp, dst_addr: 203.0.113.9, dst_port: 443}\n"));
  r.compared = {{"previous",
                 "20261129T000000-00000001",
                 "registry.example/app:1.2",
                 "sha256:1",
                 {{"domain", "pool.evil.test", "/usr/bin/agent", "sha256:app, COPY run.sh /run.sh"}},
                 {{"user", "uid 1000", "", ""}},
                 3}};
  std::string json = report_json(r);
  auto back = parse_report(json);
  ASSERT_TRUE(back) << back.error().what;
  EXPECT_EQ(report_json(*back), json);
  EXPECT_EQ(back->compared.at(0).added.at(0).by, "/usr/bin/agent");
  EXPECT_EQ(back->network.at(0).pid, 2);
  // A report of the release before has none of these keys.
  std::string old = json;
  for (const char* key : {"compared", "dns_pids", "listening_pids", "listening_first_ns", "brought_by",
                          "earlier", "script", "measured"}) {
    size_t at = 0;
    while ((at = old.find("\"" + std::string(key) + "\"", at)) != std::string::npos)
      old.replace(at, std::string(key).size() + 2, "\"of_another_release\"");
  }
  auto without = parse_report(old);
  ASSERT_TRUE(without) << without.error().what;
  EXPECT_TRUE(without->compared.empty());
  EXPECT_EQ(without->processes.at(1).brought_by, 0u);
}

TEST(Attribution, ChangesAreInTheTextReport) {
  Report r = scored(trace(kTwo));
  EXPECT_EQ(report_text(r, {}).find("CHANGES"), std::string::npos);
  r.compared = {{"previous",
                 "20261129T000000-00000001",
                 "registry.example/app:1.2",
                 "sha256:1",
                 {{"domain", "pool.evil.test", "/usr/bin/agent", "sha256:app, COPY run.sh /run.sh"}},
                 {{"user", "uid 1000", "", ""}},
                 0},
                {"base", "20261129T000000-00000002", "debian:12", "sha256:2", {}, {}, 0}};
  std::string text = report_text(r, {false, 100});
  EXPECT_NE(text.find("CHANGES SINCE"), std::string::npos) << text;
  EXPECT_NE(text.find("registry.example/app:1.2"), std::string::npos) << text;
  EXPECT_NE(text.find("+ domain      pool.evil.test  by /usr/bin/agent  layer 2 of 2, COPY run.sh /run.sh"),
            std::string::npos)
      << text;
  EXPECT_NE(text.find("- user        uid 1000\n"), std::string::npos) << text;
  EXPECT_NE(text.find("CHANGES AGAINST THE BASE"), std::string::npos) << text;
  EXPECT_NE(text.find("It does the same."), std::string::npos) << text;
}

// Rules over the run's loads are marked, and correlations of such.
TEST(Attribution, FindingsOverLoadsAreMeasured) {
  bool measured = false, other = false;
  for (const Finding& finding : score(our_rules(), stored_trace("miner")).findings) {
    if (finding.rule_id == "aff73362-7850-58ac-9dda-66a91753d4de")
      measured = finding.measured;
    else if (!finding.measured)
      other = true;
  }
  EXPECT_TRUE(measured);
  EXPECT_TRUE(other);
}

}  // namespace
}  // namespace assay::testing
