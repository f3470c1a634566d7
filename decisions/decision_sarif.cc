// Decisions as SARIF 2.1.0 (OASIS; sections in brackets are its): a run an image, a rule a check, a result a
// reason. What is waived is a suppressed result [3.35].
#include <map>

#include "common/digest.h"
#include "common/text.h"
#include "common/version.h"
#include "decisions/form_parts.h"
#include "scheduler/export/json_text.h"
#include "scheduler/export/sarif_parts.h"

namespace assay::decisions {
namespace {

using sarif::message;

constexpr int64_t kSecond = 1'000'000'000;

std::string rule_id(const Check& check) { return "policy/" + check.name; }

// "PolicyDomain".
std::string rule_name(const Check& check) {
  std::string name = check.name;
  if (!name.empty() && name[0] >= 'a' && name[0] <= 'z') name[0] = static_cast<char>(name[0] - 'a' + 'A');
  return "Policy" + name;
}

Json rule(const Decision& decision, const Check& check) {
  Json text = message("The policy " + decision.policy + " asks of an image, by the check " + check.name +
                      ": " + (check.asked.empty() ? "see its file" : check.asked) + ".");
  return {{"id", rule_id(check)},
          {"name", rule_name(check)},
          {"shortDescription", text},
          {"fullDescription", text},
          {"help", text},
          {"defaultConfiguration", {{"level", "error"}}},
          {"properties",
           {{"tags", {"security", "policy"}}, {"precision", "high"}, {"security-severity", "8.0"}}}};
}

// By these, code hosts know a result again: the same for the same image, check, subject and finding.
Json fingerprints(const Decision& decision, const Reason& reason) {
  std::string hash = Digest::of(reason.check + "\n" + reason.subject + "\n" + reason.rule_id + "\n" +
                                sarif::image_uri(decision.ref))
                         .hex();
  return {{"assayPolicy/v1", hash}, {"primaryLocationLineHash", hash.substr(0, 16) + ":1"}};
}

Json result(const Decision& decision, const Check& check, size_t index, const Reason& reason) {
  Json where = {{"physicalLocation",
                 {{"artifactLocation", {{"uri", sarif::image_uri(decision.ref)}, {"index", 0}}},
                  {"region", {{"startLine", 1}}}}}};
  if (!reason.layer.empty())
    where["logicalLocations"] = {{{"name", reason.layer.substr(0, reason.layer.find(','))},
                                  {"fullyQualifiedName", reason.layer},
                                  {"kind", "layer"}}};
  Json out = {{"ruleId", rule_id(check)},
              {"ruleIndex", index},
              {"kind", "fail"},
              {"level", reason.outcome == Outcome::fail ? "error" : "warning"},
              {"message", message(told(reason))},
              {"locations", {std::move(where)}},
              {"partialFingerprints", fingerprints(decision, reason)},
              {"taxa", Json::array()}};
  if (reason.waived)
    out["suppressions"] = {{{"kind", "external"},
                            {"status", "accepted"},
                            {"justification", still_printable(waiver_text(*reason.waived, false))}}};
  out["properties"] = {{"subject", reason.subject},
                       {"findingRule", reason.rule_id},
                       {"findingTitle", reason.rule_title},
                       {"techniques", reason.techniques}};
  return out;
}

Json run(const Decision& decision) {
  std::vector<Check> more;
  Json rules = Json::array(), results = Json::array();
  for (const CheckResult& one : results_of(decision, more)) {
    for (const auto* reasons : {&one.fails, &one.warns, &one.waived})
      for (const Reason* reason : *reasons)
        results.push_back(result(decision, *one.check, rules.size(), *reason));
    rules.push_back(rule(decision, *one.check));
  }
  Json image = {{"location", {{"uri", sarif::image_uri(decision.ref)}, {"index", 0}}},
                {"description", message(decision.ref)},
                {"roles", {"analysisTarget"}}};
  if (decision.digest.starts_with("sha256:")) image["hashes"] = {{"sha-256", decision.digest.substr(7)}};
  return {{"tool",
           {{"driver",
             {{"name", "Assay"},
              {"version", kVersion},
              {"semanticVersion", kVersion},
              {"rules", std::move(rules)}}}}},
          {"automationDetails",
           {{"id", "assay-policy/" + sarif::image_uri(decision.ref) + "/" + decision.policy},
            {"description", message("Policy " + decision.policy + " on " + decision.ref + ": " +
                                    to_string(decision.outcome) + ", " + counts_text(decision))}}},
          {"invocations",
           {{{"executionSuccessful", !decision.verdict.empty()},
             {"endTimeUtc", utc_text(decision.decided_s * kSecond)}}}},
          {"artifacts", {std::move(image)}},
          {"results", std::move(results)},
          {"columnKind", "utf16CodeUnits"},
          {"properties",
           {{"outcome", to_string(decision.outcome)},
            {"policy", decision.policy},
            {"policySha256", decision.policy_sha256},
            {"scanId", decision.scan_id},
            {"image", decision.ref},
            {"imageDigest", decision.digest},
            {"verdict", decision.verdict},
            {"score", decision.score}}}};
}

}  // namespace

std::string decisions_sarif(std::span<const Decision> decisions) {
  Json runs = Json::array();
  for (const Decision& decision : decisions) runs.push_back(run(decision));
  return json_text({{"$schema", sarif::kSchema}, {"version", "2.1.0"}, {"runs", std::move(runs)}});
}

}  // namespace assay::decisions
