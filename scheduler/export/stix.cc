// A STIX 2.1 bundle of one report: what was seen, what was made of it, and a report that ties it together.
#include <algorithm>
#include <map>

#include "common/text.h"
#include "common/version.h"
#include "scheduler/export/export.h"
#include "scheduler/export/json_text.h"
#include "scheduler/export/scan_times.h"
#include "scheduler/export/stix_graph.h"
#include "scheduler/export/stix_observed.h"
#include "scheduler/score/attack.h"

namespace assay {
namespace {

using stix::Graph;

constexpr size_t kMaxFindings = 200, kMaxIndicators = 1000, kMaxText = 2000;
// What is in all bundles was made when its source was: ATT&CK 18, and this identity.
constexpr const char* kAttackReleased = "2025-10-28T00:00:00.000Z";
constexpr const char* kIdentityCreated = "2026-01-01T00:00:00.000Z";

struct Parts {
  const Report& report;
  Graph& graph;
  ScanTimes times;
  stix::Observed observed;
  std::string data, analysis, malware;
  std::map<std::string, std::string> techniques;  // attack-patterns by technique id
  uint64_t left_out = 0;
};

const char* result(Verdict verdict) {
  switch (verdict) {
    case Verdict::malicious:
      return "malicious";
    case Verdict::suspicious:
      return "suspicious";
    case Verdict::clean:
      return "benign";
    case Verdict::inconclusive:
      break;
  }
  return "unknown";
}

// Of malware-type-ov, by what our findings are called.
Json malware_types(const Report& report) {
  constexpr std::pair<std::string_view, const char*> kTypes[] = {
      {"miner", "resource-exploitation"}, {"dropper", "dropper"},     {"ransom", "ransomware"},
      {"remote_shell", "backdoor"},       {"destruction", "wiper"},   {"denial_of_service", "ddos"},
      {"exfiltration", "spyware"},        {"credentials", "spyware"}, {"payload", "downloader"},
      {"container_escape", "exploit-kit"}};
  Json out = Json::array();
  for (const auto& [category, type] : kTypes)
    for (const Finding& finding : report.findings)
      if (finding.category == category && std::find(out.begin(), out.end(), type) == out.end())
        out.push_back(type);
  if (out.empty()) out.push_back("unknown");
  return out;
}

std::string mitre_url(std::string id) {
  std::replace(id.begin(), id.end(), '.', '/');
  return "https://attack.mitre.org/techniques/" + id + "/";
}

// Nothing for what has not the form of a technique's id.
std::string attack_pattern(Parts& parts, const Technique& technique) {
  auto found = parts.techniques.find(technique.id);
  if (found != parts.techniques.end()) return found->second;
  std::string_view name = technique_name(technique.id);
  if (name.empty()) return "";
  const AttackTechnique* known = find_technique(technique.id);
  Json phases = Json::array();
  for (std::string_view left = known->tactics; !left.empty();) {
    auto tactic = left.substr(0, left.find(','));
    left.remove_prefix(std::min(left.size(), tactic.size() + 1));
    phases.push_back({{"kill_chain_name", "mitre-attack"}, {"phase_name", tactic}});
  }
  std::string id = parts.graph.add_common("attack-pattern", technique.id, kAttackReleased,
                                          {{"name", name},
                                           {"kill_chain_phases", phases},
                                           {"external_references",
                                            {{{"source_name", "mitre-attack"},
                                              {"external_id", technique.id},
                                              {"url", mitre_url(technique.id)}}}}});
  parts.techniques[technique.id] = id;
  return id;
}

void add_observed(Parts& parts, const std::vector<Indicator>& indicators) {
  parts.observed = stix::observe(parts.report, indicators, parts.graph);
  parts.left_out += parts.observed.left_out;
  parts.data = parts.graph.add("observed-data", "run",
                               {{"first_observed", utc_text(parts.times.start_ns)},
                                {"last_observed", utc_text(parts.times.end_ns)},
                                {"number_observed", 1},
                                {"object_refs", parts.graph.observables()}});
}

void add_analysis(Parts& parts) {
  const Report& report = parts.report;
  auto version = [](const std::string& text) {
    return text.empty() ? "unknown" : still_printable(text, 200);
  };
  Json analysis{{"product", "assay"},
                {"version", version(report.header.tracer_version)},
                {"analysis_engine_version", version(report.header.runtime_version)},
                {"analysis_definition_version", version(report.rules_version)},
                {"submitted", utc_text(parts.times.start_ns)},
                {"analysis_started", utc_text(parts.times.start_ns)},
                {"analysis_ended", utc_text(parts.times.end_ns)},
                {"result", result(report.verdict)},
                {"result_name", "score " + std::to_string(report.score)},
                {"host_vm_ref", parts.observed.sandbox},
                {"analysis_sco_refs", parts.graph.observables()}};
  if (!parts.observed.image.empty()) analysis["sample_ref"] = parts.observed.image;
  parts.analysis = parts.graph.add("malware-analysis", "run", std::move(analysis));
}

// Only of a malicious verdict: what is merely suspicious is not called malware.
void add_malware(Parts& parts) {
  if (parts.report.verdict != Verdict::malicious) return;
  Json malware{{"name", still_printable(parts.report.header.job.ref, 1024)},
               {"is_family", false},
               {"malware_types", malware_types(parts.report)},
               {"first_seen", utc_text(parts.times.start_ns)}};
  if (!parts.observed.image.empty()) malware["sample_refs"] = {parts.observed.image};
  parts.malware = parts.graph.add("malware", "image", std::move(malware));
  parts.graph.relate(parts.analysis, "dynamic-analysis-of", parts.malware);
}

void add_finding(Parts& parts, const Finding& finding, size_t number) {
  Json refs = Json::array({parts.analysis});
  for (const Technique& technique : finding.techniques) {
    std::string id = attack_pattern(parts, technique);
    if (id.empty()) continue;
    if (std::find(refs.begin(), refs.end(), id) == refs.end()) refs.push_back(id);
    if (!parts.malware.empty()) parts.graph.relate(parts.malware, "uses", id);
  }
  std::string content = still_printable(finding.description, kMaxText);
  for (const Evidence& evidence : finding.evidence)
    content += (content.empty() ? "" : " | ") +
               (evidence.event != 0 ? "event " + std::to_string(evidence.event) + ": " : "") +
               still_printable(evidence.text, kMaxText);
  if (content.empty()) content = still_printable(finding.title, kMaxText);
  parts.graph.add(
      "note", "finding " + std::to_string(number) + " " + finding.rule_id,
      {{"abstract", still_printable(finding.level, 40) + ": " + still_printable(finding.title, 500)},
       {"content", content},
       {"object_refs", refs}});
}

std::string pattern(const Indicator& one) {
  std::string value = stix::quoted(one.value);
  switch (one.kind) {
    case Indicator::Kind::domain:
      return "[domain-name:value = " + value + "]";
    case Indicator::Kind::ipv4:
      return "[ipv4-addr:value = " + value + "]";
    case Indicator::Kind::ipv6:
      return "[ipv6-addr:value = " + value + "]";
    case Indicator::Kind::url:
      return "[url:value = " + value + "]";
    case Indicator::Kind::file:
      break;
  }
  return "[file:hashes.'SHA-256' = " + value + "]";
}

// Or else it is the image's own.
bool was_dropped(const Report& report, const std::string& sha256) {
  return std::any_of(report.files.begin(), report.files.end(), [&](const FileChange& file) {
    return file.sha256 == sha256 && file.origin == "dropped";
  });
}

void add_indicator(Parts& parts, const Indicator& one) {
  std::string observable = stix::observe(one, parts.graph);
  if (observable.empty()) return;
  bool malicious = parts.report.verdict == Verdict::malicious;
  std::string shown = one.kind == Indicator::Kind::file && !one.path.empty() ? one.path : one.value;
  Json indicator{{"name", std::string(to_string(one.kind)) + " " + still_printable(shown, 500)},
                 {"indicator_types", {malicious ? "malicious-activity" : "anomalous-activity"}},
                 {"pattern", pattern(one)},
                 {"pattern_type", "stix"},
                 {"pattern_version", "2.1"},
                 {"valid_from", utc_text(parts.times.start_ns)},
                 {"confidence", std::clamp(parts.report.score, 0, 100)}};
  if (!one.context.empty()) indicator["description"] = still_printable(one.context, kMaxText);
  std::string id =
      parts.graph.add("indicator", std::string(to_string(one.kind)) + " " + one.value, std::move(indicator));
  parts.graph.relate(id, "based-on", parts.data);
  if (!parts.malware.empty()) {
    parts.graph.relate(id, "indicates", parts.malware);
    if (one.kind != Indicator::Kind::file)
      parts.graph.relate(parts.malware, "communicates-with", observable);
    else if (was_dropped(parts.report, one.value))
      parts.graph.relate(parts.malware, "drops", observable);
  }
  for (const Technique& technique : one.techniques)
    if (std::string to = attack_pattern(parts, technique); !to.empty())
      parts.graph.relate(id, "indicates", to);
}

// What the bundle does not say, or the scan did not see.
void add_limits(Parts& parts) {
  std::string content;
  auto tell = [&](const std::string& text) { content += (content.empty() ? "" : " | ") + text; };
  for (const std::string& reason : parts.report.completeness.reasons)
    tell("Not complete: " + still_printable(reason, 500));
  if (!parts.report.shortfall.empty()) tell("Says little: " + still_printable(parts.report.shortfall, 500));
  if (parts.left_out > 0)
    tell("Left out of this bundle, beyond its bounds or in no form that STIX has: " +
         std::to_string(parts.left_out));
  if (content.empty()) return;
  parts.graph.add("note", "limits",
                  {{"abstract", "What this analysis does not cover"},
                   {"content", content},
                   {"object_refs", {parts.analysis}}});
}

void add_report(Parts& parts) {
  const Report& report = parts.report;
  std::string refs = report.verdict == Verdict::malicious ? "malware" : "observed-data";
  parts.graph.add("report", "report",
                  {{"name", "Assay: " + still_printable(report.header.job.ref, 1024)},
                   {"description", "Scan " + still_printable(report.header.scan_id, 64) + " of image " +
                                       still_printable(report.header.image.digest, 100) + ": " +
                                       to_string(report.verdict) + ", score " + std::to_string(report.score) +
                                       ", " + std::to_string(report.findings.size()) + " findings"},
                   {"report_types", {refs}},
                   {"published", utc_text(parts.times.end_ns)},
                   {"object_refs", parts.graph.ids()}});
}

}  // namespace

std::string stix_bundle(const Report& report) {
  ScanTimes times = scan_times(report);
  Graph graph(report.header.scan_id, utc_text(times.end_ns));
  Parts parts{report, graph, times, {}, "", "", "", {}, 0};
  graph.add_marking();
  graph.add_common("identity", "assay", kIdentityCreated,
                   {{"name", "Assay"},
                    {"description", "Runs container images and reports what they did"},
                    {"identity_class", "system"}});
  std::vector<Indicator> indicators = indicators_of(report);
  add_observed(parts, indicators);
  add_analysis(parts);
  add_malware(parts);
  for (size_t i = 0; i < std::min(report.findings.size(), kMaxFindings); ++i)
    add_finding(parts, report.findings[i], i);
  parts.left_out += report.findings.size() - std::min(report.findings.size(), kMaxFindings);
  size_t count = 0;
  for (const Indicator& one : indicators) {
    if (!one.suspicious) continue;
    if (++count <= kMaxIndicators)
      add_indicator(parts, one);
    else
      ++parts.left_out;
  }
  add_limits(parts);
  add_report(parts);
  return json_text(std::move(graph).bundle());
}

}  // namespace assay
