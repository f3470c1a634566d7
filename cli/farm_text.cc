// Words and columns.
#include "cli/farm_text.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <vector>

#include "cli/table.h"
#include "cli/watched.h"
#include "common/text.h"
#include "scheduler/score/text_layout.h"

namespace assay::cli {
namespace {

constexpr size_t kMaxShownBytes = 200;  // of one text from the server
constexpr size_t kMaxMissedRows = 50;
constexpr size_t kLeastRef = 20;  // columns of a reference that was cut

// The worst first: what a person looks for.
constexpr const char* kOrder[] = {"malicious", "suspicious", "inconclusive", "failed", "missed",
                                  "cancelled", "clean",      "met",          "open",   "queued",
                                  "leased",    "shipped",    "done"};

size_t rank(const std::string& name) {
  return static_cast<size_t>(std::find(std::begin(kOrder), std::end(kOrder), name) - std::begin(kOrder));
}

std::vector<std::pair<std::string, uint64_t>> ordered(const Counts& counts) {
  std::vector<std::pair<std::string, uint64_t>> out(counts.begin(), counts.end());
  std::stable_sort(out.begin(), out.end(),
                   [](const auto& a, const auto& b) { return rank(a.first) < rank(b.first); });
  return out;
}

std::string field(const char* label, const std::string& text) {
  if (text.empty()) return {};
  char head[16];
  std::snprintf(head, sizeof head, "%-10s ", label);
  return head + still_printable(text, 1024) + "\n";
}

}  // namespace

std::string outcome(const ScanView& scan) { return scan.state == "done" ? scan.verdict : scan.state; }

std::string fit_end(const std::string& text, size_t width) {
  size_t columns = layout::columns(text);
  if (columns <= width || width < 4) return text;
  size_t at = 0;
  for (size_t left = columns - (width - 3); at < text.size(); ++at)
    if ((static_cast<uint8_t>(text[at]) & 0xc0) != 0x80 && left-- == 0)
      break;  // the next character's first byte
  return "..." + text.substr(at);
}

std::string scan_line(const ScanView& scan, unsigned width) {
  std::string score = scan.state == "done" ? std::to_string(scan.score) : "-";
  std::string head = scan.scan_id + "  " + layout::pad(still_printable(outcome(scan), 40), 12) + "  " +
                     std::string(score.size() < 5 ? 5 - score.size() : 0, ' ') + score + "  ";
  std::string tail;
  if (missed_expectation(scan)) tail += "  (expected " + still_printable(scan.expect, 40) + ")";
  if (!scan.error.empty()) tail += "  (" + still_printable(scan.error, kMaxShownBytes) + ")";
  std::string ref = still_printable(scan.ref, 1024);
  size_t used = layout::columns(head + tail);
  if (width != 0) ref = fit_end(ref, std::max(kLeastRef, width > used ? width - used : 0));
  return head + ref + tail;
}

std::string scan_text(const ScanView& scan) {
  std::string state =
      scan.state == "done" ? scan.verdict + ", " + std::to_string(scan.score) + "/100" : scan.state;
  if (missed_expectation(scan)) state += ", but " + scan.expect + " was expected";
  std::string tried;
  if (scan.attempt > 0) tried = std::to_string(scan.attempt);
  if (scan.failures > 0) tried += ", " + std::to_string(scan.failures) + " of them failed";
  std::string waits;
  for (const std::string& reason : scan.waits) waits += field(waits.empty() ? "because" : "", reason);
  std::string pruned;
  for (const std::string& word : scan.pruned) pruned += (pruned.empty() ? "" : ", ") + word;
  std::string out = field("scan", scan.scan_id) + field("image", scan.ref) + field("digest", scan.digest) +
                    field("state", state) + field("error", scan.error) + waits +
                    field("same as", scan.same_as) + field("lane", scan.lane) + field("tenant", scan.tenant) +
                    field("batch", scan.batch) + field("labels", labels_text(scan.labels)) +
                    field("agent", scan.agent) + field("attempts", tried) + field("pinned", scan.pinned) +
                    field("pruned", pruned) + field("submitted", time_text(scan.submitted_ns));
  if (scan.leased_ns > 0) out += field("leased", time_text(scan.leased_ns));
  if (scan.finished_ns > 0) out += field("finished", time_text(scan.finished_ns));
  return out;
}

std::string batch_text(const BatchView& batch, unsigned width) {
  uint64_t ended = 0;
  for (const auto& [state, count] : batch.states) ended += has_ended(state) ? count : 0;
  std::string out =
      field("batch", batch.batch_id) + field("name", batch.name) + field("again of", batch.rerun_of) +
      field("labels", labels_text(batch.labels)) + field("created", time_text(batch.created_ns)) +
      field("ended", layout::count_text(ended) + " of " + layout::count_text(batch.total)) +
      field("states", counts_text(batch.states)) + field("verdicts", counts_text(batch.verdicts));
  if (sum(batch.expected) > 0) out += field("expected", counts_text(batch.expected));
  if (batch.missed.empty()) return out;
  Table table({{"SCAN"}, {"EXPECTED"}, {"VERDICT"}, {"IMAGE"}});
  for (size_t i = 0; i < std::min(batch.missed.size(), kMaxMissedRows); ++i) {
    const Missed& missed = batch.missed[i];
    table.row(
        {missed.scan_id, missed.expect, missed.verdict.empty() ? missed.state : missed.verdict, missed.ref});
  }
  out += "\nnot as expected\n\n" + table.str(width);
  uint64_t missed = batch.expected.contains("missed") ? batch.expected.at("missed") : batch.missed.size();
  if (missed > kMaxMissedRows) out += "... and " + layout::count_text(missed - kMaxMissedRows) + " more\n";
  return out;
}

std::string counts_text(const Counts& counts) {
  std::string out;
  for (const auto& [name, count] : ordered(counts))
    if (count > 0)
      out += (out.empty() ? "" : ", ") + layout::count_text(count) + " " +
             (name.empty() ? "unknown" : still_printable(name, 40));
  return out.empty() ? "none" : out;
}

uint64_t sum(const Counts& counts) {
  uint64_t out = 0;
  for (const auto& [name, count] : counts) out += count;
  return out;
}

std::string labels_text(const Labels& labels) {
  std::string out;
  for (const auto& [name, value] : labels) out += (out.empty() ? "" : ", ") + name + "=" + value;
  return out;
}

std::string duration_text(int64_t seconds) {
  if (seconds < 0) return "-";
  auto two = [](int64_t high, const char* unit, int64_t low, const char* lower) {
    return std::to_string(high) + unit + (low > 0 ? " " + std::to_string(low) + lower : "");
  };
  if (seconds < 60) return std::to_string(seconds) + " s";
  if (seconds < 3600) return two(seconds / 60, " min", seconds % 60, " s");
  if (seconds < 86400) return two(seconds / 3600, " h", seconds / 60 % 60, " min");
  return two(seconds / 86400, " d", seconds / 3600 % 24, " h");
}

int64_t bounded_seconds(double seconds) {
  return seconds > 0 ? static_cast<int64_t>(std::ceil(std::min(seconds, 1e10))) : 0;
}

std::string time_text(int64_t epoch_ns) { return epoch_ns > 0 ? layout::utc_text(epoch_ns) : "-"; }

}  // namespace assay::cli
