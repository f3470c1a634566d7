// From rules to a program: predicates shared, constants folded, children put in the order of their cost,
// needles compiled. Gates are chosen in program_gates.cc.
#include <re2/re2.h>

#include <algorithm>
#include <unordered_map>
#include <utility>

#include "common/ascii.h"
#include "common/text.h"
#include "scheduler/score/needles.h"
#include "scheduler/score/program.h"
#include "scheduler/score/rule.h"

namespace assay {

class ProgramBuilder {
 public:
  ProgramBuilder(const std::vector<Rule>& rules, const Program::ByCategory& by_category)
      : rules_(rules), by_category_(by_category) {}

  Result<Program> build() {
    out_.roots_.assign(rules_.size(), Program::kNever);
    for (size_t i = 0; i < rules_.size(); ++i) {
      if (!rules_[i].logsource || !rules_[i].detection) continue;
      out_.roots_[i] = detection(*rules_[i].detection);
      if (out_.predicates_.size() > Program::kMaxPredicates || out_.nodes_.size() > Program::kMaxNodes)
        return Error{Errc::limit, rules_[i].source + ": with rule '" + printable(rules_[i].title, 100) +
                                      "' the rules have more values than fit one program"};
    }
    ASSAY_CHECK(compile_columns());
    for (size_t c = 0; c < kCategoryCount; ++c) Program::make_gates(out_, by_category_[c], out_.gates_[c]);
    return std::move(out_);
  }

 private:
  using Kind = Program::Predicate::Kind;
  using Op = Program::Node::Op;
  static constexpr uint32_t kNever = Program::kNever, kAlways = Program::kAlways;

  uint32_t detection(const Detection& from) {
    const auto& [named, root] = from;  // all that there is: a third part would not compile
    std::vector<uint32_t> selections;
    for (const Selection& selection : named) {
      std::vector<uint32_t> alternatives;
      for (const auto& items : selection.alternatives) {
        std::vector<uint32_t> all;
        for (const Item& one : items) all.push_back(item(one));
        alternatives.push_back(join(Op::all, std::move(all), 0));
      }
      selections.push_back(join(Op::any, std::move(alternatives), 0));
    }
    return condition(root, root.root_, selections);
  }

  uint32_t condition(const Condition& from, size_t index, const std::vector<uint32_t>& selections) {
    const auto& node = from.nodes_[index];
    if (node.op == Condition::Op::selection) return selections[node.selection];
    std::vector<uint32_t> children;
    for (size_t child : node.children) children.push_back(condition(from, child, selections));
    switch (node.op) {
      case Condition::Op::negation:
        return negation(children[0]);
      case Condition::Op::all:
        return join(Op::all, std::move(children), 0);
      case Condition::Op::any:
        return join(Op::any, std::move(children), 0);
      case Condition::Op::selection:
      case Condition::Op::count:
        break;
    }
    return join(Op::count, std::move(children), node.needed);
  }

  uint32_t item(const Item& from) {
    if (!understood(from))
      return predicate({Kind::item, 0, nullptr, &from}, "item " + std::to_string(++items_));
    std::vector<uint32_t> values, forms;  // forms of one value stand together
    for (size_t i = 0; i < from.values.size(); ++i) {
      if (i > 0 && form_of(from.values[i], i) != form_of(from.values[i - 1], i - 1))
        values.push_back(join(Op::any, std::exchange(forms, {}), 0));
      forms.push_back(value(from, from.values[i]));
    }
    if (!forms.empty()) values.push_back(join(Op::any, std::move(forms), 0));
    uint32_t joined = join(from.all ? Op::all : Op::any, std::move(values), 0);
    return from.negated ? negation(joined) : joined;
  }

  // Which of the rule's values it is a form of, where the language has forms.
  template <class AnyValue>
  static size_t form_of(const AnyValue& value, size_t index) {
    if constexpr (requires { value.written; }) return value.written;
    return index;
  }

  // What a program knows of the language. Items that say more are asked whole.
  template <class AnyItem>
  static bool understood(const AnyItem& item) {
    if constexpr (requires { item.unanswerable; })
      if (!item.unanswerable.empty()) return false;
    return std::all_of(item.values.begin(), item.values.end(), [](const auto& value) {
      if constexpr (requires { value.part; })
        if (value.part != decltype(value.part){}) return false;
      return is_known(value.op);
    });
  }

  static bool is_known(Value::Op op) {
    using O = Value::Op;
    switch (op) {
      case O::equals:
      case O::contains:
      case O::startswith:
      case O::endswith:
      case O::glob:
      case O::re:
      case O::cidr:
      case O::missing:
      case O::exists:
      case O::absent:
      case O::gt:
      case O::gte:
      case O::lt:
      case O::lte:
        return true;
      default:
        return false;
    }
  }

  uint32_t value(const Item& of, const Value& from) {
    auto column = static_cast<uint16_t>(of.keyword ? kFieldCount : static_cast<size_t>(of.field));
    bool known = of.keyword || of.known;
    auto present = [&] {
      return known ? predicate({Kind::present, column, nullptr, nullptr}, "present " + std::to_string(column))
                   : kNever;
    };
    bool missing = from.op == Value::Op::missing || from.op == Value::Op::absent;
    if (missing) return of.keyword ? kNever : negation(present());
    if (!known) return kNever;
    if (from.op == Value::Op::exists) return present();
    bool empty = from.text.empty();  // and no value of a record is
    if (from.op == Value::Op::equals && empty) return kNever;
    if ((from.op == Value::Op::contains || from.op == Value::Op::startswith ||
         from.op == Value::Op::endswith) &&
        empty)
      return present();
    return predicate({Kind::value, column, &from, nullptr}, key_of(column, from));
  }

  static std::string key_of(uint16_t column, const Value& value) {
    std::string key = std::to_string(column) + ' ' + std::to_string(static_cast<int>(value.op)) +
                      (value.cased ? 'c' : 'i') + std::to_string(value.number) + ' ';
    key.append(reinterpret_cast<const char*>(&value.number), sizeof value.number);
    key.append(reinterpret_cast<const char*>(value.glob.tokens.data()), value.glob.tokens.size() * 2);
    key.append(reinterpret_cast<const char*>(value.cidr.base.bytes.data()), value.cidr.base.bytes.size());
    key += (value.cidr.base.v6 ? '6' : '4') + std::to_string(value.cidr.prefix) + ' ';
    return key + (value.op == Value::Op::re ? value.regex->pattern() : value.text);
  }

  uint32_t predicate(Program::Predicate fresh, const std::string& key) {
    auto [at, is_new] = predicates_.emplace(key, 0);
    if (!is_new) return at->second;
    out_.predicates_.push_back(fresh);
    auto number = static_cast<uint32_t>(out_.predicates_.size() - 1);
    return at->second = add({Op::predicate, number, 0, 0});
  }

  uint32_t add(Program::Node node) {
    out_.nodes_.push_back(node);
    return static_cast<uint32_t>(out_.nodes_.size() - 1);
  }

  uint32_t negation(uint32_t child) {
    if (child == kNever) return kAlways;
    if (child == kAlways) return kNever;
    return add({Op::negation, push({child}), 1, 0});
  }

  uint32_t push(const std::vector<uint32_t>& children) {
    auto first = static_cast<uint32_t>(out_.children_.size());
    out_.children_.insert(out_.children_.end(), children.begin(), children.end());
    return first;
  }

  // All, any and count are one: at least `needed` of the children. `count` counts a child that stands twice
  // twice, as Condition does.
  uint32_t join(Op op, std::vector<uint32_t> children, size_t count) {
    size_t needed = op == Op::all ? children.size() : op == Op::any ? 1 : count;
    size_t certain = static_cast<size_t>(std::count(children.begin(), children.end(), kAlways));
    std::erase_if(children, [](uint32_t child) { return child >= kAlways; });
    if (certain >= needed) return kAlways;
    needed -= certain;
    if (needed > children.size()) return kNever;
    if (children.size() == 1) return children[0];
    Op made = needed == 1 ? Op::any : needed == children.size() ? Op::all : Op::count;
    std::stable_sort(children.begin(), children.end(),
                     [&](uint32_t a, uint32_t b) { return cost(a) < cost(b); });
    uint32_t first = push(children);
    return add({made, first, static_cast<uint32_t>(children.size()), static_cast<uint32_t>(needed)});
  }

  /// Of asking; a node costs what its cheapest child does, with which it begins.
  int cost(uint32_t number) const {
    const Program::Node& node = out_.nodes_[number];
    if (node.op != Op::predicate) return 1 + cost(out_.children_[node.first]);
    const Program::Predicate& predicate = out_.predicates_[node.first];
    if (predicate.kind == Kind::present) return 0;
    if (predicate.kind == Kind::item) return 1000;
    switch (predicate.value->op) {
      case Value::Op::gt:
      case Value::Op::gte:
      case Value::Op::lt:
      case Value::Op::lte:
        return 100;
      case Value::Op::cidr:
        return 300;
      case Value::Op::re:
        return 500;
      default:
        return predicate.column == kFieldCount ? 400 : is_long(predicate.column) ? 200 : 150;
    }
  }

  static bool is_long(uint16_t column) {
    auto field = static_cast<Field>(column);
    return field == Field::CommandLine || field == Field::ParentCommandLine || field == Field::Environment ||
           field == Field::Data;
  }

  Status compile_columns() {
    for (uint32_t i = 0; i < out_.predicates_.size(); ++i) {
      auto& predicate = out_.predicates_[i];
      if (predicate.kind != Kind::value) continue;
      auto& column = out_.columns_[predicate.column];
      const Value& value = *predicate.value;
      if (value.op == Value::Op::equals) {
        column.equals[ascii_lower(value.text)].push_back(i);
        column.longest = std::max(column.longest, value.text.size());
      } else if (!add_needles(i, value, predicate.column)) {
        continue;
      }
      predicate.kind = Kind::text;
      column.texts.push_back(i);
    }
    if (!PatternSet::available()) return {};  // each text is asked, then
    for (size_t i = 0; i < Program::kColumns; ++i) {
      if (needles_[i].empty()) continue;
      ASSAY_TRY(out_.columns_[i].patterns, PatternSet::compile(needles_[i]));
      ASSAY_CHECK(out_.columns_[i].patterns->prepare(out_.scratch_));
    }
    return {};
  }

  bool add_needles(uint32_t predicate, const Value& value, uint16_t column) {
    auto needles = needles_of(value, PatternSet::kMaxPatternBytes);
    auto& needs = out_.columns_[column].needs;
    for (const std::string& needle : needles) {
      auto [at, is_new] = needle_numbers_[column].emplace(needle, needs.size());
      if (is_new) {
        needs.emplace_back();
        needles_[column].push_back(needle);
      }
      needs[at->second].push_back(predicate);
    }
    return !needles.empty();
  }

  const std::vector<Rule>& rules_;
  const Program::ByCategory& by_category_;
  Program out_;
  std::unordered_map<std::string, uint32_t> predicates_;  // to their nodes
  std::array<std::vector<std::string>, Program::kColumns> needles_;
  std::array<std::unordered_map<std::string, size_t>, Program::kColumns> needle_numbers_;
  size_t items_ = 0;
};

Result<Program> Program::compile(const std::vector<Rule>& rules, const ByCategory& by_category) {
  return ProgramBuilder(rules, by_category).build();
}

Program Program::reference(const std::vector<Rule>& rules, const ByCategory& by_category) {
  Program out;
  out.rules_ = &rules;
  for (size_t i = 0; i < rules.size(); ++i) {
    out.roots_.push_back(static_cast<uint32_t>(i));
    out.nodes_.push_back({Node::Op::detection, static_cast<uint32_t>(i), 0, 0});
  }
  for (size_t c = 0; c < kCategoryCount; ++c)
    out.gates_[c].always.assign(by_category[c].begin(), by_category[c].end());
  return out;
}

}  // namespace assay
