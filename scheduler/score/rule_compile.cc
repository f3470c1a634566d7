// One YAML document into a Rule: Sigma's fields and our `assay:` block (docs/rules.md).
#include <algorithm>
#include <charconv>

#include "common/ascii.h"
#include "common/text.h"
#include "scheduler/score/logsource.h"
#include "scheduler/score/rule.h"

namespace assay {
namespace {

bool is_uuid(const std::string& text) {
  if (text.size() != 36) return false;
  for (size_t i = 0; i < text.size(); ++i) {
    bool dash = i == 8 || i == 13 || i == 18 || i == 23;
    bool hex = (text[i] >= '0' && text[i] <= '9') || (text[i] >= 'a' && text[i] <= 'f') ||
               (text[i] >= 'A' && text[i] <= 'F');
    if (dash ? text[i] != '-' : !hex) return false;
  }
  return true;
}

// Words joined by single spaces: YAML's line breaks are the editor's.
std::string one_line(const std::string& text) {
  std::string out;
  for (char c : text) {
    bool space = c == ' ' || c == '\n' || c == '\t' || c == '\r';
    if (!space)
      out += c;
    else if (!out.empty() && out.back() != ' ')
      out += ' ';
  }
  if (!out.empty() && out.back() == ' ') out.pop_back();
  return out;
}

bool is_technique(const std::string& tag) {
  return tag.size() >= 5 && tag[0] == 't' &&
         std::all_of(tag.begin() + 1, tag.end(), [](char c) { return c == '.' || (c >= '0' && c <= '9'); });
}

// A technique belongs to the tactic that stands before it; one that stands before any, to the first.
std::vector<Technique> techniques_of(const yaml::Node* tags) {
  std::vector<Technique> out;
  std::string tactic;
  if (tags == nullptr || !tags->is_list()) return out;
  for (const auto& node : tags->items) {
    std::string tag = ascii_lower(node.scalar);
    if (!tag.starts_with("attack.")) continue;
    tag = tag.substr(7);
    if (is_technique(tag)) {
      tag[0] = 'T';
      out.push_back({tag, tactic});
    } else if (tag.find('.') == std::string::npos && tag.find_first_of("0123456789") == std::string::npos) {
      std::replace(tag.begin(), tag.end(), '_', '-');
      tactic = tag;
      for (auto& technique : out)
        if (technique.tactic.empty()) technique.tactic = tactic;
    }
  }
  return out;
}

// Weight and category of the `assay:` block; without it the level and the first tactic decide.
Status apply_extension(const yaml::Node* node, const Spot& spot, Rule& rule) {
  if (!rule.techniques.empty()) rule.category = rule.techniques[0].tactic;
  if (node == nullptr) return {};
  if (!node->is_map()) return spot.error(node->line, "assay is not a map");
  rule.reports_written = true;  // one of ours says so itself; of others the correlations decide
  for (const auto& [key, value] : node->entries) {
    bool flag = value.scalar == "true" || value.scalar == "false";
    if (key == "category" && value.is_scalar()) {
      rule.category = value.scalar;
    } else if (key == "weight") {
      const std::string& text = value.scalar;
      auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), rule.weight);
      if (error != std::errc() || end != text.data() + text.size() || !(rule.weight >= 0 && rule.weight <= 1))
        return spot.error(value.line,
                          "assay weight '" + printable(text, 30) + "' is not a number from 0 to 1");
    } else if (key == "reports" && flag) {
      rule.reports_written = value.scalar == "true";
    } else if (key == "proof" && flag) {
      rule.proof = value.scalar == "true";
    } else {
      return spot.error(value.line, "assay block has an unknown or wrong entry '" + printable(key, 50) + "'");
    }
  }
  return {};
}

Result<Logsource> logsource_of(const yaml::Node& document, const Spot& spot) {
  const auto* node = document.find("logsource");
  if (node == nullptr) return spot.error(document.line, "logsource is missing");
  if (!node->is_map()) return spot.error(node->line, "logsource is not a map");
  return Logsource{node->text("category"), node->text("product"), node->text("service")};
}

Status compile_head(const yaml::Node& document, const Spot& spot, Rule& rule) {
  auto line = [&](const char* key) {
    const auto* node = document.find(key);
    return node == nullptr ? document.line : node->line;
  };
  if (rule.title.empty() || rule.title.size() > 256)
    return spot.error(line("title"), "title is missing or longer than 256 characters");
  if (const auto* action = document.find("action"))
    return spot.error(action->line, "'action: " + printable(action->scalar, 30) +
                                        "' is Sigma 1's and not supported; write each document whole");
  rule.id = document.text("id");
  if (document.find("id") != nullptr && !is_uuid(rule.id))
    return spot.error(line("id"), "id '" + printable(rule.id, 50) + "' is not a UUID");
  rule.name = document.text("name");
  rule.description = one_line(document.text("description"));
  rule.level = document.find("level") == nullptr ? "medium" : document.text("level");
  auto weight = level_weight(rule.level);
  if (!weight) return spot.error(line("level"), weight.error().what);
  rule.weight = *weight;
  static const char* const kStatuses[] = {"stable", "test", "experimental", "deprecated", "unsupported"};
  std::string status = document.text("status");
  if (document.find("status") != nullptr &&
      std::find(std::begin(kStatuses), std::end(kStatuses), status) == std::end(kStatuses))
    return spot.error(line("status"), "status '" + printable(status, 50) +
                                          "' is none of stable, test, experimental, deprecated, unsupported");
  if (status == "deprecated" || status == "unsupported") rule.reason = "status " + status;
  rule.techniques = techniques_of(document.find("tags"));
  return apply_extension(document.find("assay"), spot, rule);
}

// Of a rule that its author withdrew, only the head is read.
Status compile_body(const yaml::Node& document, const Spot& spot, const Placeholders& placeholders,
                    Rule& rule) {
  ASSAY_CHECK(compile_head(document, spot, rule));
  const auto* detection = document.find("detection");
  const auto* correlation = document.find("correlation");
  if (detection == nullptr && correlation == nullptr)
    return spot.error(document.line, "neither detection nor correlation");
  if (detection != nullptr && correlation != nullptr)
    return spot.error(correlation->line, "both detection and correlation; give each a document of its own");
  if (!rule.reason.empty()) return {};
  if (correlation != nullptr) {
    ASSAY_TRY(rule.correlation, compile_correlation(*correlation, spot));
    rule.reason = why_not_evaluated(rule);
    return {};
  }
  ASSAY_TRY(rule.written, logsource_of(document, spot));
  auto answer = answer_logsource(rule.written.category, rule.written.product, rule.written.service);
  rule.logsource = answer.category;
  rule.reason = answer.reason;
  ASSAY_TRY(rule.detection, compile_detection(*detection, spot, placeholders));
  if (rule.reason.empty()) rule.reason = why_not_evaluated(rule);
  return {};
}

}  // namespace

Result<double> level_weight(const std::string& level) {
  static constexpr std::pair<std::string_view, double> kWeights[] = {
      {"informational", 0.01}, {"low", 0.05}, {"medium", 0.15}, {"high", 0.4}, {"critical", 0.75}};
  for (const auto& [name, weight] : kWeights)
    if (level == name) return weight;
  return Error{Errc::invalid,
               "level '" + printable(level, 50) + "' is none of informational, low, medium, high, critical"};
}

Result<Rule> compile_rule(const yaml::Node& document, const std::string& source,
                          const Placeholders& placeholders) {
  Spot spot{source, document.text("title"), ""};
  if (!document.is_map())
    return spot.error(document.line,
                      std::string("a rule is a map, this is ") + yaml::to_string(document.kind));
  Rule rule;
  rule.source = source;
  rule.line = document.line;
  rule.title = document.text("title");
  ASSAY_CHECK(compile_body(document, spot, placeholders, rule));
  return rule;
}

// Sigma filters specification: a detection under the key `filter`, with the rules that it is for.
Result<Filter> compile_filter(const yaml::Node& document, const std::string& source,
                              const Placeholders& placeholders) {
  Filter out;
  out.source = source;
  out.line = document.line;
  out.title = document.text("title");
  Spot spot{source, out.title, ""};
  if (out.title.empty()) return spot.error(document.line, "title is missing");
  ASSAY_TRY(out.written, logsource_of(document, spot));
  const yaml::Node& node = *document.find("filter");
  if (!node.is_map()) return spot.error(node.line, "filter is not a map");
  const auto* rules = node.find("rules");
  if (rules == nullptr) return spot.error(node.line, "filter names no rules");
  if (rules->is_scalar() && rules->scalar == "any") {
    out.any = true;
  } else {
    for (const auto& one : rules->items) out.rules.push_back(one.scalar);
    if (rules->is_scalar()) out.rules.push_back(rules->scalar);
    if (out.rules.empty()) return spot.error(rules->line, "filter names no rules");
  }
  yaml::Node detection = node;
  std::erase_if(detection.entries, [](const auto& entry) { return entry.first == "rules"; });
  ASSAY_TRY(out.detection, compile_detection(detection, spot.in("filter"), placeholders));
  return out;
}

}  // namespace assay
