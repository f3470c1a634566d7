// Whether any event can fulfil a rule: which fields its category has, which placeholders have values.
#include "common/text.h"
#include "scheduler/score/fields.h"
#include "scheduler/score/rule.h"

namespace assay {

namespace {

// Why no record of the category answers the item; empty where one does.
std::string why_unanswerable(const Item& item, Category category) {
  if (!item.unanswerable.empty()) return item.unanswerable;
  auto lacking = [&](std::string_view name) {
    return "field " + printable(name, 50) + " is one that no event of category " + to_string(category) +
           " has";
  };
  if (item.keyword) return "";
  if (!item.known || !has_field(category, item.field)) return lacking(item.key.substr(0, item.key.find('|')));
  for (const auto& value : item.values)
    if (value.op == Value::Op::fieldref && !has_field(category, value.other)) return lacking(value.text);
  return "";
}

// What is not answered neither holds nor fails: a rule must not fire because nobody looked.
Condition::Outlook outlook(const Selection& selection, Category category, std::string& reason) {
  Condition::Outlook out{false, true};
  for (const auto& items : selection.alternatives) {
    bool can_hold = true, can_fail = false;
    for (const auto& item : items) {
      std::string why = why_unanswerable(item, category);
      if (why.empty()) {
        can_fail = true;
      } else {
        can_hold = false;
        if (reason.empty()) reason = why;
      }
    }
    out.can_hold = out.can_hold || can_hold;
    out.can_fail = out.can_fail && can_fail;
  }
  return out;
}

}  // namespace

std::string why_not_evaluated(const Rule& rule) {
  if (rule.correlation) return rule.correlation->unanswerable;
  if (!rule.detection || !rule.logsource) return rule.reason;
  std::string reason;
  auto of = [&](size_t index) { return outlook(rule.detection->selections[index], *rule.logsource, reason); };
  if (rule.detection->condition.outlook(of).can_hold) return "";
  return reason.empty() ? "its condition can never hold" : reason;
}

}  // namespace assay
