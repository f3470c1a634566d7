// Words and columns.
#include "cli/gate_text.h"

#include <algorithm>

#include "cli/gate_order.h"
#include "common/text.h"
#include "scheduler/score/text_layout.h"

namespace assay::cli {
namespace {

using decisions::Decision;
using decisions::Outcome;
using decisions::Reason;
using decisions::Waiver;
using layout::Ink;

constexpr unsigned kIndent = 2, kLabel = 10;

std::string day(int64_t epoch_s) {
  // The end of a day is told as that day.
  return layout::utc_text((epoch_s - 1) * 1'000'000'000).substr(0, 10);
}

std::string upper(const Decision& decision) {
  if (decision.outcome == Outcome::fail) return "FAIL";
  return decision.outcome == Outcome::warn ? "WARN" : "PASS";
}

Ink ink_of(Outcome outcome) {
  if (outcome == Outcome::fail) return Ink::red;
  return outcome == Outcome::warn ? Ink::yellow : Ink::green;
}

class GateText {
 public:
  explicit GateText(const GateStyle& style)
      : style_(style), paint_(style.text.color), width_(std::clamp(style.text.width, 40u, 200u)) {}
  void decision(const Decision& decision);
  void total(std::span<const Decision> decisions);
  std::string text() { return std::move(out_); }

 private:
  void head(const Decision& decision);
  void facts(const Decision& decision);
  void reason(const Reason& reason);
  void unused(const Decision& decision);
  void advice(const Decision& decision);
  void field(const std::string& label, const std::string& value, Ink ink = Ink::plain);
  void verbatim(const std::string& line) { out_ += std::string(kIndent, ' ') + line + "\n"; }

  const GateStyle& style_;
  layout::Paint paint_;
  unsigned width_;
  std::string out_;
};

// "  label     value", with what does not fit below the value.
void GateText::field(const std::string& label, const std::string& value, Ink ink) {
  bool first = true;
  for (const std::string& line : layout::wrap(value, width_ - kIndent - kLabel)) {
    std::string left = layout::pad(first ? label : "", kLabel);
    out_ += std::string(kIndent, ' ') + paint_(Ink::dim, left) + paint_(ink, line) + "\n";
    first = false;
  }
}

void GateText::head(const Decision& decision) {
  const Reason* worst = nullptr;
  size_t more = 0;
  for (const Reason& reason : decision.reasons) {
    if (reason.waived || reason.outcome != decision.outcome) continue;
    worst == nullptr ? void(worst = &reason) : void(++more);
  }
  std::string why = worst != nullptr ? worst->text : "nothing that the policy asks about is against it";
  if (more > 0) why += "; and " + layout::plural(more, "more reason");
  std::string line = printable(decision.ref, 400) + ": " + why;
  bool first = true;
  for (const std::string& part : layout::wrap(line, width_ - 6)) {
    out_ += first ? paint_(ink_of(decision.outcome), upper(decision)) + "  " : std::string(6, ' ');
    out_ += paint_(Ink::bold, part) + "\n";
    first = false;
  }
}

void GateText::facts(const Decision& decision) {
  field("policy", decision.policy + " (sha256 " + decision.policy_sha256.substr(0, 12) + ")");
  if (!decision.digest.empty()) field("digest", decision.digest);
  if (!decision.verdict.empty())
    field("verdict", decision.verdict + ", score " + std::to_string(decision.score) + " of 100");
}

void GateText::reason(const Reason& reason) {
  std::string label = reason.waived ? "waived" : reason.outcome == Outcome::fail ? "fails" : "warns";
  out_ += "\n";
  field(label, reason.check + (reason.subject.empty() ? "" : " " + reason.subject),
        reason.waived ? Ink::plain : ink_of(reason.outcome));
  field("", reason.text);
  if (!reason.rule_id.empty()) field("rule", reason.rule_id);
  if (!reason.layer.empty()) field("layer", reason.layer);
  if (reason.waived)
    field("by",
          reason.waived->owner + ", until " + day(reason.waived->expires_s) + ": " + reason.waived->reason);
  if (reason.lapsed)
    field("lapsed", "a waiver of " + reason.lapsed->owner + " was good until " +
                        day(reason.lapsed->expires_s) + ": " + reason.lapsed->reason);
}

void GateText::unused(const Decision& decision) {
  if (decision.unused.empty()) return;
  out_ += "\n";
  for (const Waiver& waiver : decision.unused)
    field("waiver", "of " + waiver.rule + (waiver.subject.empty() ? "" : " " + waiver.subject) + ", by " +
                        waiver.owner + ": until " + day(waiver.expires_s));
}

// What is to be done about it. Lines to copy are not broken.
void GateText::advice(const Decision& decision) {
  if (decision.scan_id.empty() && decision.outcome == Outcome::pass) return;
  out_ += "\n";
  if (!decision.scan_id.empty()) {
    std::string command = style_.report_command;
    size_t at = command.find("SCAN_ID");
    if (at != std::string::npos) command.replace(at, 7, decision.scan_id);
    verbatim(paint_(Ink::dim, layout::pad("report", kLabel)) + command);
  }
  auto waivable = std::find_if(decision.reasons.begin(), decision.reasons.end(), [](const Reason& reason) {
    return !reason.waived && reason.outcome == Outcome::fail;
  });
  if (waivable == decision.reasons.end()) return;
  verbatim(paint_(Ink::dim, layout::pad("waive", kLabel)) + "in the policy, if somebody answers for it:");
  std::string what = waivable->rule_id.empty() ? waivable->check : waivable->rule_id;
  std::string indent(kLabel + 2, ' ');
  verbatim(indent + "waivers:");
  verbatim(indent + "  - rule: " + printable(what, 200));
  if (waivable->rule_id.empty() && !waivable->subject.empty())
    verbatim(indent + "    subject: \"" + printable(waivable->subject, 200) + "\"");
  verbatim(indent + "    images: [\"" + printable(decision.ref, 400) + "\"]");
  verbatim(indent + "    owner: WHO");
  verbatim(indent + "    reason: WHY");
  verbatim(indent + "    expires: YYYY-MM-DD");
}

void GateText::decision(const Decision& decision) {
  if (!out_.empty()) out_ += "\n";
  head(decision);
  facts(decision);
  for (const Reason& one : decision.reasons) reason(one);
  unused(decision);
  advice(decision);
}

void GateText::total(std::span<const Decision> decisions) {
  if (decisions.size() < 2) return;
  size_t failed = 0, warned = 0;
  for (const Decision& decision : decisions) {
    failed += decision.outcome == Outcome::fail;
    warned += decision.outcome == Outcome::warn;
  }
  out_ += "\n" + std::to_string(failed) + " of " + layout::plural(decisions.size(), "image") +
          (failed == 1 ? " fails, " : " fail, ") + std::to_string(warned) +
          (warned == 1 ? " warns\n" : " warn\n");
}

}  // namespace

std::string gate_text(std::span<const Decision> decisions, const GateStyle& style) {
  GateText text(style);
  for (const Decision& decision : decisions) text.decision(decision);
  text.total(decisions);
  return text.text();
}

}  // namespace assay::cli
