// Recursive descent over the condition's words: or binds weakest, then and, then not.
#include "scheduler/score/condition.h"

#include <algorithm>
#include <charconv>

#include "common/ascii.h"
#include "common/text.h"
#include "scheduler/score/match.h"

namespace assay {
namespace {

Error wrong(const std::string& what) { return {Errc::invalid, "condition: " + what}; }

Result<std::vector<std::string>> words_of(const std::string& text) {
  if (text.size() > Condition::kMaxLength)
    return wrong("longer than " + std::to_string(Condition::kMaxLength) + " characters");
  std::vector<std::string> words;
  bool open = false;  // the last word can still grow
  for (char c : text) {
    bool space = c == ' ' || c == '\t' || c == '\n' || c == '\r';
    if (c == '|') return wrong("'|': aggregations are Sigma 1's and not supported; write a correlation rule");
    if (space || c == '(' || c == ')') {
      open = false;
      if (!space) words.emplace_back(1, c);
    } else if (open) {
      words.back().push_back(c);
    } else {
      words.emplace_back(1, c);
      open = true;
    }
  }
  return words;
}

bool name_matches(const std::string& pattern, const std::string& name) {
  Glob glob;
  for (char c : pattern) glob.tokens.push_back(c == '*' ? Glob::kAny : static_cast<uint8_t>(c));
  return glob.matches(name);
}

}  // namespace

class ConditionParser {
 public:
  ConditionParser(std::vector<std::string> words, const std::vector<std::string>& names)
      : words_(std::move(words)), names_(names) {}

  Result<Condition> parse() {
    ASSAY_TRY(out_.root_, disjunction(0));
    if (at_ < words_.size() && ascii_lower(words_[at_]) == "near")
      return wrong("'near' is Sigma 1's and not supported; write a correlation rule of type temporal");
    if (at_ < words_.size())
      return wrong("'" + printable(words_[at_], 50) + "' stands where 'and' or 'or' is expected");
    return std::move(out_);
  }

 private:
  using Op = Condition::Op;

  bool take(const char* word) {
    if (at_ >= words_.size() || ascii_lower(words_[at_]) != word) return false;
    ++at_;
    return true;
  }
  size_t add(Condition::Node node) {
    out_.nodes_.push_back(std::move(node));
    return out_.nodes_.size() - 1;
  }

  Result<size_t> disjunction(int depth) {
    if (depth > Condition::kMaxDepth)
      return wrong("nested deeper than " + std::to_string(Condition::kMaxDepth) + " levels");
    Condition::Node node{Op::any, 0, 0, {}};
    do {
      ASSAY_TRY(auto child, conjunction(depth));
      node.children.push_back(child);
    } while (take("or"));
    return node.children.size() == 1 ? node.children[0] : add(std::move(node));
  }

  Result<size_t> conjunction(int depth) {
    Condition::Node node{Op::all, 0, 0, {}};
    do {
      ASSAY_TRY(auto child, negation(depth));
      node.children.push_back(child);
    } while (take("and"));
    return node.children.size() == 1 ? node.children[0] : add(std::move(node));
  }

  Result<size_t> negation(int depth) {
    bool negated = false;
    while (take("not")) negated = !negated;
    ASSAY_TRY(auto child, primary(depth));
    return negated ? add({Op::negation, 0, 0, {child}}) : child;
  }

  Result<size_t> primary(int depth) {
    if (at_ >= words_.size()) return wrong("it ends where a selection is expected");
    if (take("(")) {
      ASSAY_TRY(auto inside, disjunction(depth + 1));
      if (!take(")")) return wrong("a parenthesis is not closed");
      return inside;
    }
    if (at_ + 1 < words_.size() && ascii_lower(words_[at_ + 1]) == "of") return quantity();
    const std::string& name = words_[at_];
    auto found = std::find(names_.begin(), names_.end(), name);
    if (found == names_.end()) return wrong("there is no selection '" + printable(name, 50) + "'");
    ++at_;
    return add({Op::selection, static_cast<size_t>(found - names_.begin()), 0, {}});
  }

  // "1 of x*", "all of them", "any of ...".
  Result<size_t> quantity() {
    std::string count = ascii_lower(words_[at_]);
    at_ += 2;
    if (at_ >= words_.size()) return wrong("it ends behind 'of'");
    std::string pattern = words_[at_++];
    Condition::Node node{Op::count, 0, 1, {}};
    for (size_t i = 0; i < names_.size(); ++i) {
      bool taken =
          ascii_lower(pattern) == "them" ? !names_[i].starts_with("_") : name_matches(pattern, names_[i]);
      if (taken) node.children.push_back(add({Op::selection, i, 0, {}}));
    }
    if (node.children.empty()) return wrong("no selection is called '" + printable(pattern, 50) + "'");
    if (count == "all") {
      node.needed = node.children.size();
    } else if (count != "any") {
      auto [end, error] = std::from_chars(count.data(), count.data() + count.size(), node.needed);
      if (error != std::errc() || end != count.data() + count.size() || node.needed == 0)
        return wrong("'" + printable(count, 50) + " of' is not '1 of', 'any of' or 'all of'");
    }
    return add(std::move(node));
  }

  std::vector<std::string> words_;
  const std::vector<std::string>& names_;
  size_t at_ = 0;
  Condition out_;
};

Result<Condition> Condition::compile(const std::string& text, const std::vector<std::string>& names) {
  ASSAY_TRY(auto words, words_of(text));
  return ConditionParser(std::move(words), names).parse();
}

size_t Condition::adopt(const Condition& other, size_t shift) {
  size_t offset = nodes_.size();
  for (Node node : other.nodes_) {
    for (auto& child : node.children) child += offset;
    node.selection += shift;
    nodes_.push_back(std::move(node));
  }
  return other.root_ + offset;
}

Condition Condition::any_of(std::vector<Condition> conditions) {
  if (conditions.size() == 1) return std::move(conditions[0]);
  Condition out;
  Node root{Op::any, 0, 0, {}};
  for (const auto& condition : conditions) root.children.push_back(out.adopt(condition, 0));
  out.nodes_.push_back(std::move(root));
  out.root_ = out.nodes_.size() - 1;
  return out;
}

Condition Condition::with(const Condition& other, size_t shift) const {
  Condition out = *this;
  size_t added = out.adopt(other, shift);
  out.nodes_.push_back({Op::all, 0, 0, {root_, added}});
  out.root_ = out.nodes_.size() - 1;
  return out;
}

Condition::Outlook Condition::outlook(const std::function<Outlook(size_t)>& of, size_t index) const {
  const Node& node = nodes_[index];
  if (node.op == Op::selection) return of(node.selection);
  size_t holding = 0, failing = 0;  // children that can
  for (size_t child : node.children) {
    Outlook one = outlook(of, child);
    holding += one.can_hold;
    failing += one.can_fail;
  }
  size_t count = node.children.size();
  if (node.op == Op::negation) return {failing > 0, holding > 0};
  size_t needed = node.op == Op::all ? count : node.op == Op::any ? 1 : node.needed;
  return {holding >= needed, failing > count - std::min(count, needed)};
}

bool Condition::eval(const std::function<bool(size_t)>& matches, size_t index) const {
  const Node& node = nodes_[index];
  auto holds = [&](size_t child) { return eval(matches, child); };
  switch (node.op) {
    case Op::selection:
      return matches(node.selection);
    case Op::negation:
      return !holds(node.children[0]);
    case Op::all:
      return std::all_of(node.children.begin(), node.children.end(), holds);
    case Op::any:
      return std::any_of(node.children.begin(), node.children.end(), holds);
    case Op::count:
      break;
  }
  size_t held = 0;
  for (size_t i = 0; i < node.children.size() && held < node.needed; ++i) {
    if (held + (node.children.size() - i) < node.needed) return false;
    if (holds(node.children[i])) ++held;
  }
  return held >= node.needed;
}

}  // namespace assay
