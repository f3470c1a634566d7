// Decisions for a terminal: the outcome first, then why, then what to look after.
#include "decisions/form_parts.h"

#include "common/text.h"
#include "scheduler/score/text_layout.h"

namespace assay::decisions {
namespace {

constexpr size_t kWidth = 100, kIndent = 10;

void paragraph(std::string& out, const std::string& head, const std::string& text) {
  bool first = true;
  for (const std::string& line : layout::wrap(text, kWidth - kIndent)) {
    out += first ? layout::pad("  " + head, kIndent) : std::string(kIndent, ' ');
    out += line + "\n";
    first = false;
  }
}

std::string word_of(const Reason& reason) {
  return reason.waived ? "waived" : reason.outcome == Outcome::fail ? "fail" : "warn";
}

std::string one(const Decision& decision) {
  std::string out = outcome_word(decision.outcome) + "  " + still_printable(image_of(decision)) + "\n";
  std::string verdict = decision.verdict.empty()
                            ? "no result"
                            : decision.verdict + ", score " + std::to_string(decision.score) + " of 100";
  out += "  " + verdict + "; policy " + decision.policy + ": " + counts_text(decision) + "\n";
  if (!decision.reasons.empty()) out += "\n";
  for (const Reason& reason : decision.reasons)
    paragraph(out, word_of(reason), "[" + reason.check + "] " + still_printable(told(reason)));
  if (!decision.unused.empty()) out += "\n";
  for (const Waiver& waiver : decision.unused) {
    bool expired = waiver.expires_s <= decision.decided_s;
    paragraph(out, "waiver",
              still_printable(waiver.rule + (waiver.subject.empty() ? "" : " " + waiver.subject)) + " " +
                  (expired ? "has expired: " : "expires soon: ") + waiver_text(waiver, expired));
  }
  return out;
}

}  // namespace

std::string decisions_text(std::span<const Decision> decisions) {
  std::string out;
  for (const Decision& decision : decisions) out += (out.empty() ? "" : "\n") + one(decision);
  if (decisions.size() < 2) return out;
  size_t counts[3] = {};
  for (const Decision& decision : decisions) ++counts[static_cast<size_t>(decision.outcome)];
  return out + "\n" + layout::plural(decisions.size(), "image") + ": " + std::to_string(counts[2]) +
         " fail, " + std::to_string(counts[1]) + " pass with warnings, " + std::to_string(counts[0]) +
         " pass\n";
}

}  // namespace assay::decisions
