// A rule's detection: selections of maps, lists and keywords, and the condition over them (Sigma rules
// specification, "Detection" and "Condition").
#include <algorithm>

#include "common/text.h"
#include "scheduler/score/rule.h"

namespace assay {
namespace {

constexpr size_t kMaxSelections = 200, kMaxAlternatives = 2000;

class DetectionCompiler {
 public:
  explicit DetectionCompiler(const Placeholders& placeholders) : placeholders_(placeholders) {}

  Result<std::vector<Item>> items(const yaml::Node& node, const Spot& spot) {
    std::vector<Item> out;
    if (node.is_map()) {
      for (const auto& [key, value] : node.entries) {
        ASSAY_TRY(auto item, Item::compile(key, value, spot, placeholders_));
        out.push_back(std::move(item));
      }
      if (out.empty()) return spot.error(node.line, "an empty map");
      return out;
    }
    if (!node.is_scalar())
      return spot.error(node.line, std::string("an alternative is ") + yaml::to_string(node.kind) +
                                       ", not a map or keyword");
    ASSAY_TRY(auto item, Item::compile("", node, spot, placeholders_));
    out.push_back(std::move(item));
    return out;
  }

  Result<Selection> selection(const std::string& name, const yaml::Node& node, const Spot& spot) {
    Selection out;
    out.name = name;
    if (!node.is_list()) {
      ASSAY_TRY(auto all, items(node, spot));
      out.alternatives.push_back(std::move(all));
      return out;
    }
    if (node.items.empty()) return spot.error(node.line, "an empty list");
    if (node.items.size() > kMaxAlternatives)
      return spot.error(node.line, "more than " + std::to_string(kMaxAlternatives) + " alternatives",
                        Errc::limit);
    for (const auto& alternative : node.items) {
      ASSAY_TRY(auto all, items(alternative, spot));
      out.alternatives.push_back(std::move(all));
    }
    return out;
  }

 private:
  const Placeholders& placeholders_;
};

Result<Condition> compile_condition(const yaml::Node& detection, const std::vector<std::string>& names,
                                    const Spot& spot) {
  const auto* node = detection.find("condition");
  if (node == nullptr) return spot.error(detection.line, "detection has no condition");
  std::vector<Condition> conditions;
  auto add = [&](const yaml::Node& one) -> Status {
    if (!one.is_scalar())
      return spot.error(one.line, std::string("condition is ") + yaml::to_string(one.kind) + ", not a text");
    auto condition = Condition::compile(one.scalar, names);
    if (!condition) return spot.error(one.line, condition.error().what);
    conditions.push_back(std::move(*condition));
    return {};
  };
  if (!node->is_list()) {
    ASSAY_CHECK(add(*node));
    return std::move(conditions[0]);
  }
  for (const auto& one : node->items) ASSAY_CHECK(add(one));
  if (conditions.empty()) return spot.error(node->line, "condition is an empty list");
  return Condition::any_of(std::move(conditions));
}

}  // namespace

Result<Detection> compile_detection(const yaml::Node& node, const Spot& spot,
                                    const Placeholders& placeholders) {
  if (!node.is_map()) return spot.error(node.line, "detection is not a map");
  if (node.entries.size() > kMaxSelections)
    return spot.error(node.line, "more than " + std::to_string(kMaxSelections) + " selections", Errc::limit);
  Detection detection;
  std::vector<std::string> names;
  DetectionCompiler compiler(placeholders);
  for (const auto& [name, selection] : node.entries) {
    if (name == "condition") continue;
    if (name == "timeframe")
      return spot.error(selection.line,
                        "'timeframe' is Sigma 1's and not supported; write a correlation rule");
    ASSAY_TRY(auto made,
              compiler.selection(name, selection, spot.in("selection '" + printable(name, 50) + "'")));
    detection.selections.push_back(std::move(made));
    names.push_back(name);
  }
  ASSAY_TRY(detection.condition, compile_condition(node, names, spot));
  return detection;
}

bool Selection::matches(const Record& record) const {
  return std::any_of(alternatives.begin(), alternatives.end(), [&](const std::vector<Item>& items) {
    return std::all_of(items.begin(), items.end(), [&](const Item& item) { return item.matches(record); });
  });
}

bool Detection::matches(const Record& record) const {
  return condition.eval([&](size_t index) { return selections[index].matches(record); });
}

}  // namespace assay
