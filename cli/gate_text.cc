// Words and columns.
#include "cli/gate_text.h"

#include <algorithm>

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

std::string upper(const Decision& decision) {
  if (decision.outcome == Outcome::fail) return "FAIL";
  return decision.outcome == Outcome::warn ? "WARN" : "PASS";
}

Ink ink_of(Outcome outcome) {
  if (outcome == Outcome::fail) return Ink::red;
  return outcome == Outcome::warn ? Ink::yellow : Ink::green;
}

// A scalar of YAML in double quotes; still_printable() leaves no other character to escape.
std::string quoted(const std::string& text) {
  std::string out = "\"";
  for (char c : still_printable(text, 400)) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + "\"";
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
  void due(const Decision& decision);
  void how_to_waive(const Decision& decision);
  void advice(const Decision& decision);
  void field(const std::string& label, const std::string& value, Ink ink = Ink::plain);
  void verbatim(const std::string& label, const std::string& line) {
    out_ += std::string(kIndent, ' ') + paint_(Ink::dim, layout::pad(label, kLabel)) + line + "\n";
  }

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
  if (why.ends_with('.')) why.pop_back();
  if (more > 0) why += ", and " + layout::plural(more, "more reason");
  std::string line = still_printable(decision.ref, 400) + ": " + why;
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
  bool fails = reason.outcome == Outcome::fail;
  Ink ink = reason.waived ? Ink::plain : ink_of(reason.outcome);
  field(reason.waived ? "waived" : fails ? "fails" : "warns", reason.text, ink);
  const auto& waiver = reason.waived ? reason.waived : reason.lapsed;
  if (waiver) field("", decisions::waiver_text(*waiver, !reason.waived));
}

void GateText::due(const Decision& decision) {
  for (const Waiver& waiver : decision.unused) {
    bool expired = waiver.expires_s <= decision.decided_s;
    field("waiver",
          "of " + still_printable(waiver.rule + (waiver.subject.empty() ? "" : " " + waiver.subject)) +
              (expired ? " has expired: " : " expires soon: ") + decisions::waiver_text(waiver, expired));
  }
}

// As a policy has it. Lines to copy are not broken.
void GateText::how_to_waive(const Decision& decision) {
  auto waivable = [](const Reason& reason) {
    return !reason.waived && reason.outcome == Outcome::fail && reason.check != "unscanned";
  };
  const auto& reasons = decision.reasons;
  auto first = std::find_if(reasons.begin(), reasons.end(),
                            [&](const Reason& r) { return waivable(r) && !r.rule_id.empty(); });
  if (first == reasons.end()) first = std::find_if(reasons.begin(), reasons.end(), waivable);
  if (first == reasons.end()) return;
  field("waive", "a reason that somebody answers for, in the policy; the first, as an example:");
  std::vector<std::string> lines = {
      "waivers:", "  - rule: " + quoted(first->rule_id.empty() ? first->check : first->rule_title)};
  if (first->rule_id.empty() && !first->subject.empty())
    lines.push_back("    subject: " + quoted(first->subject));
  lines.push_back("    images: [" + quoted(decision.ref) + "]");
  lines.insert(lines.end(), {"    owner: WHO", "    reason: WHY", "    expires: YYYY-MM-DD"});
  for (const std::string& line : lines) verbatim("", line);
}

void GateText::advice(const Decision& decision) {
  if (!decision.scan_id.empty()) {
    std::string command = style_.report_command;
    size_t at = command.find("SCAN_ID");
    if (at != std::string::npos) command.replace(at, 7, decision.scan_id);
    verbatim("report", command);
  }
  how_to_waive(decision);
}

void GateText::decision(const Decision& decision) {
  if (!out_.empty()) out_ += "\n";
  head(decision);
  facts(decision);
  if (!decision.reasons.empty()) out_ += "\n";
  for (const Reason& one : decision.reasons) reason(one);
  if (!decision.unused.empty()) out_ += "\n";
  due(decision);
  if (!decision.scan_id.empty() || decision.outcome == Outcome::fail) out_ += "\n";
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
