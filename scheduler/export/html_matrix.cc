// The ATT&CK matrix, of the tactics that were hit: a column each, in the order of an attack; in it the
// techniques that findings name. The others are counted.
#include <algorithm>
#include <map>
#include <span>

#include "scheduler/export/html_parts.h"
#include "scheduler/export/html_sections.h"
#include "scheduler/score/attack.h"
#include "scheduler/score/attack_table.h"
#include "scheduler/score/text_layout.h"

namespace assay::html {
namespace {

struct Tactic {
  const char *id, *name;
};
// As ATT&CK's matrix for containers and Linux orders them.
constexpr Tactic kTactics[] = {
    {"reconnaissance", "Reconnaissance"},
    {"resource-development", "Resource Development"},
    {"initial-access", "Initial Access"},
    {"execution", "Execution"},
    {"persistence", "Persistence"},
    {"privilege-escalation", "Privilege Escalation"},
    {"defense-evasion", "Defense Evasion"},
    {"credential-access", "Credential Access"},
    {"discovery", "Discovery"},
    {"lateral-movement", "Lateral Movement"},
    {"collection", "Collection"},
    {"command-and-control", "Command and Control"},
    {"exfiltration", "Exfiltration"},
    {"impact", "Impact"},
};
constexpr Bound kTechniques{100, 32 << 10};  // of a tactic: more than any has
constexpr const char* kLevels[] = {"informational", "low", "medium", "high", "critical"};

size_t rank(const std::string& level) {
  for (size_t i = 0; i < std::size(kLevels); ++i)
    if (level == kLevels[i]) return i;
  return 0;
}

struct Hit {
  size_t findings = 0, level = 0;
  size_t first = 0;  // index of the heaviest finding that names it
};
using Hits = std::map<std::string, Hit>;  // by technique

Hits hits_of(const Report& r, std::string_view tactic) {
  Hits out;
  for (size_t i = 0; i < r.findings.size(); ++i)
    for (const Technique& technique : r.findings[i].techniques) {
      if (canonical_tactic(technique.tactic) != tactic) continue;
      auto [hit, fresh] = out.try_emplace(technique.id);
      if (fresh) hit->second.first = i;
      ++hit->second.findings;
      hit->second.level = std::max(hit->second.level, rank(r.findings[i].level));
    }
  return out;
}

size_t known_of(std::string_view tactic) {
  auto table = attack_table();
  return static_cast<size_t>(std::count_if(
      table.begin(), table.end(), [&](const AttackTechnique& one) { return belongs_to(one, tactic); }));
}

void write_tactic(Writer& html, const Report& r, const Tactic& tactic, const Hits& hits) {
  Element column = html.in("div", {{"class", "tactic"}});
  {
    Element title = html.in("h3");
    html.text(tactic.name);
    html.put("small", std::to_string(hits.size()) + " of " +
                          std::to_string(std::max(hits.size(), known_of(tactic.id))) + " techniques");
  }
  Element list = html.in("ul");
  shown_of(html, hits, kTechniques, [&](const auto& one) {
    const auto& [id, hit] = one;
    Element item = html.in("li", {{"class", kLevels[hit.level]}});
    Element link = html.in("a", {{"href", "#" + finding_id(r, r.findings[hit.first])}});
    {
      Element code = html.in("code");
      html.theirs(id, 40);
    }
    html.text(" " + std::string(technique_name(id)));
    if (hit.findings > 1) html.put("small", " " + layout::plural(hit.findings, "finding"));
  });
}

}  // namespace

void write_matrix(Writer& html, const Report& r) {
  Element part = section(html, "attack", "ATT&CK");
  html.put(
      "p",
      "Techniques of MITRE ATT&CK that findings name, under the tactics that they serve, in the colour of "
      "their heaviest finding.",
      {{"class", "hint"}});
  size_t untouched = 0;
  {
    Element matrix = html.in("div", {{"class", "matrix"}});
    for (const Tactic& tactic : kTactics) {
      Hits hits = hits_of(r, tactic.id);
      if (hits.empty())
        ++untouched;
      else
        write_tactic(html, r, tactic, hits);
    }
  }
  html.put("p", "Nothing was seen of the other " + layout::plural(untouched, "tactic") + ".",
           {{"class", "cut"}});
}

}  // namespace assay::html
