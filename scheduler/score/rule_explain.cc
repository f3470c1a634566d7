// Sections: what it is, what it looks for or counts, what else may look like it, what tests it.
#include "scheduler/score/rule_explain.h"

#include <algorithm>

#include "common/text.h"
#include "scheduler/score/attack.h"
#include "scheduler/score/completeness.h"
#include "scheduler/score/rule.h"
#include "scheduler/score/rule_words.h"
#include "scheduler/score/score.h"
#include "scheduler/score/text_sheet.h"

namespace assay {
namespace {

using layout::Ink;
using layout::plural;

constexpr size_t kShownValues = 8;

// What a scan would be called of which this is the only finding.
std::string alone(const Rule& rule) {
  std::vector<Finding> findings(1);
  findings[0].weight = rule.weight;
  findings[0].techniques = rule.techniques;
  int score = score_findings(findings);
  Verdict verdict = verdict_of(score, Completeness(), "");
  return std::to_string(score) + "/100, " + to_string(verdict) + " (from " +
         std::to_string(kSuspiciousScore) + " suspicious, from " + std::to_string(kMaliciousScore) +
         " malicious)";
}

class Writer {
 public:
  Writer(const TextStyle& style, bool all)
      : sheet_(style.color, std::clamp(style.width, 60u, 200u)), shown_(all ? SIZE_MAX - 1 : kShownValues) {}

  void head(const Explained& it) {
    const Rule& rule = it.rule;
    sheet_.line(sheet_.paint(Ink::bold, layout::fit(still_printable(rule.title), sheet_.width)));
    for (const auto& part : layout::wrap(still_printable(rule.description), sheet_.width - 2))
      sheet_.line("  " + part);
    sheet_.line();
    sheet_.field("rule", rule.id);
    sheet_.field("file", rule.source);
    sheet_.field("level",
                 rule.level + ", weight " + weight_words(rule.weight) + (rule.proof ? ", a proof" : ""));
    sheet_.field("alone", rule.reports ? alone(rule) : "nothing: it only feeds correlations");
    if (!rule.reason.empty()) sheet_.field("ignored", rule.reason);
    for (const auto& technique : rule.techniques) {
      std::string name(technique_name(technique.id));
      sheet_.field(&technique == &rule.techniques.front() ? "technique" : "",
                   technique.id + (name.empty() ? "" : " " + name) +
                       (technique.tactic.empty() ? "" : " (" + technique.tactic + ")"));
    }
    if (!rule.category.empty()) sheet_.field("category", still_printable(rule.category));
    reads(it.document);
  }

  void looks_for(const Explained& it, const std::string& title) {
    const auto* detection = it.document.find("detection");
    if (detection == nullptr) return;
    sheet_.section("LOOKS FOR", still_printable(title));
    sheet_.line();
    if (!title.empty()) reads(it.document);
    for (const auto& [name, selection] : detection->entries)
      if (name != "condition" && name != "timeframe") select(name, selection);
    auto conditions = texts_under(*detection, "condition");
    for (const auto& condition : conditions)
      sheet_.field(&condition == &conditions.front() ? "when" : "or", still_printable(condition));
  }

  void counts(const Explained& it, const RuleContext& context) {
    const auto* correlation = it.document.find("correlation");
    if (correlation == nullptr) return;
    sheet_.section("COUNTS");
    sheet_.line();
    sheet_.field("when", still_printable(correlation_words(*correlation)));
    for (const auto& counted : context.counts)
      sheet_.field(&counted == &context.counts.front() ? "of" : "", still_printable(counted.rule.title));
    for (const auto& counted : context.counts) looks_for(counted, counted.rule.title);
  }

  void list(const char* heading, const std::vector<std::string>& texts) {
    if (texts.empty()) return;
    sheet_.section(heading);
    sheet_.line();
    for (const auto& text : texts) bullet("  ", "- ", still_printable(text));
  }

  void cases(const Rule& rule, const RuleContext& context) {
    sheet_.section("TESTED BY");
    sheet_.line();
    if (!context.cases_file.empty())
      sheet_.line("  " + still_printable(context.cases_file) + ": " + plural(context.firing, "firing case") +
                  ", " + plural(context.near_misses, "near miss"));
    else if (rule.reports)
      sheet_.line("  " + sheet_.paint(Ink::yellow, "nothing"));
    else
      sheet_.line("  the cases of the correlations that count it");
  }

  std::string finish() { return std::move(sheet_.out); }

 private:
  // Where its events come from.
  void reads(const yaml::Node& document) {
    const auto* source = document.find("logsource");
    if (source == nullptr) return;
    std::string category = source->text("category"), service = source->text("service");
    if (category.empty()) category = service;
    std::string words(category_words(category));
    std::string product = source->text("product");
    std::string text = category.empty() ? "everything of " + product : category;
    if (!words.empty()) text += ": " + words;
    sheet_.field("reads", still_printable(text));
  }

  void select(const std::string& name, const yaml::Node& selection) {
    auto lines = selection_words(selection, shown_);
    bool beside = layout::columns(still_printable(name)) < layout::Sheet::kLabel;
    if (!beside) sheet_.line("  " + sheet_.paint(Ink::cyan, still_printable(name)));
    for (size_t i = 0; i < lines.size(); ++i) {
      std::string label = layout::pad(i == 0 && beside ? still_printable(name) : "", layout::Sheet::kLabel);
      bool point = lines[i].starts_with("- ");
      bullet("  " + sheet_.paint(Ink::cyan, label), point ? "- " : "",
             still_printable(lines[i].substr(point ? 2 : 0)), layout::Sheet::kIndent);
    }
  }

  // A text behind `lead` and `mark`, wrapped under itself.
  void bullet(const std::string& lead, const std::string& mark, const std::string& text, size_t indent = 2) {
    size_t under = indent + mark.size();
    bool first = true;
    for (const auto& part : layout::wrap(still_printable(text), sheet_.width - under)) {
      sheet_.line(first ? lead + mark + part : std::string(under, ' ') + part);
      first = false;
    }
  }

  layout::Sheet sheet_;
  size_t shown_;
};

}  // namespace

std::string explain_rule(const Explained& rule, const RuleContext& context, const TextStyle& style,
                         bool all) {
  Writer writer(style, all);
  writer.head(rule);
  writer.looks_for(rule, "");
  writer.counts(rule, context);
  writer.list("FALSE POSITIVES", texts_under(rule.document, "falsepositives"));
  writer.list("REFERENCES", texts_under(rule.document, "references"));
  writer.cases(rule.rule, context);
  return writer.finish();
}

}  // namespace assay
