// Reports for the tests of STIX and MISP: one of a small miner, one with everything hostile in it.
#pragma once

#include <string>

#include "scheduler/score/report.h"

namespace assay::test {

inline Report small_report() {
  Report report;
  report.header.scan_id = "20261130T020850-383a84bf";
  report.header.job.ref = "registry.example/app:1";
  report.header.image.digest = "sha256:" + std::string(64, 'd');
  report.header.start_time_ns = 1'796'004'530'123'456'789;
  report.header.tracer_version = "0.1.0";
  report.header.runtime_version = "runsc version 0.0~20240729.0";
  report.header.guest_addr = "172.17.0.2";
  report.footer.phases = {{"pull", 1'000'000'000}, {"run", 8'000'000'000}};
  report.rules_version = std::string(64, 'e');
  report.verdict = Verdict::malicious;
  report.score = 97;
  report.dns_names = {"pool.example.com"};
  report.processes.resize(2);
  report.processes[0].pid = 1;
  report.processes[0].path = "/bin/sh";
  report.processes[0].argv = {"/bin/sh", "-c", "miner"};
  report.processes[0].sha256 = std::string(64, 'a');
  report.processes[0].origin = "image";
  report.processes[1].pid = 7;
  report.processes[1].parent = 1;
  report.processes[1].start_ns = 5'000'000;
  report.processes[1].path = "/tmp/miner";
  report.processes[1].argv = {"/tmp/miner"};
  report.processes[1].sha256 = std::string(64, 'b');
  report.processes[1].origin = "dropped";
  NetworkPeer peer;
  peer.proto = "tcp";
  peer.addr = "203.0.113.9";
  peer.name = "pool.example.com";
  peer.port = 4444;
  peer.flows = 1;
  peer.bytes_out = 990;
  peer.bytes_in = 903;
  peer.app = "stratum";
  report.network = {peer};
  FileChange file;
  file.path = "/tmp/miner";
  file.origin = "dropped";
  file.file_type = "elf";
  file.sha256 = std::string(64, 'b');
  file.size_bytes = 4711;
  file.executed = true;
  file.mime = "application/x-executable";
  report.files = {file};
  Finding finding;
  finding.rule_id = "miner";
  finding.title = "Speaks to a mining pool";
  finding.description = "Stratum is what miners speak.";
  finding.level = "critical";
  finding.category = "miner";
  finding.techniques = {{"T1496.001", "impact"}};
  finding.weight = 0.95;
  finding.count = 1;
  Evidence evidence;
  evidence.event = 35;
  evidence.pid = 7;
  evidence.text = "session tcp pool.example.com:4444 stratum";
  finding.evidence = {evidence};
  report.findings = {finding};
  return report;
}

/// Strings as a report holds them cannot carry what is here; an export must not depend on that.
inline Report hostile_report() {
  Report report = small_report();
  std::string evil = "a'b\\c\"d\0e\xff\xfe\x1b[31m\xe2\x80\xae<script>\n=1+1";
  evil += std::string("\0", 1) + std::string(10'000, 'X');
  report.header.job.ref = evil;
  report.header.image.digest = evil;
  report.header.start_time_ns = INT64_MAX;
  report.footer.phases = {{"run", INT64_MAX}, {"run", INT64_MIN}};
  report.header.guest_addr = "no address";
  report.dns_names.push_back(evil);
  report.dns_names.push_back("x'y.example.com");
  report.processes[0].path = evil;
  report.processes[0].argv = {evil, evil};
  report.processes[0].start_ns = INT64_MIN;
  report.processes[1].parent = report.processes[1].pid;
  NetworkPeer peer;
  peer.proto = "tcp";
  peer.addr = evil;
  peer.name = evil;
  peer.port = 99'999;
  report.network.push_back(peer);
  peer.addr = "203.0.113.10";
  peer.port = 80;
  peer.app = "http";
  peer.requests = {{"G'ET", "/a'b\\\\c", ""}, {evil, evil, evil}};
  peer.bytes_out = UINT64_MAX;
  report.network.push_back(peer);
  Download download;
  download.url = "http://203.0.113.10/it's";
  download.status = DownloadStatus::run;
  report.downloads = {download};
  report.files.push_back(report.files[0]);
  report.files.back().path = evil;
  report.files.back().sha256 = std::string(64, 'c');
  report.files.back().size_bytes = UINT64_MAX;
  report.files.push_back(report.files[0]);
  report.files.back().sha256 = evil;
  report.findings[0].title = evil;
  report.findings[0].evidence[0].text = evil + " 203.0.113.10";
  report.findings[0].techniques.push_back({evil, evil});
  report.findings[0].techniques.push_back({"T9999", "impact"});
  report.completeness.reasons = {evil};
  return report;
}

}  // namespace assay::test
