// A difference for people and for programs.
#include <algorithm>
#include <nlohmann/json.hpp>

#include "common/text.h"
#include "scheduler/score/behaviour.h"
#include "scheduler/score/change_lines.h"
#include "scheduler/score/text_layout.h"

namespace assay {
namespace {

using Json = nlohmann::ordered_json;

Json list(const std::vector<Change>& changes) {
  Json out = Json::array();
  for (const Change& change : changes)
    out.push_back({{"kind", still_printable(change.kind)},
                   {"what", still_printable(change.what)},
                   {"by", still_printable(change.by)},
                   {"layer", still_printable(change.layer)}});
  return out;
}

Json side(const Behaviour& run) {
  return {{"scan_id", still_printable(run.scan_id)},
          {"ref", still_printable(run.ref)},
          {"digest", still_printable(run.digest)},
          {"verdict", still_printable(run.verdict)},
          {"score", run.score}};
}

}  // namespace

std::string diff_text(const BehaviourDiff& diff, size_t width) {
  std::string out;
  if (diff.before.verdict != diff.after.verdict)
    out += "verdict: " + still_printable(diff.before.verdict) + " -> " + still_printable(diff.after.verdict) +
           ", score " + std::to_string(diff.before.score) + " -> " + std::to_string(diff.after.score) + "\n";
  for (const std::string& line : change_lines(diff.added, "+", diff.after.layers, width)) out += line + "\n";
  for (const std::string& line : change_lines(diff.gone, "-", diff.before.layers, width)) out += line + "\n";
  if (diff.left_out > 0) out += "… and " + layout::count_text(diff.left_out) + " more of a kind\n";
  return out.empty() ? "Both did the same.\n" : out;
}

std::string diff_json(const BehaviourDiff& diff) {
  return Json{{"schema", "assay.diff/2"},  {"before", side(diff.before)}, {"after", side(diff.after)},
              {"added", list(diff.added)}, {"gone", list(diff.gone)},     {"left_out", diff.left_out}}
      .dump();
}

}  // namespace assay
