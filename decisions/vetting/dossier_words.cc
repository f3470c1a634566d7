// Words for standings, decisions and changes.
#include "decisions/vetting/dossier_words.h"

#include <algorithm>

#include "scheduler/score/text_layout.h"

namespace assay::decisions {
namespace {

using layout::count_text;
using layout::plural;

// "verdict: clean, now malicious"; nothing where they are equal.
void say_if(std::vector<std::string>& lines, const char* of, const std::string& before,
            const std::string& after) {
  auto shown = [](const std::string& text) { return text.empty() ? std::string("none") : text; };
  if (before != after) lines.push_back(std::string(of) + ": " + shown(before) + ", now " + shown(after));
}

}  // namespace

std::string standing_words(Standing standing) {
  if (standing == Standing::failed) return "NOT SCANNED";
  std::string out = to_string(standing);
  std::transform(out.begin(), out.end(), out.begin(),
                 [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; });
  return out;
}

std::string outcome_words(Outcome outcome) {
  switch (outcome) {
    case Outcome::pass:
      return "passes";
    case Outcome::warn:
      return "warns";
    case Outcome::fail:
      break;
  }
  return "fails";
}

std::string profile_words(const RunProfile& profile) {
  std::string out = layout::seconds_text(profile.duration_ms * 1'000'000);
  if (profile.extension_ms > 0)
    out += " and at most " + layout::seconds_text(profile.extension_ms * 1'000'000) + " more";
  out += ", network " + profile.network + ", persona " + profile.persona;
  if (!profile.platform.empty()) out += ", " + profile.platform;
  return out + (profile.provoke ? ", provoked by the run plan" : ", left to itself");
}

std::string completeness_words(const VettedImage& image) {
  std::string out = image.complete ? "complete" : "incomplete";
  out += image.lost == 0 ? ", no event lost" : ", " + plural(image.lost, "event") + " lost";
  for (const std::string& reason : image.not_seen) out += "; " + reason;
  return out + (image.shortfall.empty() ? "" : "; it hardly ran: " + image.shortfall);
}

std::string kind_words(const std::string& kind) {
  std::string out = kind;
  std::replace(out.begin(), out.end(), '_', ' ');
  return out;
}

std::string unseen_words(const std::vector<Unseen>& unseen) {
  std::string out;
  for (const Unseen& one : unseen)
    out += (out.empty() ? "" : ", ") + one.what + " (" + kind_words(one.kind) + ")";
  return out;
}

std::string change_words(const Change& change, bool added) {
  return (added ? "+ " : "- ") + kind_words(change.kind) + " " + change.what +
         (change.by.empty() ? "" : ", by " + change.by);
}

std::vector<std::string> change_lines(const ImageChange& change) {
  std::vector<std::string> lines;
  if (change.presence == "new") lines.push_back("was not in the earlier dossier");
  if (change.presence == "gone") lines.push_back("is not in this dossier any more");
  if (!change.presence.empty()) return lines;
  say_if(lines, "standing", change.old_standing, change.new_standing);
  say_if(lines, "verdict", change.old_verdict, change.new_verdict);
  say_if(lines, "decision", change.old_decision, change.new_decision);
  for (const std::string& text : change.new_deviations) lines.push_back("deviates anew: " + text);
  for (const std::string& text : change.gone_deviations) lines.push_back("deviates no more: " + text);
  for (const Change& one : change.added) lines.push_back(change_words(one, true));
  for (const Change& one : change.gone) lines.push_back(change_words(one, false));
  if (change.left_out > 0)
    lines.push_back("and " + plural(change.left_out, "more change") + " of its behaviour");
  if (change.old_digest != change.new_digest)
    lines.push_back(
        "another image: " + (change.old_digest.empty() ? "none" : change.old_digest.substr(0, 19)) +
        ", now " + (change.new_digest.empty() ? "none" : change.new_digest.substr(0, 19)));
  return lines;
}

std::string compared_words(const DossierComparison& comparison, const Dossier& now) {
  std::string out = "Since the dossier of " + layout::utc_text(comparison.created_s * 1'000'000'000) + ": ";
  uint64_t changed = comparison.changes.size();
  out += changed == 0 ? "nothing is otherwise"
                      : plural(changed, "image") + (changed == 1 ? " is" : " are") + " otherwise";
  out +=
      ", " + count_text(comparison.unchanged) + (comparison.unchanged == 1 ? " is" : " are") + " as before.";
  if (comparison.policy_sha256 != now.policy_sha256) out += " The policy is another one, too.";
  return out;
}

}  // namespace assay::decisions
