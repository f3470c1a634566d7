// Decisions as Markdown (GitHub's and GitLab's), for a pull request. Every word of an image stands in a code
// span, where nothing is a link, a mention, a reference, an image or HTML (CommonMark 0.31, 6.1).
#include <algorithm>

#include "common/text.h"
#include "decisions/form_parts.h"
#include "scheduler/score/text_layout.h"

namespace assay::decisions {
namespace {

constexpr size_t kMaxTold = 20;  // of one image; the other forms have all

// Fenced by more backticks than it has in a row. A pipe would end a table's cell even there.
std::string code(std::string_view text) {
  std::string inside = still_printable(text);
  if (inside.empty()) return "";
  size_t longest = 0, run = 0;
  for (char c : inside) longest = std::max(longest, run = c == '`' ? run + 1 : 0);
  std::string fence(longest + 1, '`'), out;
  for (char c : inside) out += c == '|' ? std::string("\\|") : std::string(1, c);
  bool pad = out.starts_with('`') || out.ends_with('`') || out.starts_with(' ') || out.ends_with(' ');
  return fence + (pad ? " " : "") + out + (pad ? " " : "") + fence;
}

std::string sentence(const Reason& reason) {
  std::string out;
  for (size_t i = 0; i < reason.parts.size(); ++i)
    out += i % 2 == 0 ? reason.parts[i] : code(reason.parts[i]);
  if (reason.parts.empty()) out = code(reason.text);
  const auto& waiver = reason.waived ? reason.waived : reason.lapsed;
  return waiver ? out + " " + code(waiver_text(*waiver, !reason.waived)) : out;
}

std::string word_of(const Reason& reason) {
  return reason.waived ? "waived" : reason.outcome == Outcome::fail ? "**fail**" : "warn";
}

std::string one(const Decision& decision) {
  std::string out = "### " + outcome_word(decision.outcome) + " " + code(decision.ref) + "\n\n";
  out += decision.verdict.empty()
             ? "No result"
             : "Verdict " + code(decision.verdict) + ", score " + std::to_string(decision.score) + " of 100";
  out += "; policy " + code(decision.policy) + ": " + counts_text(decision) + ".\n";
  if (!decision.digest.empty()) out += "\nDigest " + code(decision.digest) + "\n";
  if (!decision.reasons.empty()) out += "\n| | check | why |\n|---|---|---|\n";
  for (size_t i = 0; i < decision.reasons.size() && i < kMaxTold; ++i) {
    const Reason& reason = decision.reasons[i];
    out += "| " + word_of(reason) + " | " + code(reason.check) + " | " + sentence(reason) + " |\n";
  }
  if (decision.reasons.size() > kMaxTold)
    out +=
        "\nAnd " + std::to_string(decision.reasons.size() - kMaxTold) + " more, which the JSON form tells.\n";
  for (const Waiver& waiver : decision.unused) {
    bool expired = waiver.expires_s <= decision.decided_s;
    out += std::string("\n") + (expired ? "A waiver has expired: " : "A waiver expires soon: ") +
           code(waiver.rule) + " " + code(waiver_text(waiver, expired)) + "\n";
  }
  return out;
}

}  // namespace

std::string decisions_markdown(std::span<const Decision> decisions) {
  size_t fails = 0;
  for (const Decision& decision : decisions) fails += decision.outcome == Outcome::fail ? 1 : 0;
  std::string out = "## Assay: " + outcome_word(worst(decisions)) + "\n\n" +
                    layout::plural(decisions.size(), "image") + ", " + std::to_string(fails) + " failed.\n";
  for (const Decision& decision : decisions) out += "\n" + one(decision);
  return out;
}

}  // namespace assay::decisions
