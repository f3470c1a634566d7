// What the score is made of, and the findings: what each means, what shows it, who did it.
#include <algorithm>

#include "scheduler/export/html_parts.h"
#include "scheduler/export/html_sections.h"
#include "scheduler/score/attack.h"
#include "scheduler/score/layers.h"
#include "scheduler/score/text_layout.h"

namespace assay::html {
namespace {

constexpr Bound kScoreRows{200, 128 << 10}, kFindings{kMaxFindings, 640 << 10};
constexpr size_t kDescriptionBytes = 4096, kAncestors = 24, kOpenRows = 5;

// A weight of 0.9 as "90%".
std::string weight_words(double weight) {
  std::string out = percent(weight, 1);
  out.pop_back();
  out.erase(out.find_last_not_of('0') + 1);
  if (out.ends_with('.')) out.pop_back();
  return out + "%";
}

std::string signed_words(const char* sign, int points) {
  return points > 0 ? sign + std::to_string(points) : "0";
}

void score_row(Writer& html, Table& table, const Report& r, const Finding& finding) {
  Element row = table.row();
  {
    Element cell = table.cell("", "wide");
    finding_link(html, r, finding);
  }
  {
    Element cell = table.cell("", "short");
    level_badge(html, finding.level);
    if (finding.proof) mark(html, "quiet", "proof");
  }
  auto number = [&](const char* head, const std::string& words) {
    Element cell = table.cell(head, "number");
    html.text(words);
  };
  number("Weight", weight_words(finding.weight));
  number("Counted", weight_words(finding.counted));
  number("Points", signed_words("+", finding.points));
  number("Without it", signed_words("−", finding.contribution));
}

void techniques(Writer& html, const Finding& finding) {
  if (finding.techniques.empty()) return;
  Element list = html.in("ul", {{"class", "techniques"}, {"aria-label", "ATT&CK techniques"}});
  for (const Technique& technique : finding.techniques) {
    Element item = html.in("li");
    Element id = html.in("code");
    html.theirs(technique.id, 40);
    std::string name(technique_name(technique.id));
    if (!name.empty()) html.text(" " + name);
    if (!technique.tactic.empty())
      html.put("span", " " + layout::fit(technique.tactic, kMarkColumns), {{"class", "dim"}});
  }
}

void evidence(Writer& html, const Finding& finding) {
  if (finding.evidence.empty()) return;
  size_t shown = 0;
  {
    Table table(html, "Evidence", {"Event", "Time", "Process", "What was seen"}, "quiet");
    for (const Evidence& item : finding.evidence) {
      Element row = table.row();
      ++shown;
      auto own = [&](const char* head, const std::string& words) {
        Element cell = table.cell(head, "number");
        html.text(words);
      };
      own("", item.event != 0 ? "#" + std::to_string(item.event) : "—");
      own("", item.time_ns != 0 ? layout::seconds_text(item.time_ns) : "—");
      own("", item.pid != 0 ? "pid " + std::to_string(item.pid) : "—");
      Element cell = table.cell("", "wide");
      html.code(item.text, 2048);
    }
  }
  if (finding.count > shown)
    html.put("p", "… in " + layout::plural(finding.count, "event") + " altogether.", {{"class", "cut"}});
}

// From the container's first process down to the one that did it.
void ancestry(Writer& html, const Finding& finding) {
  if (finding.ancestry.empty()) return;
  Element list = html.in("ol", {{"class", "ancestry"}, {"aria-label", "Who did it"}});
  size_t from = finding.ancestry.size() > kAncestors ? finding.ancestry.size() - kAncestors : 0;
  if (from > 0) html.put("li", layout::plural(from, "more process") + " above", {{"class", "cut"}});
  for (size_t i = from; i < finding.ancestry.size(); ++i) {
    Element item = html.in("li");
    html.code(finding.ancestry[i]);
  }
}

void origin(Writer& html, const Report& r, const Finding& finding) {
  Element line = html.in("p", {{"class", "origin"}});
  if (!finding.layer.empty()) {
    html.text("from ").theirs(layer_for_people(r.header.image.layers, finding.layer));
    html.text(" · ");
  }
  html.text("rule ").code(finding.rule_id, 100);
  if (!finding.category.empty()) html.text(" · ").theirs(finding.category, 60);
}

// What added nothing to the score is there to be unfolded.
bool is_minor(const Finding& finding) {
  return finding.points <= 0 && finding.contribution <= 0 && !finding.proof;
}

void write_finding(Writer& html, const Report& r, const Finding& finding) {
  Element card = html.in("article", {{"class", std::string("finding ") + level_class(finding.level)},
                                     {"id", finding_id(r, finding)}});
  {
    Element title = html.in("h3");
    level_badge(html, finding.level);
    html.theirs(finding.title, 300);
    int points = finding.points > 0 ? finding.points : finding.contribution;
    html.put("span", points > 0 ? "+" + layout::plural(static_cast<uint64_t>(points), "point") : "",
             {{"class", "points"}});
  }
  {
    Element what = html.in("p", {{"class", "what"}});
    html.theirs(finding.description, kDescriptionBytes);
  }
  auto shown = [&] {
    techniques(html, finding);
    evidence(html, finding);
    ancestry(html, finding);
    origin(html, r, finding);
  };
  if (!is_minor(finding)) return shown();
  Element folded = html.in("details");
  html.put("summary", layout::plural(finding.count, "event"));
  shown();
}

}  // namespace

void write_score(Writer& html, const Report& r) {
  Element part = section(html, "score", "Score", std::to_string(r.score) + " of 100");
  {
    Element how = html.in("details", {{"class", "hint"}});
    html.put("summary", "How it is counted");
    html.put(
        "p",
        "Each finding has a weight: how likely an image with this finding alone is malicious. The heaviest "
        "counts whole; a technique that heavier findings have shown counts half for each of them, unless "
        "it is a proof; weak signs together count no more than one. Points add up to the score. “Without "
        "it” is what the score would lose, which is less where others show the same.");
  }
  auto frame = [&] {
    return Table(html, "What the score is made of",
                 {"Finding", "Level", "Weight", "Counted", "Points", "Without it"});
  };
  auto adding = static_cast<size_t>(std::count_if(r.findings.begin(), r.findings.end(),
                                                  [](const Finding& finding) { return !is_minor(finding); }));
  size_t shown =
      shown_folding(html, r.findings, kScoreRows, std::max(adding, kOpenRows), "finding", frame,
                    [&](Table& table, const Finding& finding) { score_row(html, table, r, finding); });
  left_out(html, r.findings.size() - shown, 0, "finding");
}

void write_findings(Writer& html, const Report& r) {
  Element part = section(html, "findings", "Findings", layout::count_text(r.findings.size()));
  if (r.findings.empty()) html.put("p", "None: no rule matched what was seen.", {{"class", "none"}});
  size_t shown =
      shown_of(html, r.findings, kFindings, [&](const Finding& finding) { write_finding(html, r, finding); });
  left_out(html, r.findings.size() - shown, 0, "finding");
  // What links to one of them leads here.
  for (size_t i = shown; i < std::min(r.findings.size(), kMaxFindings); ++i)
    html.put("span", "", {{"id", finding_id(r, r.findings[i])}});
}

}  // namespace assay::html
