// What two reports differ in, and that chance is no difference.
#include "scheduler/score/report_diff.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "scheduler/score/report.h"
#include "scheduler/score/report_diff_words.h"

namespace assay {
namespace {

NetworkPeer peer(const std::string& addr, const std::string& name, uint32_t port) {
  NetworkPeer p;
  p.proto = "tcp";
  p.addr = addr;
  p.name = name;
  p.port = port;
  return p;
}

Process process(const std::string& path, uint32_t uid = 0, bool provoked = false) {
  Process p;
  p.path = path;
  p.uid = uid;
  p.provoked = provoked;
  return p;
}

Finding finding(const std::string& title) {
  Finding f;
  f.title = title;
  return f;
}

Report before() {
  Report r;
  r.verdict = Verdict::clean;
  r.score = 5;
  r.findings = {finding("Package manager was run")};
  r.dns_names = {"deb.example"};
  r.dns_first_ns = {1};
  r.network = {peer("198.18.0.4", "deb.example", 443)};
  r.listening = {"tcp/80"};
  r.processes = {process("/usr/bin/app", 1000)};
  return r;
}

std::string diff(const Report& a, const Report& b) {
  auto made = diff_reports(report_json(a), report_json(b));
  return made ? diff_text(*made, 80) : std::string(to_string(made.error().code)) + ": " + made.error().what;
}

TEST(ReportDiff, TellsWhatCameAndWhatWent) {
  Report after = before();
  after.verdict = Verdict::malicious;
  after.score = 91;
  after.findings = {finding("A miner was run")};
  after.dns_names = {"deb.example", "pool.evil.test"};
  after.dns_first_ns = {1, 2};
  after.network.push_back(peer("198.18.7.7", "pool.evil.test", 3333));
  after.network.push_back(peer("203.0.113.66", "", 9001));
  after.listening = {"tcp/22"};
  after.processes = {process("/usr/bin/app", 0), process("/tmp/xmrig", 0)};
  EXPECT_EQ(diff(before(), after),
            "verdict: clean -> malicious, score 5 -> 91\n"
            "+ finding     A miner was run\n"
            "+ name        pool.evil.test\n"
            "+ peer        203.0.113.66 tcp/9001\n"
            "+ peer        pool.evil.test tcp/3333\n"
            "+ port        tcp/22\n"
            "+ executable  /tmp/xmrig\n"
            "+ user        uid 0\n"
            "- finding     Package manager was run\n"
            "- port        tcp/80\n"
            "- user        uid 1000\n");
}

TEST(ReportDiff, ChanceIsNoDifference) {
  Report a = before(), b = before();
  a.network = {peer("198.18.0.4", "deb.example", 443), peer("198.19.3.1", "", 443),
               peer("2001:2::5", "", 80)};
  b.network = {peer("198.18.200.4", "deb.example", 443), peer("198.18.9.9", "", 8443)};
  a.listening = {"tcp/80", "tcp/40123"};
  b.listening = {"tcp/80", "tcp/51000"};
  a.dns_names = {"3f9c2a7b1e04.t.example", "git.nordatech.internal"};
  b.dns_names = {"77aa2a7b1e99.t.example", "git.velrosoft.internal"};
  a.dns_first_ns = b.dns_first_ns = {1, 2};
  a.processes = {process("/tmp/tmp.aB3xYz/run"), process("/proc/14/exe"), process("/usr/bin/app"),
                 process("/usr/bin/app")};
  b.processes = {process("/tmp/tmp.Qw9tT1/run"), process("/proc/2231/exe"), process("/usr/bin/app"),
                 process("/usr/bin/probe", 7, true)};
  EXPECT_EQ(diff(a, b), "Both did the same.\n");
}

TEST(ReportDiff, SteadyWordsStay) {
  using namespace diff_words;
  for (const char* name : {"mirror.example.org", "metadata.google.internal", "s3.eu-west-1.amazonaws.com",
                           "a1.b2.example", "kubernetes.default.svc.cluster.local"})
    EXPECT_EQ(steady_name(name), name);
  for (const char* path :
       {"/usr/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2", "/usr/bin/python3.11", "/tmp/xmrig",
        "/tmp/install.sh", "/opt/app-1.2/bin/run", "/dev/shm/kinsing", "/bin/sh"})
    EXPECT_EQ(steady_path(path), path);
  EXPECT_EQ(steady_name("550e8400-e29b-41d4-a716-446655440000.x.test"), "*.x.test");
  EXPECT_EQ(steady_path("/tmp/app.Xy12Zq"), "/tmp/app.*");
  EXPECT_EQ(steady_path("/tmp/tmpk3x_9q2a/x"), "/tmp/tmp*/x");
  EXPECT_EQ(steady_port("tcp/32767"), "tcp/32767");
  EXPECT_EQ(steady_port("tcp/32768"), "tcp/high");
  EXPECT_EQ(steady_port("odd"), "odd");
}

TEST(ReportDiff, IsBounded) {
  Report a = before(), b = before();
  for (int i = 0; i < 250; ++i) b.findings.push_back(finding("Finding " + std::to_string(i)));
  auto made = diff_reports(report_json(a), report_json(b));
  ASSERT_TRUE(made);
  EXPECT_EQ(made->added.size(), ReportDiff::kMaxOfKind);
  EXPECT_EQ(made->left_out, 50u);
  EXPECT_FALSE(made->empty());
}

// What a list that was cut lacks may have been there.
TEST(ReportDiff, ACutListProvesNothing) {
  Report a = before(), b = before();
  a.processes_left_out = 9;
  b.processes.push_back(process("/usr/bin/other", 1000));
  EXPECT_EQ(diff(a, b), "Both did the same.\n");
  a.processes_left_out = 0;
  EXPECT_EQ(diff(a, b), "+ executable  /usr/bin/other\n");
}

TEST(ReportDiff, NamesTheReportThatIsNone) {
  std::string good = report_json(before());
  EXPECT_EQ(diff_reports("{", good).error().what, "the older report: report: not a JSON object");
  EXPECT_EQ(diff_reports(good, "[]").error().code, Errc::corrupt);
}

TEST(ReportDiff, IsJsonToo) {
  Report after = before();
  after.listening.push_back("tcp/4444");
  auto made = diff_reports(report_json(before()), report_json(after));
  ASSERT_TRUE(made);
  EXPECT_EQ(diff_json(*made),
            R"({"schema":"assay.diff/1","verdict":{"old":"clean","new":"clean"},"score":{"old":5,"new":5},)"
            R"("added":[{"kind":"port","what":"tcp/4444"}],"gone":[],"left_out":0})");
}

}  // namespace
}  // namespace assay
