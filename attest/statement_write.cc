// A report as a statement. What came from an image is printable, and bounded: a statement is for whoever
// decides, and names the report for whoever wants to know all.
#include <algorithm>

#include "attest/statement.h"
#include "common/digest.h"
#include "common/text.h"
#include "scheduler/export/json_text.h"

namespace assay::attest {
namespace {

using Out = nlohmann::ordered_json;

constexpr size_t kMaxFindings = 200, kMaxReasons = 200, kMaxTests = 400, kMaxLines = 50;
constexpr size_t kMaxTextBytes = 500;
constexpr int64_t kNs = 1'000'000'000;

std::string shown(std::string_view text) { return still_printable(text, kMaxTextBytes); }

TestResult result_of(const Report& report, const decisions::Decision* decision) {
  if (decision) {
    if (decision->outcome == decisions::Outcome::pass) return TestResult::passed;
    return decision->outcome == decisions::Outcome::warn ? TestResult::warned : TestResult::failed;
  }
  if (report.verdict == Verdict::clean) return TestResult::passed;
  return report.verdict == Verdict::suspicious ? TestResult::warned : TestResult::failed;
}

const char* outcome_word(decisions::Outcome outcome) {
  switch (outcome) {
    case decisions::Outcome::pass:
      return "pass";
    case decisions::Outcome::warn:
      return "warn";
    default:
      return "fail";
  }
}

// "domain: pool.example"; each once, in order.
void add_test(Out& list, const std::string& name) {
  std::string test = shown(name);
  if (list.size() < kMaxTests && std::find(list.begin(), list.end(), Out(test)) == list.end())
    list.push_back(test);
}

// What was tested: the verdict, that nothing was lost, and whatever the policy has complained of.
void add_tests(Out& predicate, const Report& report, const Attesting& how, TestResult result) {
  Out passed = Out::array(), warned = Out::array(), failed = Out::array();
  auto list_of = [&](TestResult of) -> Out& {
    return of == TestResult::passed ? passed : of == TestResult::warned ? warned : failed;
  };
  add_test(list_of(result_of(report, nullptr)), "verdict");
  add_test(report.completeness.complete ? passed : warned, "completeness");
  if (how.decision) {
    add_test(list_of(result), "policy " + how.decision->policy);
    for (const decisions::Reason& reason : how.decision->reasons) {
      bool counts = !reason.waived && reason.outcome == decisions::Outcome::fail;
      add_test(counts ? failed : warned, reason.check + ": " + reason.subject);
    }
  }
  // A verdict that a policy lets pass fails no test: `failedTests` is empty where the result is no failure.
  if (result != TestResult::failed)
    for (const Out& name : failed) add_test(warned, name.get<std::string>());
  predicate["passedTests"] = passed;
  predicate["warnedTests"] = warned;
  predicate["failedTests"] = result == TestResult::failed ? failed : Out::array();
}

Out configuration(const Report& report, const decisions::Decision* decision) {
  Out out = Out::array();
  out.push_back({{"name", "assay detection rules"}, {"digest", {{"sha256", shown(report.rules_version)}}}});
  if (decision && !decision->policy_sha256.empty())
    out.push_back(
        {{"name", "policy " + shown(decision->policy)}, {"digest", {{"sha256", decision->policy_sha256}}}});
  return out;
}

Out findings_of(const Report& report) {
  Out out = Out::array();
  for (const Finding& finding : report.findings) {
    if (out.size() == kMaxFindings) break;
    Out techniques = Out::array();
    for (const Technique& technique : finding.techniques) techniques.push_back(shown(technique.id));
    out.push_back({{"ruleId", shown(finding.rule_id)},
                   {"title", shown(finding.title)},
                   {"level", shown(finding.level)},
                   {"category", shown(finding.category)},
                   {"techniques", std::move(techniques)},
                   {"count", finding.count},
                   {"layer", shown(finding.layer)}});
  }
  return out;
}

Out policy_of(const decisions::Decision& decision) {
  Out reasons = Out::array();
  for (const decisions::Reason& reason : decision.reasons) {
    if (reasons.size() == kMaxReasons) break;
    Out one = {{"outcome", outcome_word(reason.outcome)},
               {"check", shown(reason.check)},
               {"subject", shown(reason.subject)},
               {"text", shown(reason.text)}};
    if (reason.waived) {
      one["waivedBy"] = shown(reason.waived->owner);
      one["waivedBecause"] = shown(reason.waived->reason);
      one["waivedUntil"] = utc_text(reason.waived->expires_s * kNs);
    }
    reasons.push_back(std::move(one));
  }
  return {{"name", shown(decision.policy)},
          {"sha256", decision.policy_sha256},
          {"outcome", outcome_word(decision.outcome)},
          {"decidedOn", utc_text(decision.decided_s * kNs)},
          {"reasonsLeftOut", decision.reasons.size() - reasons.size()},
          {"reasons", std::move(reasons)}};
}

Out scan_of(const Report& report, const Attesting& how) {
  const TraceHeader& header = report.header;
  Out out = {{"id", header.scan_id},
             {"ref", shown(header.job.ref)},
             {"startedOn", utc_text(header.start_time_ns)},
             {"durationMs", header.job.duration.count()},
             {"network", to_string(header.job.network)},
             {"persona", to_string(header.job.persona)},
             {"provoked", header.job.provoke},
             {"architecture", shown(header.image.architecture)},
             {"os", shown(header.image.os)}};
  if (!header.image.index_digest.empty()) out["indexDigest"] = shown(header.image.index_digest);
  if (how.finished_s > 0) out["finishedOn"] = utc_text(how.finished_s * kNs);
  return out;
}

Out verdict_of(const Report& report, const Attesting& how) {
  Out reasons = Out::array();
  for (const std::string& reason : report.completeness.reasons)
    if (reasons.size() < kMaxLines) reasons.push_back(shown(reason));
  const Coverage& coverage = report.footer.coverage;
  Out findings = findings_of(report);
  Out out = {{"schema", kVerdictSchema},
             {"verdict", to_string(report.verdict)},
             {"score", report.score},
             {"attestedOn", utc_text(how.now_s * kNs)},
             {"scan", scan_of(report, how)},
             {"tracer", shown(report.header.tracer_version)},
             {"runtime", shown(report.header.runtime_version)},
             {"rules", shown(report.rules_version)},
             {"reportSha256", Digest::of(how.report).hex()},
             {"completeness", {{"complete", report.completeness.complete}, {"reasons", std::move(reasons)}}},
             {"coverage",
              {{"executables", coverage.executables},
               {"ran", coverage.ran},
               {"ranByItself", coverage.ran_by_itself}}},
             {"shortfall", shown(report.shortfall)},
             {"findingsLeftOut", report.findings.size() - findings.size()},
             {"findings", std::move(findings)}};
  if (how.decision) out["policy"] = policy_of(*how.decision);
  return out;
}

}  // namespace

Result<std::string> statement_json(const Report& report, const Attesting& how) {
  auto digest = Digest::parse(report.header.image.digest);
  if (!digest)
    return Error{Errc::invalid, "scan " + report.header.scan_id +
                                    " does not say which manifest it ran: there is nothing to attest of"};
  TestResult result = result_of(report, how.decision);
  Out predicate = {{"result", to_string(result)}, {"configuration", configuration(report, how.decision)}};
  if (!how.url.empty()) predicate["url"] = how.url;
  add_tests(predicate, report, how, result);
  predicate["assayVerdict"] = verdict_of(report, how);
  Out statement = {
      {"_type", kStatementType},
      {"subject", Out::array({{{"name", how.subject}, {"digest", {{"sha256", digest->hex()}}}}})},
      {"predicateType", kTestResultType},
      {"predicate", std::move(predicate)}};
  return statement.dump(-1, ' ', false, Out::error_handler_t::replace);
}

}  // namespace assay::attest
