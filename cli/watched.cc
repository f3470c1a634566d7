// Entries and their ends; the block that shows them.
#include "cli/watched.h"

#include <algorithm>

#include "cli/farm_text.h"
#include "cli/progress.h"
#include "common/text.h"
#include "scheduler/score/text_layout.h"

namespace assay::cli {
namespace {

constexpr size_t kMaxRows = 8;   // scans shown one by one
constexpr size_t kMaxNamed = 3;  // ids in a message
constexpr unsigned kBar = 30;    // columns of the bar

std::string bar(size_t ended, size_t total) {
  size_t full = total == 0 ? 0 : ended * kBar / total;
  return "[" + std::string(full, '#') + std::string(kBar - full, '.') + "]";
}

bool runs(const Watched::Entry& entry) {
  return entry.scan.state == "leased" || entry.scan.state == "shipped";
}

std::string running_row(const Watched::Entry& entry, unsigned width) {
  std::string phase = entry.phase.empty() ? entry.scan.state : phase_text(entry.phase);
  std::string head = "  " + entry.scan.scan_id + "  " + layout::pad(still_printable(phase, 40), 12) + "  ";
  size_t used = layout::columns(head);
  return layout::fit(head + fit_end(still_printable(entry.scan.ref, 1024), width > used ? width - used : 0),
                     width);
}

}  // namespace

bool missed_expectation(const ScanView& scan) {
  return has_ended(scan.state) && !scan.expect.empty() &&
         (scan.state != "done" || scan.verdict != scan.expect);
}

Exit exit_of(const ScanView& scan, Gate gate) {
  if (scan.state != "done") return has_ended(scan.state) ? kFailed : kBelowGate;
  bool met = !scan.expect.empty() && scan.verdict == scan.expect;
  if (met) return kBelowGate;
  for (Verdict verdict : {Verdict::clean, Verdict::suspicious, Verdict::malicious}) {
    if (scan.verdict != to_string(verdict)) continue;
    return scan.expect.empty() ? exit_code(verdict, gate) : kAtGate;
  }
  return kInconclusive;
}

bool Watched::set(const ScanView& scan) {
  Entry& entry = entries_[scan.scan_id];
  bool before = has_ended(entry.scan.state), now = has_ended(scan.state);
  if (scan.state != entry.scan.state) entry.phase.clear();
  entry.scan = scan;
  if (now && !before) ++ended_;
  if (before && !now) --ended_;  // queued again
  return now && !before;
}

bool Watched::apply(const FarmEvent& event) {
  auto found = entries_.find(event.scan_id);
  if (found == entries_.end() || has_ended(found->second.scan.state)) return false;
  Entry& entry = found->second;
  if (event.progress) {
    entry.phase = event.phase;
    return false;
  }
  ScanView scan = entry.scan;
  scan.state = event.state;
  scan.verdict = event.verdict;
  scan.score = event.score;
  scan.error = event.error;
  return set(scan);
}

const Watched::Entry* Watched::find(const std::string& scan_id) const {
  auto found = entries_.find(scan_id);
  return found == entries_.end() ? nullptr : &found->second;
}

Counts Watched::outcomes() const {
  Counts out;
  for (const auto& [id, entry] : entries_)
    if (has_ended(entry.scan.state)) ++out[outcome(entry.scan)];
  return out;
}

Counts Watched::states() const {
  Counts out;
  for (const auto& [id, entry] : entries_) ++out[entry.scan.state];
  return out;
}

Exit Watched::exit(Gate gate) const {
  Exit code = kBelowGate;
  for (const auto& [id, entry] : entries_) code = worse(code, exit_of(entry.scan, gate));
  return code;
}

std::vector<std::string> watch_block(const Watched& watched, int64_t elapsed_s, unsigned width) {
  std::vector<std::string> out;
  size_t running = 0;
  std::vector<const Watched::Entry*> shown;
  for (const auto& [id, entry] : watched.entries()) {
    if (!runs(entry)) continue;
    ++running;
    if (shown.size() < kMaxRows) shown.push_back(&entry);
  }
  size_t waiting = watched.total() - watched.ended() - running;
  std::string head = bar(watched.ended(), watched.total()) + " " + layout::count_text(watched.ended()) +
                     " of " + layout::count_text(watched.total()) + " ended, " + layout::count_text(running) +
                     " running, " + layout::count_text(waiting) + " waiting, " + duration_text(elapsed_s);
  out.push_back(layout::fit(head, width));
  if (watched.ended() > 0) out.push_back(layout::fit("  " + counts_text(watched.outcomes()), width));
  for (const Watched::Entry* entry : shown) out.push_back(running_row(*entry, width));
  if (running > shown.size())
    out.push_back("  ... and " + layout::count_text(running - shown.size()) + " more");
  return out;
}

std::string watch_line(const Watched& watched) {
  Counts states = watched.states();
  size_t running = states["leased"] + states["shipped"];
  std::string out = std::to_string(watched.ended()) + " of " + std::to_string(watched.total()) + " ended, " +
                    std::to_string(running) + " running, " +
                    std::to_string(watched.total() - watched.ended() - running) + " waiting";
  if (watched.ended() > 0) out += ": " + counts_text(watched.outcomes());
  return out;
}

std::string still_going(const Watched& watched) {
  size_t open = watched.total() - watched.ended();
  std::string ids;
  size_t named = 0;
  for (const auto& [id, entry] : watched.entries())
    if (!has_ended(entry.scan.state) && named++ < kMaxNamed) ids += " " + id;
  return "interrupted: " + layout::plural(open, "scan") + (open == 1 ? " goes" : " go") +
         " on in the farm; `assay " + (open <= kMaxNamed ? "watch" + ids : "status") + "` shows " +
         (open == 1 ? "it" : "them");
}

}  // namespace assay::cli
