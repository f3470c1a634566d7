// Which predicates let a rule be looked at: some of which at least one holds whenever the rule does, and as
// rare as its condition allows.
#include <re2/re2.h>

#include <algorithm>

#include "scheduler/score/program.h"
#include "scheduler/score/rule.h"

namespace assay {

class ProgramGates {
 public:
  explicit ProgramGates(const Program& program) : program_(program) {}

  void make(const std::vector<size_t>& rules, Program::Gates& gates) const {
    if (rules.empty()) return;
    std::vector<std::vector<uint32_t>> opened(program_.predicates_.size());
    for (size_t rule : rules) {
      Gate of = gate(program_.roots_[rule]);
      if (!of.exists) gates.always.push_back(static_cast<uint32_t>(rule));
      for (uint32_t predicate : of.predicates) opened[predicate].push_back(static_cast<uint32_t>(rule));
    }
    std::array<bool, Program::kColumns> scanned{};
    for (uint32_t i = 0; i < opened.size(); ++i) {
      gates.from.push_back(static_cast<uint32_t>(gates.rules.size()));
      gates.rules.insert(gates.rules.end(), opened[i].begin(), opened[i].end());
      if (opened[i].empty()) continue;
      if (program_.predicates_[i].kind == Kind::text)
        scanned[program_.predicates_[i].column] = true;
      else
        gates.asked.push_back(i);
    }
    gates.from.push_back(static_cast<uint32_t>(gates.rules.size()));
    for (uint16_t column = 0; column < Program::kColumns; ++column)
      if (scanned[column]) gates.columns.push_back(column);
  }

 private:
  using Kind = Program::Predicate::Kind;
  using Op = Program::Node::Op;

  /// Predicates of which at least one holds whenever a node does; and how often one will, roughly.
  struct Gate {
    bool exists = false;
    double chance = 1;
    std::vector<uint32_t> predicates;
  };

  // How often a record has it: a guess, from how much it says.
  double chance(const Program::Predicate& predicate) const {
    if (predicate.kind == Kind::present) return 0.9;
    const Value& value = *predicate.value;
    size_t said = value.op == Value::Op::re     ? value.regex->pattern().size() / 3
                  : value.op == Value::Op::glob ? value.glob.tokens.size()
                                                : value.text.size();
    if (value.op == Value::Op::equals && (value.text == "true" || value.text == "false")) return 0.5;
    if (predicate.kind != Kind::text) return 0.6;
    double base = predicate.column == static_cast<size_t>(Field::Ancestors) ? 0.3 : 0.1;
    return base / static_cast<double>(1 + std::min<size_t>(said, 20));
  }

  Gate gate(uint32_t number) const {
    Gate out;
    if (number == Program::kAlways) return out;
    out.exists = true;
    out.chance = 0;
    if (number == Program::kNever) return out;
    const Program::Node& node = program_.nodes_[number];
    if (node.op == Op::negation) return {};
    if (node.op == Op::predicate) {
      const auto& predicate = program_.predicates_[node.first];
      if (predicate.kind == Kind::item) return {};
      return {true, chance(predicate), {node.first}};
    }
    // Where `needed` of the children hold, one of any (children - needed + 1) does: the unlikeliest ones.
    std::vector<Gate> gates;
    for (uint32_t i = 0; i < node.children; ++i) gates.push_back(gate(program_.children_[node.first + i]));
    std::stable_sort(gates.begin(), gates.end(),
                     [](const Gate& a, const Gate& b) { return a.chance < b.chance; });
    size_t needed = node.op == Op::all ? node.children : node.op == Op::any ? 1 : node.needed;
    for (size_t i = 0; i < node.children - needed + 1; ++i) {
      if (!gates[i].exists) return {};
      out.chance += gates[i].chance;
      out.predicates.insert(out.predicates.end(), gates[i].predicates.begin(), gates[i].predicates.end());
    }
    return out;
  }

  const Program& program_;
};

void Program::make_gates(const Program& program, const std::vector<size_t>& rules, Gates& gates) {
  ProgramGates(program).make(rules, gates);
}

}  // namespace assay
