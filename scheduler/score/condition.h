// condition: a rule's condition over its named selections: and, or, not, parentheses, "1 of x*", "all of
// them". Compiled to a small tree.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "common/result.h"

namespace assay {

class Condition {
 public:
  static constexpr size_t kMaxLength = 4096;
  static constexpr int kMaxDepth = 32;

  /// `names`: of the selections, in the order that eval() asks for them by index. Errc::invalid names the
  /// word that is wrong.
  static Result<Condition> compile(const std::string& text, const std::vector<std::string>& names);
  /// Any of several conditions.
  static Condition any_of(std::vector<Condition> conditions);
  /// This one, and `other` as well, whose selections begin at `shift`.
  Condition with(const Condition& other, size_t shift) const;
  /// Asks for a selection only when the outcome depends on it.
  bool eval(const std::function<bool(size_t selection)>& matches) const { return eval(matches, root_); }

  /// What can be known of a selection or a condition before there is an event. Neither: no event answers it.
  struct Outlook {
    bool can_hold = true, can_fail = true;
  };
  Outlook outlook(const std::function<Outlook(size_t selection)>& of) const { return outlook(of, root_); }

 private:
  friend class ConditionParser;
  enum class Op { selection, negation, all, any, count };
  struct Node {
    Op op;
    size_t selection = 0;
    size_t needed = 0;             // count
    std::vector<size_t> children;  // indices into nodes_
  };
  bool eval(const std::function<bool(size_t)>& matches, size_t index) const;
  Outlook outlook(const std::function<Outlook(size_t)>& of, size_t index) const;
  /// Appends the other's nodes; returns the index of its root among ours.
  size_t adopt(const Condition& other, size_t shift);
  std::vector<Node> nodes_;
  size_t root_ = 0;
};

}  // namespace assay
