// What the tests of attestations share: a report, and envelopes around what is said of it.
#pragma once

#include <string>

#include "attest/bundle.h"
#include "attest/judge.h"
#include "attest/signing_key.h"
#include "attest/statement.h"
#include "common/digest.h"

namespace assay::attest {

inline constexpr int64_t kNow_s = 1'796'000'000;  // 2026-11-30T00:53:20Z

inline Report report_of(const std::string& digest, Verdict verdict) {
  Report report;
  report.verdict = verdict;
  report.score = verdict == Verdict::malicious ? 88 : 5;
  report.rules_version = std::string(64, 'e');
  report.header.scan_id = "20261129T210000-0badc0de";
  report.header.job.ref = "registry.example/team/app:1.0";
  report.header.image.digest = digest;
  report.header.image.architecture = "amd64";
  report.header.image.os = "linux";
  report.header.start_time_ns = (kNow_s - 600) * 1'000'000'000;
  report.header.tracer_version = "0.9";
  report.header.runtime_version = "runsc-20240729.0";
  report.completeness.complete = true;
  report.footer.coverage = {100, 40, 50};
  if (verdict != Verdict::malicious) return report;
  Finding finding;
  finding.rule_id = "11111111-2222-5333-8444-555555555555";
  finding.title = "Miner started";
  finding.level = "critical";
  finding.category = "miner";
  finding.techniques = {{"T1496", "impact"}};
  finding.count = 3;
  finding.layer = "sha256:aa RUN x";
  report.findings = {finding};
  return report;
}

/// A bundle, signed by `key`.
inline std::string bundle_of(const SigningKey& key, const std::string& payload,
                             const std::string& type = kInTotoPayload) {
  Envelope envelope{type, payload, {}};
  envelope.signatures.push_back(
      {key.public_key()->id(), *key.sign(pre_authentication(envelope.payload_type, payload))});
  return bundle_json(envelope, key.public_key()->hint());
}

inline std::string attestation_of(const SigningKey& key, const Report& report, int64_t now_s = kNow_s) {
  return bundle_of(key, *statement_json(report, {.subject = "registry.example/team/app",
                                                 .report = "{}",
                                                 .url = "",
                                                 .decision = nullptr,
                                                 .finished_s = now_s - 60,
                                                 .now_s = now_s}));
}

}  // namespace assay::attest
