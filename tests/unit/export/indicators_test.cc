// What of a report another network can look for, and what is left out.
#include "scheduler/export/indicators.h"

#include <gtest/gtest.h>

#include "scheduler/export/outside.h"

namespace assay {
namespace {

// One a line: what a test compares.
std::string shown(const Report& report) {
  std::string out;
  for (const Indicator& one : indicators_of(report)) {
    out += std::string(one.suspicious ? "! " : "- ") + to_string(one.kind) + " " + one.value;
    if (!one.path.empty()) out += " " + one.path;
    if (one.port != 0) out += " " + one.proto + "/" + std::to_string(one.port);
    out += " (" + one.context + ")";
    for (const Technique& technique : one.techniques) out += " " + technique.id;
    out += "\n";
  }
  return out;
}

NetworkPeer peer(const std::string& addr, uint32_t port, const std::string& name,
                 const std::string& app = "") {
  NetworkPeer out;
  out.proto = "tcp";
  out.addr = addr;
  out.port = port;
  out.name = name;
  out.app = app;
  return out;
}

Finding finding(double weight, const std::string& text, const std::string& technique = "T1105",
                int32_t pid = 0) {
  Finding out;
  out.rule_id = "rule";
  out.weight = weight;
  out.techniques = {{technique, "command-and-control"}};
  out.evidence = {{1, 100, pid, text}};
  return out;
}

FileChange file(const std::string& path, const std::string& type, const std::string& sha256) {
  FileChange out;
  out.path = path;
  out.origin = "dropped";
  out.file_type = type;
  out.sha256 = sha256;
  out.size_bytes = 10;
  return out;
}

Report malicious() {
  Report report;
  report.verdict = Verdict::malicious;
  report.score = 90;
  return report;
}

TEST(Indicators, NameAndPortOfAServerButNotItsSimulatedAddress) {
  Report report = malicious();
  report.dns_names = {"pool.example"};
  report.network = {peer("172.17.0.1", 53, ""), peer("198.18.4.1", 4444, "pool.example", "stratum")};
  report.findings = {finding(0.9, "session stratum 198.18.4.1:4444", "T1496.001")};
  EXPECT_EQ(shown(report), "! domain pool.example tcp/4444 (asked for, contacted over stratum) T1496.001\n");
}

TEST(Indicators, AddressThatTheImageNamesByItself) {
  Report report = malicious();
  report.network = {peer("198.51.100.23", 8080, "", "http"), peer("203.0.113.9", 22, ""),
                    peer("203.0.113.9", 23, ""), peer("2600:1::1", 443, ""), peer("2001:2::c612:1", 443, "")};
  report.findings = {finding(0.4, "fetched from http://198.51.100.23:8080/x by wget")};
  EXPECT_EQ(shown(report),
            "! ipv4 198.51.100.23 tcp/8080 (contacted over http) T1105\n"
            "- ipv4 203.0.113.9 (contacted)\n"
            "- ipv6 2600:1::1 tcp/443 (contacted)\n");
}

TEST(Indicators, NothingOfTheContainersOwnNetworkOrOfWhatEveryoneAsks) {
  Report report = malicious();
  report.dns_names = {"localhost",
                      "db",
                      "metadata.google.internal",
                      "x.svc.cluster.local",
                      "1.0.17.172.in-addr.arpa",
                      "printer.local",
                      "10.0.0.1"};
  for (const char* addr :
       {"127.0.0.1", "10.96.0.1", "192.168.1.1", "169.254.169.254", "100.100.100.200", "8.8.8.8", "1.1.1.1",
        "224.0.0.1", "255.255.255.255", "::1", "fe80::1", "fd00::1", "2001:4860:4860::8888"})
    report.network.push_back(peer(addr, 80, "", "http"));
  report.network.push_back(peer("docker.sock", 0, "", "docker"));
  EXPECT_EQ(shown(report), "");
}

TEST(Indicators, TargetsOfAScanAreNobodysServers) {
  Report report = malicious();
  for (int i = 1; i <= 40; ++i)
    report.network.push_back(peer("203.0.113." + std::to_string(i), 6379, "", "redis"));
  report.network.push_back(peer("203.0.113.99", 443, "", "https"));
  EXPECT_EQ(shown(report), "- ipv4 203.0.113.99 tcp/443 (contacted over https)\n");
}

TEST(Indicators, DomainBelowWhichNamesCarryData) {
  Report report = malicious();
  for (const char* label : {"5b64656661756c745d0a6177735f61", "414b4941345356324734365042495745",
                            "745f6163636573735f6b6579203d20", "54364e544e4f7a4f4b4776547a624545"})
    report.dns_names.push_back(std::string(label) + ".0.tunnel.example");
  report.dns_names.push_back("prod-us-east-1-starport-layer-bucket.s3.amazonaws.com");
  report.findings = {finding(0.6, "dns A 5b64656661756c745d0a6177735f61.0.tunnel.example", "T1071.004")};
  EXPECT_EQ(shown(report),
            "! domain 0.tunnel.example (4 names below it carry data) T1071.004\n"
            "- domain prod-us-east-1-starport-layer-bucket.s3.amazonaws.com (asked for)\n");
}

TEST(Indicators, NameThatIsNoHostsGivesTheDomainRightOfIt) {
  Report report = malicious();
  report.dns_names = {"=cmd|' /C calc'!A0.evil.example", "<script>.x\\xe2\\x80\\xae.example", "\\032"};
  EXPECT_EQ(shown(report), "- domain evil.example (asked for below it: =cmd|' /C calc'!A0.evil.example)\n");
}

TEST(Indicators, UrlsWithoutWhatThisRunPutIntoThem) {
  Report report = malicious();
  NetworkPeer web = peer("198.18.1.1", 80, "drop.example", "http");
  web.requests = {{"GET", "/beacon?q=secret", ""},
                  {"POST", "/beacon", ""},
                  {"CONNECT", "x:443", ""},
                  {"GET", "/a b\\xff\\\\<\\x0a>", ""},
                  {"GET", "/cut...", ""}};
  NetworkPeer inside = peer("169.254.169.254", 80, "metadata.google.internal", "http");
  inside.requests = {{"GET", "/latest", ""}};
  NetworkPeer literal = peer("2600:1::1", 8443, "", "https");
  literal.requests = {{"GET", "/x", ""}};
  report.network = {web, inside, literal};
  EXPECT_EQ(shown(report),
            "- domain drop.example tcp/80 (named in SNI or Host, contacted over http)\n"
            "- ipv6 2600:1::1 tcp/8443 (contacted over https)\n"
            "- url http://drop.example/beacon (requested by GET)\n"
            "- url http://drop.example/a%20b%FF%5C%3C%0A%3E (requested by GET)\n"
            "- url https://[2600:1::1]:8443/x (requested by GET)\n");
}

TEST(Indicators, FilesThatTheSimulatedInternetMadeAreNone) {
  Report report = malicious();
  Download canary;
  canary.url = "http://cdn.example/x.sh?a=1#b";
  canary.sha256 = "c1";
  canary.status = DownloadStatus::run;
  canary.run_by.image = "/tmp/unpacked";
  report.downloads = {canary};
  report.files = {file("/tmp/x.sh", "script", "c1"), file("/tmp/unpacked", "elf", "c2"),
                  file("/tmp/real", "elf", "f1")};
  for (FileChange& one : report.files) one.executed = true;
  EXPECT_EQ(shown(report),
            "! url http://cdn.example/x.sh (requested, and what was answered was run)\n"
            "! file f1 /tmp/real (dropped, executed)\n");
}

TEST(Indicators, OfFilesProgramsAndWhatEvidenceOrYaraPointsAt) {
  Report report = malicious();
  report.header.tokens = {{"aws_key:/root/.aws/credentials", "aws_key", "/root/.aws/credentials"}};
  report.files = {file("/var/log/x.log", "text", "f1"), file("/opt/lib.so", "elf", "f2"),
                  file("/tmp/hook", "script", "f3"),    file("/etc/cron.d/x", "script", "f4"),
                  file("/tmp/conf", "data", "f5"),      file("/root/.aws/credentials", "elf", "f6"),
                  file("/tmp/empty", "elf", "f7")};
  report.files[4].matches = {"assay:miner_config"};
  report.files[6].size_bytes = 0;
  report.findings = {finding(0.3, "open /etc/cron.d/x = 3", "T1053.003"),
                     finding(0.3, "open /tmp/hook.sh = 3")};
  EXPECT_EQ(shown(report),
            "- file f2 /opt/lib.so (dropped)\n"
            "! file f4 /etc/cron.d/x (dropped) T1053.003\n"
            "- file f5 /tmp/conf (dropped, matches assay:miner_config)\n");
}

TEST(Indicators, ProgramsOfTheImageOnlyWhereTheyAreNobodysPackageAndAHeavyFindingIsAboutThem) {
  Report report = malicious();
  auto process = [&](int32_t pid, const char* path, const char* sha256, const char* origin,
                     const char* package) {
    Process one;
    one.pid = pid;
    one.path = path;
    one.sha256 = sha256;
    one.origin = origin;
    one.package = package;
    report.processes.push_back(one);
  };
  process(1, "/app/xmrig", "p1", "image", "");
  process(2, "/usr/bin/curl", "p2", "image", "curl");
  process(3, "/bin/busybox", "p3", "image", "");
  process(4, "/app/honest", "p4", "image", "");
  process(5, "memfd:x", "p5", "memfd", "");
  report.findings = {finding(0.75, "start", "T1496.001", 1), finding(0.75, "exec", "T1105", 2),
                     finding(0.75, "exec", "T1105", 3), finding(0.2, "exec", "T1105", 4)};
  EXPECT_EQ(shown(report),
            "! file p1 /app/xmrig (program of the image, of no package) T1496.001\n"
            "! file p5 memfd:x (memfd, executed)\n");
}

TEST(Indicators, OfACleanImageAreNotSuspicious) {
  Report report;
  report.verdict = Verdict::clean;
  report.score = 20;
  report.dns_names = {"packages.example.org"};
  report.findings = {finding(0.2, "dns A packages.example.org")};
  EXPECT_EQ(shown(report), "- domain packages.example.org (asked for) T1105\n");
}

TEST(Indicators, WhereAHoneytokenWentIsSuspiciousWithItsUrls) {
  Report report = malicious();
  report.dns_names = {"git.example"};
  NetworkPeer web = peer("198.18.1.1", 443, "git.example", "https");
  web.requests = {{"POST", "/loot.git/git-receive-pack", ""}};
  report.network = {web};
  TokenUse token;
  token.sent = {{"git.example:443", "tcp", "198.18.1.1", "https", "git", {}},
                {"git.example:443", "tcp", "", "", "", {}}};
  report.tokens = {token};
  EXPECT_EQ(shown(report),
            "! domain git.example tcp/443 (asked for, contacted over https, a honeytoken was sent to it)\n"
            "! url https://git.example/loot.git/git-receive-pack (requested by POST)\n");
}

TEST(Outside, OnlyWholeWordsOfEvidenceName) {
  Report report = malicious();
  report.dns_names = {"evil.example", "sub.evil.example"};
  report.network = {peer("203.0.113.1", 80, "")};
  report.findings = {finding(0.9, "dns A notevil.example evil.example.org 203.0.113.12 1203.0.113.1")};
  EXPECT_EQ(shown(report),
            "- domain evil.example (asked for)\n- domain sub.evil.example (asked for)\n"
            "- ipv4 203.0.113.1 tcp/80 (contacted)\n");
  report.findings = {finding(0.9, "dns A sub.evil.example.")};
  EXPECT_EQ(shown(report).substr(0, 2), "! ");
}

TEST(Outside, UrlsThatAreNoneAreEmpty) {
  for (const char* url : {"", "ftp://a.example/x", "http://", "http://localhost/x", "http://a.example:99999/",
                          "http://user@a.example/x", "http://10.0.0.1/x", "a.example/x"})
    EXPECT_EQ(plain_url(url), "") << url;
  EXPECT_EQ(plain_url("http://A.example:8080"), "http://a.example:8080/");
  EXPECT_EQ(plain_url("https://[2600:1::1]:443/x?y"), "https://[2600:1::1]/x");
}

}  // namespace
}  // namespace assay
