// Frames, marks and words.
#include "scheduler/export/html_parts.h"

#include <algorithm>
#include <array>
#include <cstdio>

#include "common/text.h"
#include "scheduler/score/process_fields.h"
#include "scheduler/score/report_words.h"
#include "scheduler/score/text_layout.h"

namespace assay::html {

Element section(Writer& html, const char* id, const char* title, const std::string& note) {
  Element out = html.in("section", {{"id", id}, {"aria-labelledby", std::string(id) + "-title"}});
  Element heading = html.in("h2", {{"id", std::string(id) + "-title"}});
  html.text(title);
  if (!note.empty()) {
    html.text(" ");
    html.put("small", note);
  }
  return out;
}

const char* level_class(const std::string& level) {
  for (const char* known : {"critical", "high", "medium", "low"})
    if (level == known) return known;
  return "informational";
}

void level_badge(Writer& html, const std::string& level) {
  html.put("span", layout::fit(level_words(level), kMarkColumns),
           {{"class", std::string("badge ") + level_class(level)}});
}

void mark(Writer& html, const char* kind, std::string_view words) {
  html.put("span", layout::fit(words, kMarkColumns), {{"class", std::string("badge ") + kind}});
}

namespace {

Element table_head(Writer& html, std::string_view caption, std::initializer_list<const char*> heads,
                   const char* kind) {
  Element table = html.in("table", {{"class", kind}});
  html.put("caption", caption);
  Element head = html.in("thead");
  Element row = html.in("tr");
  for (const char* name : heads) html.put("th", name, {{"scope", "col"}});
  return table;
}

}  // namespace

Table::Table(Writer& html, std::string_view caption, std::initializer_list<const char*> heads,
             const char* kind)
    : html_(html), table_(table_head(html, caption, heads, kind)), body_(html.in("tbody")) {}

void fact(Writer& html, const char* name, std::string_view ours) {
  if (ours.empty()) return;
  html.put("dt", name);
  html.put("dd", ours);
}

void fact_theirs(Writer& html, const char* name, std::string_view theirs) {
  if (theirs.empty()) return;
  html.put("dt", name);
  Element value = html.in("dd");
  html.code(theirs);
}

void left_out(Writer& html, uint64_t of_list, uint64_t of_report, const char* noun) {
  if (of_list > 0)
    html.put("p",
             "… and " + layout::plural(of_list, std::string("more ") + noun) + ", in the report as JSON.",
             {{"class", "cut"}});
  if (of_report > 0)
    html.put("p",
             "… and " + layout::plural(of_report, std::string("more ") + noun) +
                 ", beyond what a report holds: the trace has them.",
             {{"class", "cut"}});
}

Element fold(Writer& html, uint64_t count, const char* noun) {
  Element out = html.in("details", {{"class", "more"}});
  html.put("summary", layout::plural(count, std::string("more ") + noun));
  return out;
}

std::string finding_id(const Report& r, const Finding& finding) {
  auto index = static_cast<size_t>(&finding - r.findings.data());
  return index < kMaxFindings ? "finding-" + std::to_string(index + 1) : "findings";
}

void finding_link(Writer& html, const Report& r, const Finding& finding) {
  Element link = html.in("a", {{"href", "#" + finding_id(r, finding)}});
  html.theirs(finding.title, 200);
}

void actor(Writer& html, const Actor& who) {
  if (who.pid == 0 && who.image.empty()) {
    html.put("span", "not seen", {{"class", "dim"}});
    return;
  }
  html.code(who.command_line.empty() ? who.image : who.command_line, 240);
  if (who.pid != 0) html.put("span", " pid " + std::to_string(who.pid), {{"class", "dim"}});
}

std::string time_words(int64_t ns) { return ns < 0 ? "—" : layout::seconds_text(ns); }

// In whole numbers: no locale, and the same bytes on any machine.
std::string percent(double part, double whole) {
  double share = whole > 0 ? std::clamp(part / whole, 0.0, 1.0) : 0.0;
  auto hundredths = static_cast<int>(share * 10'000 + 0.5);
  std::array<char, 16> text{};
  std::snprintf(text.data(), text.size(), "%d.%02d%%", hundredths / 100, hundredths % 100);
  return text.data();
}

}  // namespace assay::html
