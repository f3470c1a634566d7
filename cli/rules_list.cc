// assay rules list: one line a rule.
#include <algorithm>
#include <iostream>
#include <map>
#include <nlohmann/json.hpp>

#include "cli/options.h"
#include "cli/rule_files.h"
#include "cli/rules_verbs.h"
#include "cli/table.h"
#include "cli/terminal.h"
#include "common/text.h"
#include "scheduler/score/attack.h"
#include "scheduler/score/report_words.h"
#include "scheduler/score/rule_words.h"
#include "scheduler/score/text_sheet.h"

namespace assay::cli {
namespace {

// Columns that have room for the category, and for a second technique.
constexpr unsigned kRoomy = 100, kWide = 110;

struct Wanted {
  std::string technique, category;
  std::vector<std::string> levels;
  bool not_evaluated = false;
};

Result<Wanted> wanted_by(const po::variables_map& map) {
  auto text = [&](const char* name) { return map.count(name) ? map[name].as<std::string>() : std::string(); };
  Wanted out{text("technique"), text("category"), {}, map.count("not-evaluated") > 0};
  std::string levels = text("level");
  for (size_t from = 0; map.count("level") && from <= levels.size();) {
    size_t to = std::min(levels.find(',', from), levels.size());
    out.levels.push_back(levels.substr(from, to - from));
    if (auto level = level_weight(out.levels.back()); !level) return level.error();
    from = to + 1;
  }
  if (!out.technique.empty()) {
    if (out.technique[0] == 't') out.technique[0] = 'T';
    if (find_technique(out.technique) == nullptr)
      return Error{Errc::invalid,
                   "technique '" + printable(out.technique, 50) + "' is not in our table of ATT&CK"};
    out.technique = canonical_technique(out.technique);
  }
  return out;
}

bool is_wanted(const Wanted& wanted, const Rule& rule) {
  auto is_or_below = [&](const Technique& technique) {
    std::string id(canonical_technique(technique.id));
    return id == wanted.technique || id.starts_with(wanted.technique + ".");
  };
  if (!wanted.technique.empty() && std::none_of(rule.techniques.begin(), rule.techniques.end(), is_or_below))
    return false;
  std::string events = rule.logsource ? to_string(*rule.logsource) : "";
  if (!wanted.category.empty() && wanted.category != rule.category && wanted.category != events) return false;
  if (!wanted.levels.empty() &&
      std::find(wanted.levels.begin(), wanted.levels.end(), rule.level) == wanted.levels.end())
    return false;
  return !wanted.not_evaluated || !rule.reason.empty();
}

// "T1105 T1059.004", or "T1105 +1" where there is no room for more.
std::string techniques_text(const Rule& rule, size_t room) {
  std::vector<std::string> ids;
  for (const auto& technique : rule.techniques)
    if (std::find(ids.begin(), ids.end(), technique.id) == ids.end()) ids.push_back(technique.id);
  std::string out;
  for (size_t i = 0; i < std::min(ids.size(), room); ++i) out += (i > 0 ? " " : "") + ids[i];
  return ids.size() > room ? out + " +" + std::to_string(ids.size() - room) : out;
}

// What is not evaluated, under why.
std::string never_text(const std::map<std::string, std::vector<const Rule*>>& never, bool color,
                       unsigned width) {
  size_t count = 0;
  for (const auto& [why, rules] : never) count += rules.size();
  layout::Sheet sheet(color, width);
  sheet.line(sheet.paint(layout::Ink::bold, "NEVER FIRE") +
             sheet.paint(layout::Ink::dim, "  " + std::to_string(count)));
  for (const auto& [why, rules] : never) {
    sheet.line();
    for (const auto& part : layout::wrap(still_printable(why), width - 2)) sheet.line("  " + part);
    for (const Rule* rule : rules)
      sheet.line("    " + layout::pad(level_words(rule->level), 10) +
                 layout::fit(still_printable(rule->title), width - 14));
  }
  return std::move(sheet.out);
}

nlohmann::ordered_json as_json(const Rule& rule) {
  auto techniques = nlohmann::ordered_json::array();
  for (const auto& technique : rule.techniques)
    techniques.push_back({{"id", technique.id},
                          {"name", technique_name(technique.id)},
                          {"tactic", printable(technique.tactic)}});
  nlohmann::ordered_json out{{"id", rule.id},
                             {"title", printable(rule.title)},
                             {"file", rule.source},
                             {"level", rule.level},
                             {"weight", rule.weight},
                             {"reports", rule.reports},
                             {"category", printable(rule.category)},
                             {"techniques", std::move(techniques)},
                             {"evaluated", rule.reason.empty()}};
  if (!rule.reason.empty()) out["reason"] = printable(rule.reason);
  return out;
}

}  // namespace

Result<int> list_rules(const po::variables_map& map, const Words& words) {
  ASSAY_TRY(Wanted wanted, wanted_by(map));
  ASSAY_TRY(std::string dir, rules_dir(map, words));
  ASSAY_TRY(LoadedRules loaded, load_rules(dir));
  unsigned width = table_width();
  size_t room = width == 0 ? SIZE_MAX : width < kWide ? 1 : 2;
  auto json = nlohmann::ordered_json::array();
  Table table({{"LEVEL"}, {"WEIGHT", true}, {"TITLE"}, {"CATEGORY"}, {"TECHNIQUES"}});
  std::map<std::string, std::vector<const Rule*>> never;
  size_t shown = 0, evaluated = 0;
  const auto& rules = loaded.rules.state().rules;
  for (const Rule& rule : rules) {
    if (!is_wanted(wanted, rule)) continue;
    ++shown;
    evaluated += rule.reason.empty();
    json.push_back(as_json(rule));
    if (rule.reason.empty())
      table.row({level_words(rule.level), rule.reports ? weight_words(rule.weight) : "-", rule.title,
                 width == 0 || width >= kRoomy ? rule.category : "", techniques_text(rule, room)});
    else
      never[rule.reason].push_back(&rule);
  }
  if (map["format"].as<std::string>() == "json") {
    std::cout << json.dump(1) << "\n";
    return static_cast<int>(kBelowGate);
  }
  if (!table.empty()) std::cout << table.str(width) << "\n";
  if (!never.empty()) std::cout << never_text(never, wants_color(1), terminal_width(1)) << "\n";
  std::cout << layout::plural(shown, "rule");
  if (shown < rules.size()) std::cout << " of " << rules.size();
  std::cout << ", " << evaluated << " evaluated\n";
  return static_cast<int>(kBelowGate);
}

}  // namespace assay::cli
