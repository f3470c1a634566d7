// What a behaviour is made of, and what two of them differ in; chance, and our own doing, is no difference.
#include "scheduler/score/behaviour.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "scheduler/score/change_lines.h"

namespace assay {
namespace {

NetworkPeer peer(const std::string& addr, const std::string& name, uint32_t port, int32_t pid = 0) {
  NetworkPeer p;
  p.proto = "tcp";
  p.addr = addr;
  p.name = name;
  p.port = port;
  p.pid = pid;
  return p;
}

Process process(int32_t pid, const std::string& path, uint32_t uid = 0, int32_t parent = 0) {
  Process p;
  p.pid = pid;
  p.parent = parent;
  p.path = path;
  p.uid = uid;
  p.start_ns = pid;
  return p;
}

Process provoked(int32_t pid, const std::string& path, uint32_t uid = 0) {
  Process p = process(pid, path, uid);
  p.provoked = true;
  return p;
}

Finding finding(const std::string& title) {
  Finding f;
  f.title = title;
  return f;
}

PlanStep step(const std::string& kind, const std::string& target, int32_t pid, int32_t exit_status = 0,
              const std::string& result = "exited") {
  PlanStep s;
  s.kind = kind;
  s.target = target;
  s.result = result;
  s.exit_status = exit_status;
  s.pid = pid;
  return s;
}

FileChange file(const std::string& path) {
  FileChange f;
  f.path = path;
  f.origin = "dropped";
  f.file_type = "data";
  return f;
}

LayerInfo layer(const std::string& diff_id, const std::string& created_by) {
  return {"sha256:b" + diff_id, "sha256:" + diff_id, 1, created_by};
}

Report before() {
  Report r;
  r.header.scan_id = "20261130T000000-00000001";
  r.header.job.ref = "registry.example/app:1";
  r.header.image.digest = "sha256:1";
  r.header.image.layers = {layer("aa", "FROM base"), layer("bb", "COPY app /usr/bin")};
  r.verdict = Verdict::clean;
  r.score = 5;
  r.findings = {finding("Package manager was run")};
  r.dns_names = {"deb.example"};
  r.dns_first_ns = {1};
  r.network = {peer("198.18.0.4", "deb.example", 443)};
  r.listening = {"tcp/80"};
  r.processes = {process(1, "/usr/bin/app", 1000)};
  return r;
}

// Both ways: what one has is gone from the other's view.
std::string diff(const Report& a, const Report& b) {
  Behaviour was = behaviour_of(a);
  return diff_text(diff_behaviour(std::span(&was, 1), behaviour_of(b)), 110);
}

constexpr const char* kSame = "Both did the same.\n";

TEST(Behaviour, TellsWhatCameAndWhatWentWithDoerAndLayer) {
  Report after = before();
  after.header.image.layers.push_back(layer("cc", "RUN install-miner"));
  after.verdict = Verdict::malicious;
  after.score = 91;
  after.findings = {finding("A miner was run")};
  after.findings[0].layer = "sha256:cc, RUN install-miner";
  after.findings[0].evidence = {{1, 12, 9, ""}};
  after.dns_names = {"deb.example", "pool.evil.test"};
  after.dns_first_ns = {1, 12};
  after.dns_pids = {1, 9};
  after.network.push_back(peer("198.18.7.7", "pool.evil.test", 3333, 9));
  after.network.push_back(peer("203.0.113.66", "", 9001));
  after.listening = {"tcp/22"};
  after.listening_pids = {9};
  after.listening_first_ns = {13};
  after.processes = {process(1, "/usr/bin/app", 0), process(9, "/usr/bin/xmrig", 0, 1)};
  after.processes[1].brought_by = 3;
  after.files = {file("/etc/cron.d/x")};
  after.files[0].written_by = {9, "/usr/bin/xmrig", "xmrig"};
  EXPECT_EQ(diff(before(), after),
            "verdict: clean -> malicious, score 5 -> 91\n"
            "+ finding     A miner was run  by /usr/bin/xmrig  layer 3 of 3, RUN install-miner\n"
            "+ domain      pool.evil.test  by /usr/bin/xmrig  layer 3 of 3, RUN install-miner\n"
            "+ peer        203.0.113.66 tcp/9001\n"
            "+ peer        pool.evil.test tcp/3333  by /usr/bin/xmrig  layer 3 of 3, RUN install-miner\n"
            "+ listener    tcp/22  by /usr/bin/xmrig  layer 3 of 3, RUN install-miner\n"
            "+ executable  /usr/bin/xmrig  by /usr/bin/app  layer 3 of 3, RUN install-miner\n"
            "+ file_area   /etc/cron.d/*  by /usr/bin/xmrig  layer 3 of 3, RUN install-miner\n"
            "+ user        uid 0  by /usr/bin/app\n"
            "- finding     Package manager was run\n"
            "- listener    tcp/80\n"
            "- user        uid 1000  by /usr/bin/app\n");
}

TEST(Behaviour, MadeUpAddressesAreNoDifference) {
  Report a = before(), b = before();
  a.network = {peer("198.18.0.4", "deb.example", 443), peer("198.19.3.1", "", 443),
               peer("2001:2::5", "", 80)};
  b.network = {peer("198.18.200.4", "deb.example", 443), peer("198.18.9.9", "", 8443)};
  EXPECT_EQ(diff(a, b), kSame);
}

TEST(Behaviour, HighPortsAreNoDifference) {
  Report a = before(), b = before();
  a.listening = {"tcp/80", "tcp/40123"};
  b.listening = {"tcp/80", "tcp/51000"};
  a.network.push_back(peer("203.0.113.1", "", 45000));
  b.network.push_back(peer("203.0.113.1", "", 46000));
  EXPECT_EQ(diff(a, b), kSame);
  b.listening = {"tcp/80", "tcp/8081"};
  EXPECT_EQ(diff(a, b), "+ listener    tcp/8081\n- listener    tcp/high\n");
}

TEST(Behaviour, DrawnPartsOfNamesAndPathsAreNoDifference) {
  Report a = before(), b = before();
  a.dns_names = {"3f9c2a7b1e04.t.example", "git.nordatech.internal"};
  b.dns_names = {"77aa2a7b1e99.t.example", "git.velrosoft.internal"};
  a.dns_first_ns = b.dns_first_ns = {1, 2};
  a.processes = {process(1, "/tmp/tmp.aB3xYz/run"), process(2, "/proc/14/exe"), process(3, "/usr/bin/app")};
  b.processes = {process(1, "/tmp/tmp.Qw9tT1/run"), process(2, "/proc/2231/exe"), process(3, "/usr/bin/app")};
  a.files = {file("/tmp/tmp.aB3xYz/x/y")};
  b.files = {file("/tmp/tmp.Qw9tT1/x/z")};
  EXPECT_EQ(diff(a, b), kSame);
}

TEST(Behaviour, AreasAreDirectoriesWithoutCachesAndLogs) {
  Report a = before(), b = before();
  for (const char* path :
       {"/var/lib/app/db/base/1", "/var/lib/app/db/base/2", "/x", "/var/cache/apt/pkgcache.bin",
        "/var/log/dpkg.log", "/root/.cache/pip/http/a", "/srv/__pycache__/a.pyc", "/run/app.pid"})
    b.files.push_back(file(path));
  FileChange dir = file("/var/lib/app");
  dir.file_type = "dir";
  b.files.push_back(dir);
  EXPECT_EQ(diff(a, b), "+ file_area   /*\n+ file_area   /var/lib/app/*\n");
}

// Both are said to have been started by us, and one more by the image.
TEST(Behaviour, WhatAStepLedToCountsWhereBothCarriedItOut) {
  Report a = before(), b = before();
  b.processes.push_back(provoked(20, "/usr/bin/report-tool", 33));
  b.processes.push_back(process(21, "/usr/bin/curl", 33, 20));
  b.dns_names.push_back("stats.example");
  b.dns_first_ns.push_back(30);
  b.dns_pids = {1, 21};
  b.plan = {step("executable", "/usr/bin/report-tool", 20)};
  EXPECT_EQ(diff(a, b), kSame) << "the first run did not come to that step";
  a.plan = {step("executable", "/usr/bin/report-tool", 55, 137, "killed")};
  EXPECT_EQ(diff(a, b), kSame) << "it ended otherwise there";
  a.plan = {step("executable", "/usr/bin/report-tool", 55)};
  EXPECT_EQ(diff(a, b),
            "+ domain      stats.example  by /usr/bin/curl\n"
            "+ executable  /usr/bin/curl  by /usr/bin/report-tool\n");
  EXPECT_EQ(diff(b, a),
            "- domain      stats.example  by /usr/bin/curl\n"
            "- executable  /usr/bin/curl  by /usr/bin/report-tool\n");
  a.plan[0].result = b.plan[0].result = "out of time";
  EXPECT_EQ(diff(a, b), kSame) << "how far it came was the host's to say";
  b.processes.push_back(process(60, "/usr/bin/curl", 1000, 1));
  a.plan.clear();
  EXPECT_EQ(diff(a, b), "+ executable  /usr/bin/curl  by /usr/bin/app\n") << "the image does so by itself";
}

TEST(Behaviour, AStepThatIsNotListedProvesNothing) {
  Report a = before(), b = before();
  b.processes.push_back(provoked(20, "/usr/bin/report-tool"));
  b.processes.push_back(process(21, "/usr/bin/curl", 0, 20));
  EXPECT_EQ(diff(a, b), kSame);
}

// A container that was started again has its pids anew.
TEST(Behaviour, APidIsTheLastProcessThatHadBegunWithIt) {
  Report a = before(), b = before();
  b.processes.push_back(process(20, "/usr/bin/curl", 1000, 1));
  a.processes = b.processes;
  Process again = provoked(20, "/usr/sbin/daemon");
  again.start_ns = 500;
  b.processes.push_back(again);
  b.listening = {"tcp/80", "tcp/9000"};
  b.listening_pids = {1, 20};
  b.listening_first_ns = {3, 600};
  EXPECT_EQ(diff(a, b), kSame) << "our start of the daemon, not the image's curl";
  b.listening_first_ns = {3, 400};
  EXPECT_EQ(diff(a, b), "+ listener    tcp/9000  by /usr/bin/curl\n");
}

TEST(Behaviour, ProgramsThatBecameOthersAndScriptsCount) {
  Report a = before(), b = before();
  b.processes[0].earlier = {{"/usr/bin/wrapper", 2}};
  b.processes[0].script = "/srv/start.py";
  EXPECT_EQ(diff(a, b),
            "+ executable  /srv/start.py  by /usr/bin/wrapper\n"
            "+ executable  /usr/bin/wrapper  layer 2 of 2, COPY app /usr/bin\n");
}

// Rules over a run's loads say as much of the host as of the image.
TEST(Behaviour, MeasuredFindingsAreNoFacts) {
  Report a = before(), b = before();
  b.findings.push_back(finding("Processor kept busy all the time"));
  b.findings.back().measured = true;
  EXPECT_EQ(diff(a, b), kSame);
}

TEST(Behaviour, ACutListProvesNothing) {
  Report a = before(), b = before();
  a.processes_left_out = 9;
  b.processes.push_back(process(2, "/usr/bin/other", 7));
  EXPECT_EQ(diff(a, b), kSame);
  a.processes_left_out = 0;
  EXPECT_EQ(diff(a, b), "+ executable  /usr/bin/other\n+ user        uid 7  by /usr/bin/other\n");
  b = before();
  a.network_left_out = 1;
  b.network.push_back(peer("203.0.113.1", "", 80));
  EXPECT_EQ(diff(a, b), kSame);
  b = before();
  a.files_left_out = 1;
  b.files.push_back(file("/opt/x/y"));
  EXPECT_EQ(diff(a, b), kSame);
}

TEST(Behaviour, ARunThatDidNotHappenProvesNothing) {
  Report a = before(), b;
  b.footer.reason = EndReason::start_failed;
  b.verdict = Verdict::inconclusive;
  Behaviour was = behaviour_of(a);
  EXPECT_TRUE(diff_behaviour(std::span(&was, 1), behaviour_of(b)).empty());
}

// 2 s after the guest's start, and 9 s: of the first run, which was ended after 6 s, only the former is
// expected.
TEST(Behaviour, WhatCameAfterTheOtherRunsEndIsNoDifference) {
  Report a = before(), b = before();
  a.footer.reason = EndReason::deadline;
  a.footer.phases = {{"start", 700'000'000}, {"run", 6'000'000'000}};
  b.processes[0].start_ns = 1'000'000'000;
  b.dns_names = {"deb.example", "early.example", "late.example"};
  b.dns_first_ns = {1'100'000'000, 3'000'000'000, 6'700'000'000};
  EXPECT_EQ(diff(a, b), "+ domain      early.example\n");
  a.footer.reason = EndReason::exited;
  EXPECT_EQ(diff(a, b), "+ domain      early.example\n+ domain      late.example\n");
}

// On a busy host all of it came later, and the run was given that time.
TEST(Behaviour, WhatCameLateForWantOfTimeIsNoWait) {
  Report a = before(), b = before();
  a.footer.reason = b.footer.reason = EndReason::deadline;
  a.footer.phases = {{"run", 6'000'000'000}};
  b.footer.phases = {{"run", 8'000'000'000}};
  b.footer.starved_ns = b.footer.made_up_ns = 2'000'000'000;
  b.dns_names = {"deb.example", "late.example"};
  b.dns_first_ns = {500'000'000, 7'500'000'000};
  EXPECT_EQ(diff(a, b), kSame);
  EXPECT_EQ(diff(b, a), kSame);
  b.dns_first_ns[1] = 5'000'000'000;
  EXPECT_EQ(diff(a, b), "+ domain      late.example\n");
}

TEST(Behaviour, WhatIsFoundAfterARunHasTheTimeOfItsEndAndAFileThatOfItsWriter) {
  Report a = before(), b = before();
  a.footer.reason = b.footer.reason = EndReason::deadline;
  a.footer.phases = b.footer.phases = {{"run", 6'000'000'000}};
  Finding left = finding("Left behind");
  left.evidence = {{9, 6'800'000'000, 0, "file"}};
  b.findings.push_back(left);
  EXPECT_EQ(diff(a, b), kSame);
  Process late = process(77, "/usr/bin/app", 1000, 1);
  late.start_ns = 5'800'000'000;
  b.processes.push_back(late);
  FileChange left_file = file("/srv/late/data");
  left_file.written_by = {77, "/usr/bin/app", "app"};
  b.files.push_back(left_file);
  EXPECT_EQ(diff(a, b), kSame);
  b.processes.back().start_ns = 2'000'000'000;
  EXPECT_EQ(diff(a, b), "+ file_area   /srv/late/*  by /usr/bin/app\n");
}

// A new version that sleeps for longer than a run takes, and is waited for, hides nothing by that.
TEST(Behaviour, WhoWaitsForTheEndOfAUsualRunDoesSomethingNew) {
  Report a = before(), b = before();
  a.footer.reason = EndReason::deadline;
  a.footer.phases = {{"run", 6'000'000'000}};
  b.dns_names = {"deb.example", "late.example"};
  b.dns_first_ns = {500'000'000, 10'000'000'000};
  EXPECT_EQ(diff(a, b), "+ domain      late.example\n");
  b.header.job.duration *= 2;  // it was to run for longer
  EXPECT_EQ(diff(a, b), kSame);
  b = before();
  b.dns_names = {"deb.example", "late.example"};
  b.dns_first_ns = {500'000'000, 4'000'000'000};
  a.footer.starved_ns = 4'000'000'000;
  EXPECT_EQ(diff(a, b), kSame) << "the host had no time for it";
  a.footer.made_up_ns = 4'000'000'000;
  EXPECT_EQ(diff(a, b), "+ domain      late.example\n");
}

TEST(Behaviour, OfSeveralRunsBeforeAnyKnowsAndAllMustAgree) {
  Report once = before(), twice = before(), after = before();
  once.dns_names.push_back("at-times.example");
  after.dns_names.push_back("at-times.example");
  std::vector<Behaviour> runs = {behaviour_of(twice), behaviour_of(once)};
  EXPECT_TRUE(diff_behaviour(runs, behaviour_of(after)).empty());
  EXPECT_TRUE(diff_behaviour(runs, behaviour_of(before())).empty());
  EXPECT_EQ(diff_behaviour(runs, Behaviour()).gone.size(), 6u) << "not what one of them alone did";
  EXPECT_TRUE(diff_behaviour({}, behaviour_of(after)).empty());
}

TEST(Behaviour, IsBounded) {
  Report a = before(), b = before();
  for (int i = 0; i < 250; ++i) b.findings.push_back(finding("Finding " + std::to_string(i)));
  Behaviour was = behaviour_of(a);
  BehaviourDiff made = diff_behaviour(std::span(&was, 1), behaviour_of(b));
  EXPECT_EQ(made.added.size(), BehaviourDiff::kMaxOfKind);
  EXPECT_EQ(made.left_out, 50u);
  EXPECT_FALSE(made.empty());
  EXPECT_NE(diff_text(made, 80).find("+ … and 140 more\n"), std::string::npos);
}

TEST(Behaviour, IsReadOfAReportThatIsKept) {
  auto read = read_behaviour(report_json(before()));
  ASSERT_TRUE(read);
  EXPECT_EQ(read->facts.size(), behaviour_of(before()).facts.size());
  EXPECT_EQ(read_behaviour("{").error().code, Errc::corrupt);
}

TEST(Behaviour, KindsHaveNames) {
  for (size_t i = 0; i < kFactKinds; ++i) {
    auto kind = static_cast<FactKind>(i);
    auto parsed = parse_fact_kind(to_string(kind));
    ASSERT_TRUE(parsed);
    EXPECT_EQ(*parsed, kind);
  }
  EXPECT_EQ(
      parse_fact_kind("name").error().what,
      "'name' is no kind of fact; there are finding, domain, peer, listener, executable, file_area, user");
}

TEST(Behaviour, IsJsonToo) {
  Report after = before();
  after.header.image.digest = "sha256:2";
  after.listening.push_back("tcp/4444");
  Behaviour was = behaviour_of(before());
  EXPECT_EQ(diff_json(diff_behaviour(std::span(&was, 1), behaviour_of(after))),
            R"({"schema":"assay.diff/2","before":{"scan_id":"20261130T000000-00000001",)"
            R"("ref":"registry.example/app:1","digest":"sha256:1","verdict":"clean","score":5},)"
            R"("after":{"scan_id":"20261130T000000-00000001","ref":"registry.example/app:1",)"
            R"("digest":"sha256:2","verdict":"clean","score":5},)"
            R"("added":[{"kind":"listener","what":"tcp/4444","by":"","layer":""}],"gone":[],"left_out":0})");
}

TEST(ChangeLines, WrapWhereThereIsNoRoomAndShortenLayersOfOtherImages) {
  std::string id = "sha256:" + std::string(64, 'e');
  std::vector<Change> changes = {
      {"domain", "pool.evil.test", "/usr/bin/xmrig", id + ", COPY xmrig /usr/bin"}};
  auto text = [&](size_t width) {
    std::string out;
    for (const auto& line : change_lines(changes, "+", {}, width)) out += line + "\n";
    return out;
  };
  EXPECT_EQ(
      text(120),
      "+ domain      pool.evil.test  by /usr/bin/xmrig  layer sha256:eeeeeeeeeeee, COPY xmrig /usr/bin\n");
  EXPECT_EQ(text(60),
            "+ domain      pool.evil.test\n"
            "              by /usr/bin/xmrig\n"
            "              layer sha256:eeeeeeeeeeee, COPY xmrig /usr/bin\n");
}

}  // namespace
}  // namespace assay
