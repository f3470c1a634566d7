// What the tests of assay gate share: policies, and reports with a verdict.
#pragma once

#include <string>

#include "common/digest.h"
#include "decisions/policy.h"
#include "scheduler/score/report.h"

namespace assay::cli {

inline const std::string kDigest = "sha256:" + std::string(64, '4');

inline std::string policy_text(const std::string& rest) {
  return "schema: assay.policy/1\nname: production\n" + rest;
}
inline const std::string kNoMiners = policy_text("fail: {verdict: malicious, categories: [miner]}\n");

/// The report of a scan of `ref`; a malicious one has a miner's finding.
inline std::string gate_report(const std::string& ref, Verdict verdict,
                               const std::string& scan_id = "20261120T000000-000000aa") {
  Report report;
  report.header.scan_id = scan_id;
  report.header.job.ref = ref;
  report.header.image.digest = kDigest;
  report.header.start_time_ns = 1'795'000'000'000'000'000;
  report.verdict = verdict;
  if (verdict == Verdict::malicious) {
    Finding finding;
    finding.rule_id = "5a76c1f0-0000-4000-8000-000000000001";
    finding.title = "Talks to a mining pool";
    finding.level = "critical";
    finding.category = "miner";
    finding.techniques = {{"T1496.001", "impact"}};
    finding.weight = 0.95;
    finding.counted = 0.95;
    finding.points = 95;
    report.findings = {finding};
    report.score = 95;
  }
  return report_json(report);
}

}  // namespace assay::cli
