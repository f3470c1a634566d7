// A difference for people and for programs.
#include <algorithm>
#include <nlohmann/json.hpp>

#include "common/text.h"
#include "scheduler/score/report_diff.h"
#include "scheduler/score/text_layout.h"

namespace assay {
namespace {

using Json = nlohmann::ordered_json;
constexpr size_t kKind = 12, kMaxShown = 60;

void write(const std::vector<ReportDiff::Item>& items, const char* sign, size_t width, std::string& out) {
  for (size_t i = 0; i < items.size() && i < kMaxShown; ++i)
    out += std::string(sign) + " " + layout::pad(items[i].kind, kKind) +
           layout::fit(still_printable(items[i].what), std::max<size_t>(width, kKind + 12) - kKind - 2) + "\n";
  if (items.size() > kMaxShown)
    out += std::string(sign) + " … and " + layout::count_text(items.size() - kMaxShown) + " more\n";
}

Json list(const std::vector<ReportDiff::Item>& items) {
  Json out = Json::array();
  for (const auto& item : items) out.push_back({{"kind", item.kind}, {"what", still_printable(item.what)}});
  return out;
}

}  // namespace

std::string diff_text(const ReportDiff& diff, size_t width) {
  std::string out;
  if (diff.old_verdict != diff.new_verdict)
    out += "verdict: " + diff.old_verdict + " -> " + diff.new_verdict + ", score " +
           std::to_string(diff.old_score) + " -> " + std::to_string(diff.new_score) + "\n";
  write(diff.added, "+", width, out);
  write(diff.gone, "-", width, out);
  if (diff.left_out > 0) out += "… and " + layout::count_text(diff.left_out) + " more of a kind\n";
  return out.empty() ? "Both did the same.\n" : out;
}

std::string diff_json(const ReportDiff& diff) {
  return Json{{"schema", "assay.diff/1"},
              {"verdict", {{"old", still_printable(diff.old_verdict)}, {"new", still_printable(diff.new_verdict)}}},
              {"score", {{"old", diff.old_score}, {"new", diff.new_score}}},
              {"added", list(diff.added)},
              {"gone", list(diff.gone)},
              {"left_out", diff.left_out}}
      .dump();
}

}  // namespace assay
