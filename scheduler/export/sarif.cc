// SARIF 2.1.0 (OASIS; sections in brackets are its): one run a report, one result a finding. What a code host
// can show of it is in docs/exports.md.
#include <algorithm>

#include "common/digest.h"
#include "common/text.h"
#include "scheduler/export/export.h"
#include "scheduler/export/sarif_parts.h"

namespace assay {
namespace {

using sarif::message;

Json image_location(const Report& report) {
  return {{"artifactLocation", {{"uri", sarif::image_uri(report.header.job.ref)}, {"index", 0}}},
          {"region", {{"startLine", 1}}}};
}

std::string utc_after_start(const Report& report, int64_t ns) {
  return utc_text(report.header.start_time_ns + std::clamp<int64_t>(ns, 0, int64_t{1} << 50));
}

// A process by its last command line, a layer by its diffID.
Json logical_locations(const Finding& finding) {
  Json out = Json::array();
  if (!finding.ancestry.empty()) {
    std::string chain;
    for (const std::string& command : finding.ancestry) chain += (chain.empty() ? "" : " > ") + command;
    out.push_back({{"name", finding.ancestry.back()}, {"fullyQualifiedName", chain}, {"kind", "process"}});
  }
  if (!finding.layer.empty())
    out.push_back({{"name", finding.layer.substr(0, finding.layer.find(','))},
                   {"fullyQualifiedName", finding.layer},
                   {"kind", "layer"}});
  return out;
}

Json location(const Report& report, std::string_view text) {
  return {{"physicalLocation", image_location(report)}, {"message", message(text)}};
}

// [3.36] From the container's first process to the one that did it, each a level deeper; then what it did.
Json code_flow(const Report& report, const Finding& finding) {
  Json steps = Json::array();
  for (size_t i = 0; i < finding.ancestry.size(); ++i)
    steps.push_back({{"location", location(report, finding.ancestry[i])},
                     {"nestingLevel", i},
                     {"kinds", {"process"}},
                     {"importance", "unimportant"}});
  for (const Evidence& evidence : finding.evidence)
    steps.push_back(
        {{"location", location(report, evidence.text)},
         {"nestingLevel", finding.ancestry.size()},
         {"kinds", {"event"}},
         {"importance", "essential"},
         {"executionTimeUtc", utc_after_start(report, evidence.time_ns)},
         {"properties", {{"event", evidence.event}, {"timeNs", evidence.time_ns}, {"pid", evidence.pid}}}});
  return {{"threadFlows", {{{"locations", std::move(steps)}}}}};
}

// The same for the same rule and image in every scan: by these, code hosts know a result again.
Json fingerprints(const Report& report, const Finding& finding) {
  std::string hash = Digest::of(finding.rule_id + "\n" + sarif::image_uri(report.header.job.ref)).hex();
  return {{"assay/v1", hash}, {"primaryLocationLineHash", hash.substr(0, 16) + ":1"}};
}

std::string told(const Finding& finding) {
  std::string out = finding.title + ".";
  if (!finding.evidence.empty()) out += " Seen: " + finding.evidence[0].text;
  if (finding.count > 1) out += " (" + std::to_string(finding.count) + " events)";
  return out;
}

Json result(const Report& report, const sarif::Rules& rules, const Finding& finding) {
  Json where = {{"physicalLocation", image_location(report)}};
  if (Json logical = logical_locations(finding); !logical.empty())
    where["logicalLocations"] = std::move(logical);
  Json out = {{"ruleId", finding.rule_id},
              {"ruleIndex", rules.index_of(finding.rule_id)},
              {"kind", "fail"},
              {"level", sarif::level_of(finding.level)},
              {"rank", finding.weight * 100},
              {"message", message(told(finding))},
              {"locations", {std::move(where)}}};
  if (!finding.evidence.empty()) out["codeFlows"] = {code_flow(report, finding)};
  out["occurrenceCount"] = std::max<uint64_t>(finding.count, 1);
  out["partialFingerprints"] = fingerprints(report, finding);
  out["taxa"] = rules.taxa_of(finding);
  out["properties"] = {{"weight", finding.weight},     {"counted", finding.counted},
                       {"points", finding.points},     {"contribution", finding.contribution},
                       {"proof", finding.proof},       {"count", finding.count},
                       {"category", finding.category}, {"sigmaLevel", finding.level}};
  return out;
}

Json notification(const char* id, const char* level, const std::string& text) {
  return {{"descriptor", {{"id", id}}}, {"level", level}, {"message", message(text)}};
}

Json invocation(const Report& report) {
  int64_t lasted = 0;
  for (const PhaseTime& phase : report.footer.phases)
    lasted += std::clamp<int64_t>(phase.duration_ns, 0, 1LL << 45);
  Json notices = Json::array();
  for (const std::string& cause : report.completeness.reasons)
    notices.push_back(notification("incomplete", "warning", cause));
  if (!report.shortfall.empty()) notices.push_back(notification("shortfall", "warning", report.shortfall));
  bool ran = report.footer.reason != EndReason::start_failed && report.footer.reason != EndReason::cancelled;
  if (!ran)
    notices.push_back(notification("shortfall", "error", "The run ended so: " + report.footer.detail));
  return {{"executionSuccessful", ran},
          {"startTimeUtc", utc_text(report.header.start_time_ns)},
          {"endTimeUtc", utc_after_start(report, lasted)},
          {"toolExecutionNotifications", std::move(notices)},
          {"properties",
           {{"end", to_string(report.footer.reason)},
            {"exitStatus", report.footer.exit_status},
            {"lostEvents", report.completeness.lost}}}};
}

Json run(const Report& report) {
  sarif::Rules rules(report);
  Json results = Json::array();
  for (const Finding& finding : report.findings) results.push_back(result(report, rules, finding));
  const TraceHeader& header = report.header;
  return {
      {"tool", {{"driver", rules.driver()}}},
      {"taxonomies", rules.taxonomies()},
      {"automationDetails",
       {{"id", "assay/" + sarif::image_uri(report.header.job.ref) + "/" + header.scan_id},
        {"description", message("Run of " + header.job.ref + ": " + to_string(report.verdict) + ", score " +
                                std::to_string(report.score) + " of 100")}}},
      {"invocations", {invocation(report)}},
      {"originalUriBaseIds", {{"GUEST", {{"description", {{"text", "The container's root directory"}}}}}}},
      {"artifacts", sarif::artifacts(report)},
      {"results", std::move(results)},
      {"columnKind", "utf16CodeUnits"},
      {"properties",
       {{"verdict", to_string(report.verdict)},
        {"score", report.score},
        {"scanId", header.scan_id},
        {"image", header.job.ref},
        {"imageDigest", header.image.digest},
        {"rulesVersion", report.rules_version},
        {"complete", report.completeness.complete}}}};
}

}  // namespace

std::string sarif_reports(std::span<const Report> reports) {
  Json runs = Json::array();
  for (const Report& report : reports) runs.push_back(run(report));
  return json_text({{"$schema", sarif::kSchema}, {"version", "2.1.0"}, {"runs", std::move(runs)}});
}

std::string sarif_report(const Report& report) { return sarif_reports({&report, 1}); }

}  // namespace assay
