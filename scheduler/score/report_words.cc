// Sentences from findings, completeness and footer.
#include "scheduler/score/report_words.h"

#include <algorithm>

#include "scheduler/score/text_layout.h"

namespace assay {
namespace {

using layout::plural;

int64_t run_ns(const Report& r) {
  for (const auto& phase : r.footer.phases)
    if (phase.phase == "run") return phase.duration_ns;
  return 0;
}

// "Mining protocol spoken to another host; name of a mining pool asked for; and 2 more findings."
std::string titles_of(const Report& r) {
  std::string out;
  size_t named = std::min<size_t>(r.findings.size(), 3);
  for (size_t i = 0; i < named; ++i) {
    std::string title = r.findings[i].title;
    bool acronym = title.size() > 1 && title[1] >= 'A' && title[1] <= 'Z';
    if (i > 0 && !acronym && title[0] >= 'A' && title[0] <= 'Z') title[0] = static_cast<char>(title[0] + 32);
    out += (i > 0 ? "; " : "") + title;
  }
  size_t more = r.findings.size() - named;
  if (more > 0) out += "; and " + plural(more, "more finding");
  return out + ".";
}

}  // namespace

std::string level_words(const std::string& level) { return level == "informational" ? "info" : level; }

std::string event_words(const Evidence& evidence) {
  return evidence.event == 0 ? "the whole run" : "event " + layout::count_text(evidence.event);
}

std::string reason(const Report& r) {
  switch (r.verdict) {
    case Verdict::malicious:
    case Verdict::suspicious:
      return titles_of(r);
    case Verdict::inconclusive:
      if (r.completeness.complete && !r.shortfall.empty())
        return "Nothing was proved against it, but it hardly ran: " + r.shortfall + ".";
      return "Nothing was proved against it, but not everything was seen: " +
             (r.completeness.reasons.empty() ? std::string("the trace is incomplete")
                                             : r.completeness.reasons[0]) +
             ".";
    case Verdict::clean:
      break;
  }
  if (r.findings.empty()) return "Nothing suspicious was seen, and nothing was lost.";
  return "Only weak signs, too few to suspect it: " + titles_of(r);
}

std::string ending(const Report& r) {
  const auto& footer = r.footer;
  std::string ran = run_ns(r) > 0 ? "ran " + layout::seconds_text(run_ns(r)) + ", " : "";
  if (footer.extension_ns > 0)
    ran += "given " + layout::seconds_text(footer.extension_ns) + " more than asked for, ";
  if (footer.made_up_ns > 0)
    ran += "and " + layout::seconds_text(footer.made_up_ns) + " for what a busy host took, ";
  switch (footer.reason) {
    case EndReason::exited:
      return ran + "ended by itself with status " + std::to_string(footer.exit_status);
    case EndReason::deadline:
      return ran + "stopped when its time was up";
    case EndReason::limit:
      return ran + "stopped at a limit";
    case EndReason::start_failed:
      return "could not be started";
    case EndReason::cancelled:
      return ran + "cancelled";
    case EndReason::guard:
      return ran + "killed: the sandbox's guard was hit, and its agent fenced";
  }
  return ran;
}

}  // namespace assay
