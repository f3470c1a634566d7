// One YAML document into a Rule: Sigma's fields and our `assay:` block (docs/rules.md).
#include <algorithm>
#include <charconv>
#include <map>

#include "common/text.h"
#include "scheduler/score/rule.h"

namespace assay {
namespace {

constexpr size_t kMaxSelections = 200, kMaxAlternatives = 2000;
constexpr uint64_t kMaxThreshold = 10'000;

Error wrong(const std::string& what) { return {Errc::invalid, what}; }

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

double weight_of(const std::string& level) {
  static const std::map<std::string, double> kWeights = {
      {"informational", 0.01}, {"low", 0.05}, {"medium", 0.15}, {"high", 0.4}, {"critical", 0.75}};
  return kWeights.at(level);
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
    std::string tag = node.scalar;
    std::transform(tag.begin(), tag.end(), tag.begin(),
                   [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
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

Result<std::vector<Item>> compile_items(const yaml::Node& node) {
  std::vector<Item> items;
  if (node.is_map()) {
    for (const auto& [key, value] : node.entries) {
      ASSAY_TRY(auto item, Item::compile(key, value));
      items.push_back(std::move(item));
    }
    if (items.empty()) return wrong("an empty map");
    return items;
  }
  if (!node.is_scalar())
    return wrong(std::string("an alternative is ") + yaml::to_string(node.kind) + ", not a map or keyword");
  ASSAY_TRY(auto item, Item::compile("", node));
  items.push_back(std::move(item));
  return items;
}

Result<Selection> compile_selection(const yaml::Node& node) {
  Selection selection;
  if (!node.is_list()) {
    ASSAY_TRY(auto items, compile_items(node));
    selection.alternatives.push_back(std::move(items));
    return selection;
  }
  if (node.items.empty()) return wrong("an empty list");
  if (node.items.size() > kMaxAlternatives)
    return wrong("more than " + std::to_string(kMaxAlternatives) + " alternatives");
  for (const auto& alternative : node.items) {
    ASSAY_TRY(auto items, compile_items(alternative));
    selection.alternatives.push_back(std::move(items));
  }
  return selection;
}

Result<Condition> compile_condition(const yaml::Node* node, const std::vector<std::string>& names) {
  if (node == nullptr) return wrong("detection has no condition");
  std::vector<Condition> conditions;
  auto add = [&](const yaml::Node& one) -> Status {
    if (!one.is_scalar()) return wrong("condition is not a text");
    ASSAY_TRY(auto condition, Condition::compile(one.scalar, names));
    conditions.push_back(std::move(condition));
    return {};
  };
  if (node->is_list()) {
    for (const auto& one : node->items) ASSAY_CHECK(add(one));
    if (conditions.empty()) return wrong("condition is an empty list");
  } else {
    ASSAY_CHECK(add(*node));
  }
  return Condition::any_of(std::move(conditions));
}

Result<Detection> compile_detection(const yaml::Node& node) {
  if (!node.is_map()) return wrong("detection is not a map");
  if (node.entries.size() > kMaxSelections)
    return wrong("more than " + std::to_string(kMaxSelections) + " selections");
  Detection detection;
  std::vector<std::string> names;
  for (const auto& [name, selection_node] : node.entries) {
    if (name == "condition") continue;
    if (name == "timeframe") return wrong("'timeframe' is not supported; write a correlation rule");
    auto selection = compile_selection(selection_node);
    if (!selection) return selection.error().context("selection '" + printable(name, 50) + "'");
    detection.selections.push_back(std::move(*selection));
    names.push_back(name);
  }
  ASSAY_TRY(detection.condition, compile_condition(node.find("condition"), names));
  return detection;
}

Result<int64_t> timespan_ns(const std::string& text) {
  int64_t number = 0;
  auto [unit, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  std::string_view suffix(unit, static_cast<size_t>(text.data() + text.size() - unit));
  int64_t seconds = suffix == "s" ? 1 : suffix == "m" ? 60 : suffix == "h" ? 3600 : suffix == "d" ? 86400 : 0;
  if (error != std::errc() || seconds == 0 || number <= 0 || number > 100'000)
    return wrong("timespan '" + printable(text, 30) + "' is not like 30s, 5m or 1h");
  return number * seconds * 1'000'000'000;
}

Status compile_threshold(const yaml::Node* node, Correlation& out) {
  if (node == nullptr || !node->is_map()) return wrong("correlation needs a condition like {gte: 10}");
  std::string field = node->text("field");
  bool found = false;
  for (const auto& [key, value] : node->entries) {
    if (key == "field") continue;
    if (key != "gte" && key != "gt")
      return wrong("correlation condition '" + printable(key, 30) + "' is not supported: gt and gte are");
    const std::string& text = value.scalar;
    auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out.threshold);
    if (error != std::errc() || end != text.data() + text.size() || out.threshold > kMaxThreshold)
      return wrong("correlation condition needs a number up to " + std::to_string(kMaxThreshold));
    if (key == "gt") ++out.threshold;
    found = true;
  }
  if (!found) return wrong("correlation condition has neither gt nor gte");
  out.threshold = std::max<uint64_t>(out.threshold, 1);
  if (out.type != Correlation::Type::value_count) return {};
  auto known = field_of(field);
  if (!known) return wrong("value_count needs a field that we know, not '" + printable(field, 50) + "'");
  out.field = *known;
  return {};
}

// A list of texts, or one.
std::vector<std::string> texts_of(const yaml::Node* node) {
  std::vector<std::string> out;
  if (node == nullptr) return out;
  if (node->is_scalar()) out.push_back(node->scalar);
  for (const auto& item : node->items)
    if (item.is_scalar()) out.push_back(item.scalar);
  return out;
}

Result<Correlation> compile_correlation(const yaml::Node& node) {
  static const std::map<std::string, Correlation::Type> kTypes = {
      {"event_count", Correlation::Type::event_count},
      {"value_count", Correlation::Type::value_count},
      {"temporal", Correlation::Type::temporal},
      {"temporal_ordered", Correlation::Type::temporal_ordered}};
  if (!node.is_map()) return wrong("correlation is not a map");
  Correlation out;
  auto type = kTypes.find(node.text("type"));
  if (type == kTypes.end())
    return wrong("correlation type '" + printable(node.text("type"), 50) + "' is not supported");
  out.type = type->second;
  if (node.find("aliases") != nullptr) return wrong("correlation 'aliases' are not supported");
  out.references = texts_of(node.find("rules"));
  if (out.references.empty() || out.references.size() > 32) return wrong("correlation needs 1 to 32 rules");
  for (const auto& name : texts_of(node.find("group-by"))) {
    auto field = field_of(name);
    if (!field) return wrong("group-by field '" + printable(name, 50) + "' is not known");
    out.group_by.push_back(*field);
  }
  ASSAY_TRY(out.timespan_ns, timespan_ns(node.text("timespan")));
  bool temporal = out.type == Correlation::Type::temporal || out.type == Correlation::Type::temporal_ordered;
  if (!temporal) ASSAY_CHECK(compile_threshold(node.find("condition"), out));
  return out;
}

// Weight and category of the `assay:` block; without it the level and the first tactic decide.
Status apply_extension(const yaml::Node* node, Rule& rule) {
  rule.weight = weight_of(rule.level);
  if (!rule.techniques.empty()) rule.category = rule.techniques[0].tactic;
  if (node == nullptr) return {};
  if (!node->is_map()) return wrong("assay is not a map");
  for (const auto& [key, value] : node->entries) {
    if (key == "category" && value.is_scalar()) {
      rule.category = value.scalar;
    } else if (key == "weight") {
      const std::string& text = value.scalar;
      auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), rule.weight);
      if (error != std::errc() || end != text.data() + text.size() || !(rule.weight >= 0 && rule.weight <= 1))
        return wrong("assay weight '" + printable(text, 30) + "' is not a number from 0 to 1");
    } else if (key == "reports" && (value.scalar == "true" || value.scalar == "false")) {
      rule.reports = value.scalar == "true";
    } else if (key == "proof" && (value.scalar == "true" || value.scalar == "false")) {
      rule.proof = value.scalar == "true";
    } else {
      return wrong("assay block has an unknown or wrong entry '" + printable(key, 50) + "'");
    }
  }
  return {};
}

Status compile_logsource(const yaml::Node* node, Rule& rule) {
  if (node == nullptr || !node->is_map()) return wrong("logsource is missing or not a map");
  std::string product = node->text("product");
  bool here = (product.empty() || product == "linux") && node->find("service") == nullptr;
  if (here) rule.logsource = category_of(node->text("category"));
  return {};
}

Status compile_body(const yaml::Node& document, Rule& rule) {
  rule.title = document.text("title");
  if (rule.title.empty() || rule.title.size() > 256)
    return wrong("title is missing or longer than 256 characters");
  rule.id = document.text("id");
  if (!rule.id.empty() && !is_uuid(rule.id))
    return wrong("id '" + printable(rule.id, 50) + "' is not a UUID");
  rule.name = document.text("name");
  rule.description = one_line(document.text("description"));
  rule.level = document.find("level") == nullptr ? "medium" : document.text("level");
  static const char* const kLevels[] = {"informational", "low", "medium", "high", "critical"};
  if (std::find(std::begin(kLevels), std::end(kLevels), rule.level) == std::end(kLevels))
    return wrong("level '" + printable(rule.level, 50) +
                 "' is none of informational, low, medium, high, critical");
  rule.techniques = techniques_of(document.find("tags"));
  ASSAY_CHECK(apply_extension(document.find("assay"), rule));
  if (const auto* correlation = document.find("correlation")) {
    ASSAY_TRY(rule.correlation, compile_correlation(*correlation));
    return {};
  }
  ASSAY_CHECK(compile_logsource(document.find("logsource"), rule));
  const auto* detection = document.find("detection");
  if (detection == nullptr) return wrong("neither detection nor correlation");
  ASSAY_TRY(rule.detection, compile_detection(*detection));
  return {};
}

}  // namespace

bool Selection::matches(const Record& record) const {
  return std::any_of(alternatives.begin(), alternatives.end(), [&](const std::vector<Item>& items) {
    return std::all_of(items.begin(), items.end(), [&](const Item& item) { return item.matches(record); });
  });
}

bool Detection::matches(const Record& record) const {
  return condition.eval([&](size_t index) { return selections[index].matches(record); });
}

Result<Rule> compile_rule(const yaml::Node& document, const std::string& source) {
  if (!document.is_map())
    return wrong(source + ": a rule is a map, this is " + yaml::to_string(document.kind));
  Rule rule;
  rule.source = source;
  if (auto status = compile_body(document, rule); !status)
    return status.error().context(source + ": rule '" + printable(rule.title, 100) + "'");
  return rule;
}

}  // namespace assay
