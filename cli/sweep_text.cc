// Words and columns.
#include "cli/sweep_text.h"

#include "cli/farm_text.h"
#include "cli/table.h"
#include "common/text.h"
#include "common/words.h"
#include "scheduler/score/text_layout.h"

namespace assay::cli {
namespace {

using layout::count_text;
using layout::plural;

constexpr int64_t kSecond = 1'000'000'000;
constexpr int64_t kMaxSeconds = 9'000'000'000;  // in nanoseconds that is still a number
constexpr size_t kMaxTrouble = 20;

std::string field(const std::string& label, const std::string& text) {
  if (text.empty()) return {};
  return layout::pad(label, 14) + still_printable(text, 2048) + "\n";
}

std::string second_text(int64_t second) {
  return second > 0 && second < kMaxSeconds ? time_text(second * kSecond) : "-";
}

// "2026-12-01 02:00:00 UTC, in 5 h 12 min".
std::string due_text(int64_t second, int64_t now_s) {
  int64_t left = second > now_s && second < kMaxSeconds ? second - now_s : 0;
  return second_text(second) + (left > 0 ? ", in " + duration_text(left) : ", now");
}

std::string schedule_text(const SweepRowView& sweep) {
  if (sweep.schedule.empty()) return "by hand";
  return sweep.schedule + " " + sweep.time_zone;
}

uint64_t count_of(const Counts& counts, const char* name) {
  auto found = counts.find(name);
  return found == counts.end() ? 0 : found->second;
}

// In the order in which it happens; what is none is left out.
std::string in_order(const Counts& counts, std::initializer_list<std::pair<const char*, const char*>> words) {
  std::string out;
  for (const auto& [name, word] : words)
    if (uint64_t count = count_of(counts, name); count > 0)
      out += (out.empty() ? "" : ", ") + count_text(count) + " " + word;
  return out.empty() ? "none yet" : out;
}

std::string repositories_text(const SweepProgress& run) {
  return in_order(run.repositories, {{"done", "listed"},
                                     {"listing", "being listed"},
                                     {"waiting", "waiting"},
                                     {"failed", "failed"},
                                     {"not_reached", "not reached"}});
}

std::string images_text(const SweepProgress& run) {
  return in_order(run.images, {{"submitted", "to scan"},
                               {"known", "known already"},
                               {"rescored", "scored again"},
                               {"same", "the same as another"},
                               {"failed", "failed"},
                               {"not_reached", "not reached"}});
}

// Scans of this run that were submitted, and of them those that have ended.
std::string scans_text(const SweepProgress& run) {
  uint64_t submitted = count_of(run.images, "submitted");
  uint64_t ended = submitted > run.scans_open ? submitted - run.scans_open : 0;
  return count_text(ended) + " of " + count_text(submitted) + " ended";
}

std::string capacity_words(const SweepCapacity& capacity) {
  std::string left = "in " + duration_text(bounded_seconds(static_cast<double>(capacity.seconds_left)));
  if (!capacity.slots_needed)
    return plural(capacity.scans_open, "scan") + " to end " + left + ": " + capacity.basis;
  if (*capacity.slots_needed == 0) return "enough: " + capacity.basis;
  return plural(*capacity.slots_needed, "slot") + " needed to end " + plural(capacity.scans_open, "scan") +
         " " + left + ", " + count_text(capacity.slots) + " there" +
         (*capacity.slots_needed > capacity.slots ? ": NOT ENOUGH" : "") + " (" + capacity.basis + ")";
}

std::string run_text(const SweepProgress& run, int64_t now_s) {
  std::string out = "\n" + field("run", run.run_id) + field("state", run.state) + field("begun", run.why) +
                    field("started", time_text(run.started_ns));
  if (run.deadline_s) out += field("deadline", due_text(*run.deadline_s, now_s));
  if (run.sources_open > 0)
    out += field("sources", plural(run.sources_open, "source") + " still naming repositories");
  out += field("repositories", repositories_text(run)) + field("images", images_text(run)) +
         field("scans", scans_text(run));
  for (const auto& busy : run.busy)
    out += field("left alone",
                 busy.host + ", for " + duration_text(bounded_seconds(static_cast<double>(busy.ms) / 1000)));
  if (run.capacity) out += field("capacity", capacity_words(*run.capacity));
  return out;
}

}  // namespace

std::string sweeps_text(const std::vector<SweepRowView>& sweeps, unsigned width) {
  Table table({{"SWEEP"}, {"STATE"}, {"SCHEDULE"}, {"LAST DUE"}, {"SOURCES"}});
  for (const SweepRowView& sweep : sweeps) {
    std::string state = sweep.running.empty() ? (sweep.paused ? "paused" : "waits")
                                              : (sweep.paused ? "running, paused" : "running");
    table.row({sweep.name, state, schedule_text(sweep),
               sweep.last_due_s > 0 ? second_text(sweep.last_due_s) : "", joined(sweep.sources, ", ")});
  }
  return table.empty() ? "" : table.str(width);
}

std::string sweep_text(const SweepView& sweep, int64_t now_s) {
  std::string out = field("sweep", sweep.name) + field("tenant", sweep.tenant);
  for (const std::string& source : sweep.sources) out += field("source", source);
  out += field("schedule", schedule_text(sweep)) + field("created", time_text(sweep.created_ns));
  if (sweep.last_due_s > 0) out += field("last due", second_text(sweep.last_due_s));
  if (sweep.paused)
    out += field("next due", "none: it is paused (assay sweep resume " + sweep.name + ")");
  else if (sweep.next_due_s)
    out += field("next due", due_text(*sweep.next_due_s, now_s));
  for (const auto& [name, value] : sweep.spec) out += field(printable(name, 40), value);
  return out + (sweep.run ? run_text(*sweep.run, now_s) : "\nno run is under way\n");
}

std::string sweep_runs_text(const std::vector<SweepRunView>& runs, unsigned width) {
  Table table({{"RUN"}, {"STATE"}, {"BEGUN"}, {"STARTED"}, {"TOOK", true}, {"TROUBLE"}});
  for (const SweepRunView& run : runs) {
    std::string took =
        run.ended_ns > run.started_ns ? duration_text((run.ended_ns - run.started_ns) / kSecond) : "";
    std::string trouble = run.trouble.empty() ? "" : run.trouble[0];
    if (run.trouble.size() > 1) trouble += " (and " + count_text(run.trouble.size() - 1) + " more)";
    if (trouble.empty() && has_ended(run) && !run.listed_all) trouble = "not all repositories were named";
    table.row({run.run_id, run.state, run.why, time_text(run.started_ns), took, trouble});
  }
  return table.empty() ? "" : table.str(width);
}

std::string progress_line(const SweepProgress& run) {
  uint64_t listed = count_of(run.repositories, "done") + count_of(run.repositories, "failed") +
                    count_of(run.repositories, "not_reached");
  uint64_t named = sum(run.repositories);
  std::string of = run.sources_open > 0 ? " so far" : "";
  std::string out = still_printable(run.state, 20) + ": " + count_text(listed) + " of " + count_text(named) +
                    (named == 1 ? " repository" : " repositories") + of + ", " +
                    plural(sum(run.images), "image") + ", scans: " + scans_text(run);
  if (!run.busy.empty()) out += ", waiting for " + still_printable(run.busy[0].host, 100);
  return out;
}

std::string shown_lines(const std::string& text) {
  std::string out;
  for (size_t at = 0; at < text.size();) {
    size_t end = std::min(text.find('\n', at), text.size());
    out += still_printable(text.substr(at, end - at)) + "\n";
    at = end + 1;
  }
  return out;
}

}  // namespace assay::cli
