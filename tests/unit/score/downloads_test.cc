// Downloads: who fetched what, who ran it, what stayed; and that none of it is guessed.
#include <gtest/gtest.h>

#include "case_reader.h"

namespace assay::testing {
namespace {

const std::string kMarker = "0123456789abcdef0123456789abcdef";

std::string canary(const std::string& url, const std::string& marker, int port,
                   const std::string& sha = "c0ffee", const std::string& kind = "shell") {
  return "- canary: {path: '" + url + "', file_type: " + kind + ", sha256: " + sha +
         ", size_bytes: 9, data: '" + marker +
         "', proto: tcp, src_addr: 10.1.1.2, src_port: " + std::to_string(port) +
         ", dst_addr: 198.18.0.9, dst_port: 443}\n";
}

std::string word(int pid, const std::string& marker) {
  return "- open: {pid: " + std::to_string(pid) + ", call: openat, path: /var/lib/misc/." + marker +
         ", error: 2, result: -1}\n";
}

std::string process(int pid, const std::string& path) {
  return "- clone: {pid: 1, child_pid: " + std::to_string(pid) + ", child_tid: " + std::to_string(pid) +
         "}\n- exec: {pid: " + std::to_string(pid) + ", path: " + path + ", argv: [x]}\n";
}

std::string connects(int pid) {
  return "- connect: {pid: " + std::to_string(pid) +
         ", fd: 5, proto: tcp, dst_addr: 198.18.0.9, dst_port: 443}\n";
}

std::string flow(int port) {
  return "- flow_start: {proto: tcp, src_addr: 10.1.1.2, src_port: " + std::to_string(port) +
         ", dst_addr: 198.18.0.9, dst_port: 443}\n";
}

std::string render(const Report& report) {
  std::string out;
  for (const auto& d : report.downloads)
    out += std::string(to_string(d.status)) + " " + d.url + " fetched by " +
           std::to_string(d.fetched_by.pid) + " " + d.fetched_by.image +
           (d.run_by.pid != 0 ? ", run by " + std::to_string(d.run_by.pid) + " " + d.run_by.image : "") +
           (d.stored_at.empty() ? "" : ", at " + d.stored_at) + "\n";
  return out;
}

TEST(Downloads, NameBothProcessesOfAPipe) {
  Report report = score(our_rules(), trace(process(7, "/usr/bin/curl") + connects(7) +
                                           canary("https://a.test/x.sh", kMarker, 4000) +
                                           process(9, "/bin/sh") + word(9, kMarker)));
  EXPECT_EQ(render(report), "run https://a.test/x.sh fetched by 7 /usr/bin/curl, run by 9 /bin/sh\n");
  ASSERT_FALSE(report.findings.empty());
  EXPECT_EQ(report.findings[0].title, "Downloaded shell script run");
  EXPECT_EQ(report.findings[0].evidence.at(0).text,
            "fetched from https://a.test/x.sh by curl (pid 7), run by sh (pid 9)");
  EXPECT_EQ(report.verdict, Verdict::malicious);
}

TEST(Downloads, OneThatIsOnlyStoredIsNotRun) {
  Report report = score(our_rules(), trace(process(7, "/usr/bin/wget") + connects(7) +
                                           canary("https://a.test/x.sh", kMarker, 4000) +
                                           "- file: {path: /tmp/x, origin: dropped, sha256: c0ffee}\n"));
  EXPECT_EQ(render(report), "stored https://a.test/x.sh fetched by 7 /usr/bin/wget, at /tmp/x\n");
  EXPECT_EQ(report.verdict, Verdict::clean) << titles(report);
}

TEST(Downloads, TwoFetchersOfOneHostAreToldApartByTheirPorts) {
  std::string other = "f" + kMarker.substr(1);
  // Both connect before either is answered, and the second is answered first.
  Report report = score(our_rules(), trace(process(7, "/usr/bin/curl") + process(8, "/usr/bin/wget") +
                                           flow(4000) + connects(7) + flow(4001) + connects(8) +
                                           canary("https://a.test/two", other, 4001, "c2") +
                                           canary("https://a.test/one", kMarker, 4000, "c1")));
  EXPECT_EQ(render(report),
            "answered https://a.test/two fetched by 8 /usr/bin/wget\n"
            "answered https://a.test/one fetched by 7 /usr/bin/curl\n");
}

TEST(Downloads, AMarkerOfNoAnswerProvesNothing) {
  Report report = score(our_rules(), trace(process(9, "/bin/sh") + word(9, kMarker)));
  EXPECT_EQ(render(report), "");
  EXPECT_EQ(titles(report), "");
}

TEST(Downloads, OpeningACanaryPathForWritingIsTheImagesOwnDoing) {
  Report report = score(our_rules(), trace(process(9, "/bin/sh") + canary("https://a.test/x", kMarker, 4000) +
                                           "- open: {pid: 9, call: openat, path: /var/lib/misc/." + kMarker +
                                           ", flags: 577}\n"));
  EXPECT_EQ(render(report), "answered https://a.test/x fetched by 0 \n");
}

TEST(Downloads, ExecutionByDigestAndByWordIsOneRun) {
  Report report = score(our_rules(),
                        trace(process(7, "/usr/bin/wget") + connects(7) +
                              canary("https://a.test/p", kMarker, 4000, "c0ffee", "elf") +
                              "- clone: {pid: 1, child_pid: 9, child_tid: 9}\n"
                              "- exec: {pid: 9, path: /tmp/p, argv: [p], origin: dropped, sha256: c0ffee}\n" +
                              word(9, kMarker)));
  EXPECT_EQ(render(report), "run https://a.test/p fetched by 7 /usr/bin/wget, run by 9 /tmp/p\n");
  for (const auto& finding : report.findings)
    EXPECT_TRUE(finding.title != "Downloaded program run" || finding.count == 1);
}

TEST(Downloads, AreBounded) {
  std::vector<Event> events = trace(process(7, "/usr/bin/curl"));
  for (int i = 0; i < 1500; ++i) {
    Event e = trace(canary("https://a.test/" + std::to_string(i), "", 4000, ""))[1];
    events.push_back(e);
  }
  for (size_t i = 0; i < events.size(); ++i) events[i].seq = i + 1;
  Report report = score(our_rules(), events);
  EXPECT_EQ(report.downloads.size(), 1000u);
  EXPECT_EQ(report.downloads_left_out, 500u);
}

TEST(Downloads, HostileUrlsStayOneLine) {
  auto events = trace(process(7, "/usr/bin/curl") + connects(7) + canary("https://a.test/", kMarker, 4000) +
                      process(9, "/bin/sh") + word(9, kMarker));
  for (auto& event : events)
    if (event.kind == EventKind::canary)
      event.path = "https://a\x1b[2J/\nMALICIOUS\x9b" + std::string(9000, 'x');
  Report report = score(our_rules(), events);
  std::string json = report_json(report);
  auto back = parse_report(json);
  ASSERT_TRUE(back);
  EXPECT_EQ(report_json(*back), json);
  for (const std::string& text : {json, report_text(report, {}), report_text(*back, {})})
    for (char c : text) EXPECT_TRUE(static_cast<uint8_t>(c) >= 0x20 || c == '\n');
  EXPECT_LT(report.downloads.at(0).url.size(), 9000u);
  EXPECT_EQ(report_text(report, {}), report_text(*back, {}));
}

}  // namespace
}  // namespace assay::testing
