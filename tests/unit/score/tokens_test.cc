// Honeytokens: by whom they were read, handed out and sent; and that only what was planted counts.
#include <gtest/gtest.h>

#include "case_reader.h"

namespace assay::testing {
namespace {

std::string render(const Report& report) {
  std::string out;
  for (const auto& t : report.tokens) {
    out += t.kind + " " + t.place;
    for (const auto& by : t.read_by) out += ", read by " + std::to_string(by.pid);
    for (const auto& by : t.asked_by) out += ", handed out to " + std::to_string(by.pid);
    for (const auto& s : t.sent)
      out += ", sent to " + s.to + " " + s.app + " " + s.encoding + " by " + std::to_string(s.by.pid);
    out += "\n";
  }
  return out;
}

TEST(Tokens, ReadAndSentAreOneStory) {
  Report report = score(our_rules(), stored_trace("chamber"));
  EXPECT_EQ(render(report),
            "aws_key /home/dev/.aws/credentials, read by 11, sent to get.evil.test:443 https base64 by 12\n");
  EXPECT_EQ(report.verdict, Verdict::malicious);
  EXPECT_EQ(report.findings.at(0).title, "Exfiltration proved: honeytoken sent out over HTTP");
  EXPECT_EQ(
      report.findings.at(0).evidence.at(0).text,
      "aws_key (/home/dev/.aws/credentials) sent to get.evil.test:443 as base64 over https by curl (pid 12)");
}

TEST(Tokens, AreFoundBehindLinksAndRelativePaths) {
  Report report = score(our_rules(), trace(R"(
- exec: {pid: 1, path: /usr/bin/cat, argv: [cat], cwd: /home/dev}
- open: {pid: 1, call: openat, path: .npmrc, flags: 0, cwd: /home/dev, fd_path: /home/dev/.npmrc}
- open: {pid: 1, call: openat, path: /tmp/link, flags: 0, fd_path: /home/dev/.pypirc}
- open: {pid: 1, call: openat, path: /run/secrets/kubernetes.io/serviceaccount/..data/token, flags: 0}
)"));
  EXPECT_EQ(render(report),
            "npm /home/dev/.npmrc, read by 1\npypi /home/dev/.pypirc, read by 1\n"
            "kubernetes_token /var/run/secrets/kubernetes.io/serviceaccount/token, read by 1\n");
}

TEST(Tokens, AreFoundUnderNamesThatTheGuestGaveThem) {
  Report report = score(our_rules(), trace(R"(
- syscall: {call: symlinkat, path: /home/dev/.aws, path2: /tmp/a}
- syscall: {call: rename, path: /home/dev/.npmrc, path2: /tmp/n}
- syscall: {call: link, path: /home/dev/.netrc, path2: /tmp/never, error: 1, result: -1}
- open: {pid: 1, call: openat, path: /tmp/a/credentials, flags: 0}
- open: {pid: 1, call: openat, path: /tmp/n, flags: 0}
- open: {pid: 1, call: openat, path: /tmp/never, flags: 0}
)"));
  EXPECT_EQ(render(report),
            "aws_key /home/dev/.aws/credentials, read by 1\nnpm /home/dev/.npmrc, read by 1\n");
}

TEST(Tokens, NeitherFailedNorWritingOpensRead) {
  Report report = score(our_rules(), trace(R"(
- open: {pid: 1, call: openat, path: /home/dev/.npmrc, flags: 0, error: 13, result: -1}
- open: {pid: 1, call: openat, path: /home/dev/.npmrc, flags: 577}
- open: {pid: 1, call: openat, path: /home/dev/.npmrc2, flags: 0}
)"));
  EXPECT_EQ(render(report), "");
  EXPECT_EQ(titles(report), "");
}

TEST(Tokens, ReadByTheirOwnProgramWeighNothing) {
  Report report = score(our_rules(), trace(R"(
- exec: {pid: 1, path: /usr/bin/git, argv: [git, push]}
- open: {pid: 1, call: openat, path: /home/dev/.git-credentials, flags: 0}
)"));
  EXPECT_EQ(titles(report), "Account file read by its own program (honeytoken)\n");
  EXPECT_EQ(report.score, 0);
}

TEST(Tokens, ReadOnceByAProcessThatOpensThemAgainAndAgain) {
  Report report = score(our_rules(), trace(R"(
- exec: {pid: 1, path: /usr/bin/cat, argv: [cat]}
- repeat: {event: open, times: 50, fields: {pid: 1, call: openat, path: /home/dev/.npmrc, flags: 0}}
)"));
  ASSERT_EQ(report.findings.size(), 1u) << titles(report);
  EXPECT_EQ(report.findings[0].count, 1u);
}

TEST(Tokens, OneActIsNotFoundTwice) {
  Report report = score(our_rules(), trace(R"(
- exec: {pid: 1, path: /usr/bin/cat, argv: [cat]}
- open: {pid: 1, call: openat, path: /home/dev/.aws/credentials, flags: 0}
)"));
  EXPECT_EQ(titles(report), "Honeytoken read\n");
  EXPECT_NE(report.verdict, Verdict::malicious);
}

// The sinkhole faces the guest: what it says is held against what was planted.
TEST(Tokens, OneThatWasNeverPlantedCannotBeSent) {
  Report report = score(our_rules(), trace(R"(
- token: {call: sent, path: "aws_key:/nowhere", path2: plain, app: https, proto: tcp, dst_addr: 198.18.0.9, dst_port: 443}
- token: {call: eaten, path: "npm:/home/dev/.npmrc", app: https, proto: tcp, dst_addr: 198.18.0.9, dst_port: 443}
)"));
  EXPECT_EQ(render(report), "");
  EXPECT_EQ(titles(report), "");
}

// The finder looks at bytes before anybody knows what they are.
TEST(Tokens, SentBeforeTheProtocolIsKnownWaitForIt) {
  std::string token = R"(
- exec: {pid: 1, path: /usr/bin/curl, argv: [curl]}
- connect: {pid: 1, fd: 5, proto: tcp, dst_addr: 198.18.0.9, dst_port: 443}
- token: {call: sent, path: "npm:/home/dev/.npmrc", path2: hex, name: a.test, proto: tcp, src_addr: 10.1.1.2, src_port: 4000, dst_addr: 198.18.0.9, dst_port: 443}
)";
  std::string session =
      "- session: {app: https, proto: tcp, src_addr: 10.1.1.2, src_port: 4000, dst_addr: 198.18.0.9, "
      "dst_port: 443}\n";
  std::string other =
      "- session: {app: irc, proto: tcp, src_addr: 10.1.1.2, src_port: 4001, dst_addr: 198.18.0.9, dst_port: "
      "443}\n";
  Report report = score(our_rules(), trace(token + other + session));
  EXPECT_EQ(render(report), "npm /home/dev/.npmrc, sent to a.test:443 https hex by 1\n");
  EXPECT_EQ(titles(report), "Exfiltration proved: honeytoken sent out over HTTP\n");
  report = score(our_rules(), trace(token + other));
  EXPECT_EQ(titles(report), "Exfiltration proved: honeytoken sent over another protocol\n");
}

TEST(Tokens, SentFromTwoProcessesToOneHostNameEach) {
  Report report = score(our_rules(), trace(R"(
- clone: {pid: 1, child_pid: 7, child_tid: 7}
- exec: {pid: 7, path: /usr/bin/curl, argv: [curl]}
- clone: {pid: 1, child_pid: 8, child_tid: 8}
- exec: {pid: 8, path: /usr/bin/wget, argv: [wget]}
- connect: {pid: 7, fd: 5, proto: tcp, dst_addr: 198.18.0.9, dst_port: 80}
- flow_start: {proto: tcp, src_addr: 10.1.1.2, src_port: 4000, dst_addr: 198.18.0.9, dst_port: 80}
- connect: {pid: 8, fd: 5, proto: tcp, dst_addr: 198.18.0.9, dst_port: 80}
- flow_start: {proto: tcp, src_addr: 10.1.1.2, src_port: 4001, dst_addr: 198.18.0.9, dst_port: 80}
- token: {call: sent, path: "npm:/home/dev/.npmrc", path2: hex, app: http, name: a.test, proto: tcp, src_addr: 10.1.1.2, src_port: 4000, dst_addr: 198.18.0.9, dst_port: 80}
- token: {call: sent, path: "npm:/home/dev/.npmrc", path2: url, app: http, name: a.test, proto: tcp, src_addr: 10.1.1.2, src_port: 4001, dst_addr: 198.18.0.9, dst_port: 80}
)"));
  EXPECT_EQ(render(report),
            "npm /home/dev/.npmrc, sent to a.test:80 http hex by 7, sent to a.test:80 http url by 8\n");
}

}  // namespace
}  // namespace assay::testing
