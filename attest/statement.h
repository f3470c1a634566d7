// statement: what an attestation says: an in-toto Statement v1 (github.com/in-toto/attestation, spec/v1/
// statement.md) about one image, with the predicate "test result" v0.1 (spec/predicates/test-result.md) and
// all that Assay knows beyond it in an extension field, `assayVerdict` ("assay.verdict/1",
// docs/attestation.md). Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/result.h"
#include "decisions/decide.h"
#include "scheduler/score/report.h"

namespace assay::attest {

inline constexpr const char* kStatementType = "https://in-toto.io/Statement/v1";
inline constexpr const char* kTestResultType = "https://in-toto.io/attestation/test-result/v0.1";
inline constexpr const char* kVerdictSchema = "assay.verdict/1";

/// What is told of a report, and by whom.
struct Attesting {
  std::string subject;                            // "registry.example/team/app", without a tag
  std::string report;                             // as stored: its digest goes along
  std::string url;                                // where a farm serves it; may be empty
  const decisions::Decision* decision = nullptr;  // borrowed; none: the verdict speaks
  int64_t finished_s = 0;                         // when the scan ended (Unix time; 0: not known)
  int64_t now_s = 0;
};

/// The statement as JSON, one line. Its subject is the manifest that was run. With a decision the result is
/// the policy's (pass PASSED, warn WARNED, fail FAILED), else the verdict's: clean PASSED, suspicious WARNED,
/// malicious and inconclusive FAILED. Errc::invalid: the report names no digest.
Result<std::string> statement_json(const Report& report, const Attesting& how);

enum class TestResult : uint8_t { passed, warned, failed };
const char* to_string(TestResult result);  // "PASSED"

/// As far as a verifier wants it. `says_verdict`: it is one of ours; else what follows is empty.
struct Statement {
  std::string predicate_type;
  std::vector<std::string> digests;  // of its subjects that have a sha256: "sha256:HEX"
  bool says_verdict = false;
  TestResult result = TestResult::failed;
  Verdict verdict = Verdict::inconclusive;
  int score = 0;
  std::string scan_id, rules, persona, policy, policy_sha256, report_sha256;
  int64_t started_s = 0, attested_s = 0;  // of the scan; of the signature
  bool complete = false;
  std::vector<std::string> failed_tests, warned_tests;

  bool about(const std::string& digest) const;
};
/// Errc::corrupt or limit: it is no Statement, or calls itself one of ours and lacks what these have.
Result<Statement> parse_statement(std::string_view json, const std::string& name);

}  // namespace assay::attest
