// A correlation rule's own block (Sigma correlation rules specification). What it refers to is resolved in
// rules.cc.
#include <algorithm>
#include <charconv>
#include <cmath>
#include <map>

#include "common/text.h"
#include "scheduler/score/rule.h"

namespace assay {
namespace {

constexpr double kMaxCount = 10'000, kMaxBound = 1e15;
constexpr size_t kMaxReferences = 32, kMaxGroupBy = 16;
using Type = Correlation::Type;

const std::map<std::string, Type> kTypes = {{"event_count", Type::event_count},
                                            {"value_count", Type::value_count},
                                            {"temporal", Type::temporal},
                                            {"temporal_ordered", Type::temporal_ordered},
                                            {"value_sum", Type::value_sum},
                                            {"value_avg", Type::value_avg},
                                            {"value_percentile", Type::value_percentile}};

using Op = Correlation::Bound::Op;
const std::map<std::string, Op> kOps = {{"gt", Op::gt},   {"gte", Op::gte}, {"lt", Op::lt},
                                        {"lte", Op::lte}, {"eq", Op::eq},   {"neq", Op::neq}};

class CorrelationCompiler {
 public:
  CorrelationCompiler(const yaml::Node& node, const Spot& spot) : node_(node), spot_(spot) {}

  Result<Correlation> compile() {
    static const char* const kKeys[] = {"type",     "rules",     "aliases", "group-by",
                                        "timespan", "condition", "generate"};
    if (!node_.is_map()) return spot_.error(node_.line, "correlation is not a map");
    for (const auto& [key, value] : node_.entries)
      if (std::find(std::begin(kKeys), std::end(kKeys), key) == std::end(kKeys))
        return spot_.error(value.line, "correlation has an unknown entry '" + printable(key, 50) + "'");
    out_.line = node_.line;
    auto type = kTypes.find(node_.text("type"));
    if (type == kTypes.end())
      return spot_.error(line("type"),
                         "correlation type '" + printable(node_.text("type"), 50) + "' is unknown");
    out_.type = type->second;
    ASSAY_TRY(out_.references, texts("rules"));
    if (out_.references.empty() || out_.references.size() > kMaxReferences)
      return spot_.error(line("rules"),
                         "correlation needs 1 to " + std::to_string(kMaxReferences) + " rules");
    ASSAY_CHECK(generate());
    ASSAY_CHECK(group_by());
    ASSAY_CHECK(timespan());
    ASSAY_CHECK(condition());
    return std::move(out_);
  }

 private:
  bool temporal() const { return out_.type == Type::temporal || out_.type == Type::temporal_ordered; }
  bool counts() const {
    return temporal() || out_.type == Type::event_count || out_.type == Type::value_count;
  }
  int line(const char* key) const {
    const auto* found = node_.find(key);
    return found == nullptr ? node_.line : found->line;
  }

  // A list of texts, or one.
  Result<std::vector<std::string>> texts(const char* key) const {
    const auto* found = node_.find(key);
    return found == nullptr ? std::vector<std::string>() : texts(*found, key);
  }
  Result<std::vector<std::string>> texts(const yaml::Node& node, const char* key) const {
    std::vector<std::string> out;
    if (node.is_scalar()) out.push_back(node.scalar);
    if (node.is_map()) return spot_.error(node.line, std::string(key) + " is a map, not a list");
    for (const auto& item : node.items) {
      if (!item.is_scalar())
        return spot_.error(item.line,
                           std::string(key) + " has " + yaml::to_string(item.kind) + " in its list");
      out.push_back(item.scalar);
    }
    return out;
  }

  Status generate() {
    const auto* found = node_.find("generate");
    if (found == nullptr) return {};
    if (found->scalar != "true" && found->scalar != "false")
      return spot_.error(found->line,
                         "generate is '" + printable(found->scalar, 30) + "', not true or false");
    out_.generate = found->scalar == "true";
    return {};
  }

  Status group_by() {
    const auto* aliases = node_.find("aliases");
    if (aliases != nullptr && !aliases->is_map()) return spot_.error(aliases->line, "aliases is not a map");
    ASSAY_TRY(auto names, texts("group-by"));
    if (names.size() > kMaxGroupBy)
      return spot_.error(line("group-by"), "more than " + std::to_string(kMaxGroupBy) + " fields");
    for (const auto& name : names) {
      Correlation::GroupBy one{name, {}, line("group-by")};
      const auto* alias = aliases == nullptr ? nullptr : aliases->find(name);
      if (alias != nullptr) {
        if (!alias->is_map() || alias->entries.empty())
          return spot_.error(alias->line,
                             "alias '" + printable(name, 50) + "' is not a map of rules to fields");
        for (const auto& [rule, field] : alias->entries) {
          if (!field.is_scalar())
            return spot_.error(field.line, "alias '" + printable(name, 50) + "' of '" + printable(rule, 50) +
                                               "' is not the name of a field");
          note_unknown(field.scalar);
          one.aliases.emplace_back(rule, field.scalar);
        }
      } else {
        note_unknown(name);
      }
      out_.group_by.push_back(std::move(one));
    }
    return {};
  }

  void note_unknown(const std::string& name) {
    if (!field_of(name) && out_.unanswerable.empty())
      out_.unanswerable = "field " + printable(name, 50) + " is one that no event has";
  }

  Status timespan() {
    std::string text = node_.text("timespan");
    int64_t number = 0;
    auto [unit, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    std::string_view suffix(unit, static_cast<size_t>(text.data() + text.size() - unit));
    int64_t seconds = suffix == "s"   ? 1
                      : suffix == "m" ? 60
                      : suffix == "h" ? 3600
                      : suffix == "d" ? 86400
                                      : 0;
    if (error != std::errc() || seconds == 0 || number <= 0 || number > 100'000)
      return spot_.error(line("timespan"),
                         "timespan '" + printable(text, 30) + "' is not like 30s, 5m, 1h or 1d");
    out_.timespan_ns = number * seconds * 1'000'000'000;
    return {};
  }

  Status condition() {
    const auto* node = node_.find("condition");
    if (node == nullptr && temporal()) return {};  // all of the rules
    if (node == nullptr) return spot_.error(node_.line, "correlation needs a condition like {gte: 10}");
    if (!node->is_map()) return spot_.error(node->line, "correlation condition is not a map like {gte: 10}");
    for (const auto& [key, value] : node->entries) {
      if (key == "field")
        ASSAY_CHECK(fields(value));
      else if (key == "percentile" && out_.type == Type::value_percentile)
        ASSAY_CHECK(percentile(value));
      else
        ASSAY_CHECK(bound(key, value));
    }
    if (out_.bounds.empty())
      return spot_.error(node->line, "correlation condition has none of gt, gte, lt, lte, eq, neq");
    bool of_field = !temporal() && out_.type != Type::event_count;
    if (of_field && out_.fields.empty() && out_.unanswerable.empty())
      return spot_.error(node->line, "correlation condition needs a field");
    if (!of_field && !out_.fields.empty())
      return spot_.error(node->line, "correlation condition has a field, which only value_* types count");
    return {};
  }

  Status fields(const yaml::Node& node) {
    ASSAY_TRY(auto names, texts(node, "field"));
    if (names.empty() || names.size() > kMaxGroupBy) return spot_.error(node.line, "field names no field");
    if (names.size() > 1 && out_.type != Type::value_count)
      return spot_.error(node.line, "several fields are for value_count");
    for (const auto& name : names) {
      note_unknown(name);
      if (auto field = field_of(name)) out_.fields.push_back(*field);
    }
    return {};
  }

  Result<double> number(const yaml::Node& node, const std::string& key, double most) {
    double value = 0;
    const std::string& text = node.scalar;
    auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size() || !(std::fabs(value) <= most))
      return spot_.error(node.line, "correlation condition '" + key + "' is '" + printable(text, 30) +
                                        "', not a number up to " +
                                        std::to_string(static_cast<int64_t>(most)));
    return value;
  }

  Status percentile(const yaml::Node& node) {
    ASSAY_TRY(out_.percentile, number(node, "percentile", 100));
    if (*out_.percentile < 0) return spot_.error(node.line, "percentile is below 0");
    return {};
  }

  Status bound(const std::string& key, const yaml::Node& node) {
    auto op = kOps.find(key);
    if (op == kOps.end())
      return spot_.error(node.line, "correlation condition '" + printable(key, 30) +
                                        "' is none of gt, gte, lt, lte, eq, neq");
    ASSAY_TRY(double value, number(node, key, counts() ? kMaxCount : kMaxBound));
    if (counts() && (value < 0 || value != std::floor(value)))
      return spot_.error(node.line, "correlation condition '" + key + "' counts: '" +
                                        printable(node.scalar, 30) + "' is no whole number");
    out_.bounds.push_back({op->second, value});
    return {};
  }

  const yaml::Node& node_;
  const Spot& spot_;
  Correlation out_;
};

}  // namespace

bool Correlation::Bound::holds(double counted) const {
  switch (op) {
    case Op::gt:
      return counted > value;
    case Op::gte:
      return counted >= value;
    case Op::lt:
      return counted < value;
    case Op::lte:
      return counted <= value;
    case Op::eq:
      return counted == value;
    case Op::neq:
      return counted != value;
  }
  return false;
}

bool Correlation::holds(double counted) const {
  return std::all_of(bounds.begin(), bounds.end(), [&](const Bound& bound) { return bound.holds(counted); });
}

bool Correlation::at_end() const {
  if (type == Type::value_avg || type == Type::value_percentile) return true;
  return std::any_of(bounds.begin(), bounds.end(), [](const Bound& bound) {
    return bound.op != Bound::Op::gt && bound.op != Bound::Op::gte;
  });
}

Result<Correlation> compile_correlation(const yaml::Node& node, const Spot& spot) {
  return CorrelationCompiler(node, spot).compile();
}

}  // namespace assay
