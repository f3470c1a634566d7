// A layer for MITRE's ATT&CK Navigator, format 4.5: each technique that findings show, under its tactic.
#include <algorithm>
#include <cmath>
#include <map>
#include <utility>
#include <vector>

#include "scheduler/export/export.h"
#include "scheduler/export/json_text.h"
#include "scheduler/score/attack.h"

namespace assay {
namespace {

constexpr size_t kMaxTitles = 10;

struct Cell {
  Technique technique;
  std::vector<const Finding*> findings;  // heaviest first, as the report has them
};

// In the order of their ids.
std::vector<Cell> cells_of(const Report& report) {
  std::map<std::pair<std::string, std::string>, Cell> cells;
  for (const Finding& finding : report.findings)
    for (const Technique& technique : finding.techniques) {
      std::string tactic(canonical_tactic(technique.tactic));
      Cell& cell = cells[{technique.id, tactic}];
      cell.technique = {technique.id, tactic};
      if (cell.findings.empty() || cell.findings.back() != &finding) cell.findings.push_back(&finding);
    }
  std::vector<Cell> out;
  for (auto& [key, cell] : cells) out.push_back(std::move(cell));
  return out;
}

Json pair_of(const char* name, const std::string& value) { return {{"name", name}, {"value", value}}; }

// The score is the heaviest finding's weight in percent: points would make nothing of a technique that
// another finding had shown already.
Json technique(const Cell& cell) {
  std::string comment;
  size_t named = std::min(cell.findings.size(), kMaxTitles);
  for (size_t i = 0; i < named; ++i) comment += (i == 0 ? "" : "; ") + cell.findings[i]->title;
  if (cell.findings.size() > named)
    comment += "; and " + std::to_string(cell.findings.size() - named) + " more";
  int points = 0;
  uint64_t events = 0;
  bool proof = false;
  for (const Finding* finding : cell.findings) {
    points += finding->points;
    events += finding->count;
    proof = proof || finding->proof;
  }
  Json metadata = {pair_of("findings", std::to_string(cell.findings.size())),
                   pair_of("points", std::to_string(points)), pair_of("events", std::to_string(events))};
  if (proof) metadata.push_back(pair_of("proof", "yes"));
  return {{"techniqueID", cell.technique.id},
          {"tactic", cell.technique.tactic},
          {"score", std::lround(cell.findings[0]->weight * 100)},
          {"comment", comment},
          {"enabled", true},
          {"metadata", std::move(metadata)},
          {"showSubtechniques", false}};
}

// A technique is shown opened where one below it has a cell.
void open_parents(Json& techniques) {
  std::vector<Json> missing;
  for (const Json& cell : techniques) {
    std::string id = cell["techniqueID"], parent = id.substr(0, id.find('.'));
    if (parent == id) continue;
    auto same = [&](const Json& other) {
      return other["techniqueID"] == parent && other["tactic"] == cell["tactic"];
    };
    auto found = std::find_if(techniques.begin(), techniques.end(), same);
    if (found != techniques.end())
      (*found)["showSubtechniques"] = true;
    else if (std::none_of(missing.begin(), missing.end(), same))
      missing.push_back({{"techniqueID", parent}, {"tactic", cell["tactic"]}, {"showSubtechniques", true}});
  }
  for (Json& one : missing) techniques.push_back(std::move(one));
}

Json metadata_of(const Report& report) {
  return {pair_of("image", report.header.job.ref),
          pair_of("digest", report.header.image.digest),
          pair_of("scan", report.header.scan_id),
          pair_of("scanned", utc_text(report.header.start_time_ns)),
          pair_of("verdict", to_string(report.verdict)),
          pair_of("score", std::to_string(report.score) + " of 100"),
          pair_of("rules", report.rules_version),
          pair_of("complete", report.completeness.complete ? "yes" : "no")};
}

}  // namespace

std::string navigator_layer(const Report& report) {
  Json techniques = Json::array();
  for (const Cell& cell : cells_of(report)) techniques.push_back(technique(cell));
  open_parents(techniques);
  return json_text(
      {{"name", "Assay: " + report.header.job.ref},
       {"versions", {{"attack", kAttackVersion}, {"navigator", "5.2.0"}, {"layer", "4.5"}}},
       {"domain", "enterprise-attack"},
       {"description", "What Assay saw " + report.header.job.ref + " do: " + to_string(report.verdict) +
                           ", score " + std::to_string(report.score) +
                           " of 100. A technique's score is the weight of its heaviest finding, in percent."},
       {"filters", {{"platforms", {"Linux", "Containers"}}}},
       {"sorting", 3},
       {"layout",
        {{"layout", "side"}, {"showID", true}, {"showName", true}, {"expandedSubtechniques", "annotated"}}},
       {"hideDisabled", false},
       {"techniques", std::move(techniques)},
       {"gradient", {{"colors", {"#fff4c2", "#ff9f40", "#c4161c"}}, {"minValue", 0}, {"maxValue", 100}}},
       {"legendItems",
        {{{"label", "weak sign"}, {"color", "#fff4c2"}},
         {{"label", "alone suspicious"}, {"color", "#ff9f40"}},
         {{"label", "alone malicious, or proof"}, {"color", "#c4161c"}}}},
       {"metadata", metadata_of(report)}});
}

}  // namespace assay
