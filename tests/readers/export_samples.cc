// export-samples DIR: every form of every trace in tests/traces, and of a hostile report, as
// DIR/NAME.EXTENSION, and the report itself as DIR/NAME.json, for readers that are not ours
// (tests/run/exports_test.sh). What docs/policies/strict.yml says of them all is DIR/decisions.EXTENSION.
#include <filesystem>
#include <fstream>
#include <iostream>

#include "common/digest.h"
#include "decisions/decision_forms.h"
#include "scheduler/evaluate.h"
#include "scheduler/export/export.h"
#include "scheduler/score/rules.h"

namespace {

using namespace assay;
namespace fs = std::filesystem;

const fs::path kSource = ASSAY_SOURCE_DIR;

// Whatever an image can choose, as bad as it can be: markup, escapes of terminals, marks that turn text
// around, bytes that are no text, formulas, links of SARIF, 10 kB. As it comes from the store, since nothing
// else is exported.
Result<Report> hostile_report() {
  const std::string kBad =
      "=cmd|' /C "
      "calc'!A0<script>alert(1)</script>\x1b[31m\u202e\u200b\u3164\xff\xfe[x](http://y){0}\"'\r\n;=1+1,\\x41";
  const std::string kLong = kBad + std::string(10'000, 'A');
  Report report;
  report.verdict = Verdict::malicious;
  report.score = 99;
  report.header.scan_id = "20261130T000000-0badc0de";
  report.header.job.ref = "-evil.example/" + kBad + ":1";
  report.header.start_time_ns = 1'796'004'574'236'190'159;
  report.header.image.layers = {{"sha256:x", kBad, 1, kLong}};
  Finding finding;
  finding.rule_id = "11111111-2222-5333-8444-555555555555";
  finding.title = "Hostile text" + kBad;
  finding.description = kLong;
  finding.level = "critical";
  finding.category = kBad;
  finding.weight = 0.9;
  finding.techniques = {{"T1105", "command-and-control"}, {"T1059.004", "execution"}};
  finding.evidence = {{1, 5, 2, kLong}, {2, -1, 0, "dns A =1.evil.example /tmp/" + kBad}};
  finding.ancestry = {kBad, kLong};
  finding.layer = kBad + ", " + kLong;
  report.findings = {finding};
  report.dns_names = {"-1.evil.example", kBad + ".evil.example", kLong, "EVIL.example", "\xd7\x90.example"};
  NetworkPeer peer;
  peer.proto = "tcp";
  peer.addr = "203.0.113.7";
  peer.port = 80;
  peer.name = "-1.evil.example";
  peer.app = "http" + kBad;
  peer.first_data = kLong;
  peer.requests = {{kBad, "/" + kBad, kLong}, {"GET", "/" + kLong, ""}};
  report.network = {peer};
  report.output = kLong;
  for (const std::string& path : {"/tmp/" + kBad, "/tmp/" + kLong}) {
    FileChange file;
    file.path = path;
    file.origin = "dropped";
    file.file_type = "elf";
    file.size_bytes = 4;
    file.executed = true;
    file.sha256 = Digest::of(path).hex();
    file.matches = {kBad};
    file.mime = "application/x-executable";
    file.written_by = {3, kBad, kLong};
    report.files.push_back(file);
  }
  Process process;
  process.pid = 2;
  process.path = kBad;
  process.argv = {kBad, kLong};
  process.sha256 = Digest::of(kBad).hex();
  process.origin = "memfd";
  report.processes = {process};
  report.completeness.complete = false;
  report.completeness.reasons = {kLong};
  return parse_report(report_json(report));
}

Status write(const fs::path& path, const std::string& bytes) {
  std::ofstream out(path, std::ios::binary);
  out << bytes;
  return out.flush() ? Status() : Error{Errc::io, path.string() + " cannot be written"};
}

Status write_forms(const fs::path& dir, const std::string& name, const Report& report) {
  ASSAY_CHECK(write(dir / (name + ".json"), report_json(report)));
  for (const ExportForm& form : export_forms())
    ASSAY_CHECK(write(dir / (name + "." + std::string(form.extension)), form.write(report)));
  return Status();
}

// Each image, and one without a result; one waiver holds and one has lapsed.
Status write_decisions(const fs::path& dir, const std::vector<Report>& reports) {
  using namespace decisions;
  constexpr int64_t kNow = 1'796'040'000;
  ASSAY_TRY(Policy policy, read_policy((kSource / "docs/policies/strict.yml").string()));
  policy.waivers = {{"domain", "", {"*miner*"}, "Ann", "laboratory", kNow + 86400},
                    {"domain", "", {"*dropper*"}, "Ann", "laboratory", kNow - 86400}};
  std::vector<Decision> all;
  for (const Report& report : reports) all.push_back(decide(policy, report, kNow));
  all.push_back(decide_unscanned(policy, reports.back().header.job.ref, reports.back().output, kNow));
  for (const DecisionForm& form : decision_forms())
    ASSAY_CHECK(write(dir / ("decisions." + std::string(form.extension)), form.write(all)));
  return Status();
}

Status write_all(const fs::path& dir) {
  std::vector<Report> reports;
  ASSAY_TRY(RuleSet rules, RuleSet::load(kSource / "rules"));
  for (const auto& entry : fs::directory_iterator(kSource / "tests/traces")) {
    if (entry.path().extension() != ".trace") continue;
    ASSAY_TRY(Report report, evaluate_file(entry.path().string(), rules));
    ASSAY_CHECK(write_forms(dir, entry.path().stem().string(), report));
    reports.push_back(std::move(report));
  }
  ASSAY_TRY(Report hostile, hostile_report());
  reports.push_back(hostile);
  ASSAY_CHECK(write_decisions(dir, reports));
  return write_forms(dir, "hostile", hostile);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::cerr << "usage: export-samples DIR\n";
    return 2;
  }
  Status written = write_all(argv[1]);
  if (!written) std::cerr << "export-samples: " << written.error().what << "\n";
  return written ? 0 : 1;
}
