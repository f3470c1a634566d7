// The sweep is asked again and again: what it says is from the scheduler's memory, and cheap.
#include "cli/sweep_wait.h"

#include <iostream>

#include "cli/json_fields.h"
#include "cli/send.h"
#include "cli/sweep_text.h"
#include "cli/terminal.h"
#include "cli/wait_progress.h"
#include "common/encodings.h"

namespace assay::cli {
namespace {

using Clock = std::chrono::steady_clock;

// Whether the run is over. Where the sweep runs nothing, or another run, its list of runs has the last word:
// a scheduler that has just been started may not have taken it up again.
Result<bool> look(const Remote& remote, const std::string& name, const std::string& run_id,
                  WaitProgress& progress) {
  ASSAY_TRY(std::string body, remote.get(sweep_path(name)));
  ASSAY_TRY(SweepView sweep, read_sweep(body));
  if (sweep.run && sweep.run->run_id == run_id) {
    progress.show(progress_line(*sweep.run) + (sweep.paused ? " (paused)" : ""));
    return false;
  }
  ASSAY_TRY(std::string list, remote.get(sweep_path(name) + "/runs"));
  ASSAY_TRY(auto runs, read_sweep_runs(list));
  for (const SweepRunView& run : runs)
    if (run.run_id == run_id) return has_ended(run);
  return Error{Errc::not_found, "sweep " + name + " has no run " + run_id + " any more"};
}

}  // namespace

std::string sweep_path(const std::string& name) { return "/v1/sweeps/" + url_encode(name); }

Status wait_for_sweep(const Remote& remote, const std::string& name, const std::string& run_id,
                      const SweepWait& wait) {
  WaitProgress progress(wait.note);
  auto heard = Clock::now();
  for (;;) {
    auto over = look(remote, name, run_id, progress);
    if (over && *over) return Status();
    if (over) heard = Clock::now();
    if (!over && !(may_come_back(over.error()) && Clock::now() - heard < wait.give_up)) return over.error();
    if (!over) progress.show("no answer, trying again: " + over.error().what);
    ASSAY_CHECK(pause(wait.every, remote.stop_fd()));
  }
}

Result<int> show_sweep_report(const Remote& remote, const std::string& name, const std::string& run_id,
                              Format format, Gate gate) {
  std::string query = sweep_path(name) + "/report?format=json" + (run_id.empty() ? "" : "&run=" + run_id);
  ASSAY_TRY(std::string json, remote.get(query));
  ASSAY_TRY(SweepVerdict verdict, read_sweep_report(json));
  if (format == Format::json) {
    ASSAY_TRY(std::string shown, shown_answer(json));
    std::cout << shown;
  } else {
    query.replace(query.find("format=json"), 11, "format=text");
    unsigned width = table_width();
    ASSAY_TRY(std::string text, remote.get(query + (width >= 40 ? "&width=" + std::to_string(width) : "")));
    std::cout << shown_lines(text);
  }
  uint64_t bad = gate == Gate::none ? 0 : verdict.new_malicious;
  if (gate == Gate::suspicious) bad += verdict.new_suspicious;
  if (bad > 0) return static_cast<int>(kAtGate);
  if (verdict.state == "stopped")
    return complain({Errc::cancelled, "the run was stopped before its end: the report is of what it got to"},
                    kFailed);
  bool doubt = verdict.inconclusive + verdict.failed + verdict.not_reached > 0;
  return static_cast<int>(doubt ? kInconclusive : kBelowGate);
}

}  // namespace assay::cli
