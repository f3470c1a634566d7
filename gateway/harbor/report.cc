// Entry by entry. Harbor keeps an entry once for all images that it scans, by id, package and version: so the
// version is the image's digest, and what is said of one image is never shown of another.
#include "gateway/harbor/report.h"

#include <set>

#include "common/text.h"
#include "common/version.h"
#include "gateway/harbor/severity.h"
#include "scheduler/export/json_text.h"
#include "scheduler/score/attack.h"

namespace assay::gateway::harbor {
namespace {

constexpr size_t kMaxEntries = 1000;
constexpr size_t kMaxDescription = 4000, kMaxLine = 500, kMaxName = 200;
constexpr size_t kVersionLength = 19;  // "sha256:" and 12 digits

std::string line(std::string_view text, size_t most = kMaxLine) { return still_printable(text, most); }

Json artifact_json(const Artifact& artifact) {
  Json out = {{"repository", line(artifact.repository)}, {"digest", line(artifact.digest)}};
  if (!artifact.tag.empty()) out["tag"] = line(artifact.tag);
  if (!artifact.mime_type.empty()) out["mime_type"] = line(artifact.mime_type);
  return out;
}

// "T1496.001" is at .../T1496/001.
std::string attack_url(std::string_view technique) {
  std::string path(canonical_technique(technique));
  if (size_t dot = path.find('.'); dot != std::string::npos) path[dot] = '/';
  return "https://attack.mitre.org/techniques/" + path + "/";
}

// The program that did it; the image where that is not known.
std::string subject(const Report& report, const Finding& finding, const Artifact& artifact) {
  if (!finding.evidence.empty())
    for (auto at = report.processes.rbegin(); at != report.processes.rend(); ++at)
      if (at->pid == finding.evidence.front().pid && at->start_ns <= finding.evidence.front().time_ns &&
          !at->path.empty())
        return line(at->path, kMaxName);
  return line(artifact.repository, kMaxName);
}

Json entry(std::string id, std::string package, const Artifact& artifact, std::string_view severity,
           std::string description) {
  return {{"id", std::move(id)},
          {"package", std::move(package)},
          {"version", artifact.digest.substr(0, kVersionLength)},
          {"fix_version", ""},
          {"severity", severity},
          {"description", std::move(description)},
          {"links", Json::array()}};
}

Json finding_entry(const Report& report, const Finding& finding, const Artifact& artifact) {
  std::string description = line(finding.title) + ": " + line(finding.description, kMaxDescription);
  Json evidence = Json::array();
  for (const Evidence& one : finding.evidence) evidence.push_back(line(one.text));
  if (!evidence.empty()) description += " Seen: " + evidence[0].get<std::string>();
  Json out = entry(line(finding.rule_id, kMaxName), subject(report, finding, artifact), artifact,
                   severity_of_level(finding.level), std::move(description));
  Json techniques = Json::array();
  for (const Technique& technique : finding.techniques) {
    techniques.push_back(line(technique.id, kMaxName));
    if (find_technique(technique.id) != nullptr) out["links"].push_back(attack_url(technique.id));
  }
  out["vendor_attributes"] = {{"verdict", to_string(report.verdict)},
                              {"score", report.score},
                              {"points", finding.points},
                              {"category", line(finding.category, kMaxName)},
                              {"level", line(finding.level, kMaxName)},
                              {"techniques", std::move(techniques)},
                              {"count", finding.count},
                              {"evidence", std::move(evidence)},
                              {"layer", line(finding.layer)},
                              {"scan_id", line(report.header.scan_id, kMaxName)}};
  return out;
}

std::string verdict_text(const Report& report) {
  std::string out = "Assay ran the image and judges it " + std::string(to_string(report.verdict)) +
                    ", with a score of " + std::to_string(report.score) + " of 100.";
  if (report.verdict != Verdict::inconclusive) return out;
  out += " It could not tell that the image is clean:";
  for (const std::string& reason : report.completeness.reasons) out += " " + line(reason) + ";";
  if (!report.shortfall.empty()) out += " " + line(report.shortfall) + ";";
  out.pop_back();
  return out.substr(0, kMaxDescription) + ".";
}

Json verdict_entry(const Report& report, const Artifact& artifact, std::string_view severity) {
  std::string id = std::string("ASSAY-") + (report.verdict == Verdict::malicious    ? "MALICIOUS"
                                            : report.verdict == Verdict::suspicious ? "SUSPICIOUS"
                                                                                    : "INCONCLUSIVE");
  Json out =
      entry(std::move(id), line(artifact.repository, kMaxName), artifact, severity, verdict_text(report));
  out["vendor_attributes"] = {{"verdict", to_string(report.verdict)},
                              {"score", report.score},
                              {"scan_id", line(report.header.scan_id, kMaxName)},
                              {"rules", line(report.rules_version, kMaxName)}};
  return out;
}

}  // namespace

std::string vulnerability_report(const Report& report, const Artifact& artifact,
                                 std::string_view inconclusive, int64_t generated_ns) {
  std::string_view severity = severity_of(report.verdict, inconclusive);
  Json entries = Json::array();
  if (report.verdict != Verdict::clean) {
    entries.push_back(verdict_entry(report, artifact, severity));
    // Harbor takes the whole report for wrong where one comes twice.
    std::set<std::pair<std::string, std::string>> seen;
    for (const Finding& finding : report.findings) {
      if (entries.size() == kMaxEntries) break;
      Json one = finding_entry(report, finding, artifact);
      if (severity_rank(one["severity"].get<std::string>()) > severity_rank(severity))
        severity = severity_of_level(finding.level);
      if (seen.emplace(one["id"].get<std::string>(), one["package"].get<std::string>()).second)
        entries.push_back(std::move(one));
    }
  }
  return json_text({{"generated_at", utc_text(generated_ns)},
                    {"artifact", artifact_json(artifact)},
                    {"scanner", {{"name", "Assay"}, {"vendor", "Assay"}, {"version", kVersion}}},
                    {"severity", severity},
                    {"vulnerabilities", std::move(entries)}});
}

}  // namespace assay::gateway::harbor
