// sweep_wait: a run of a sweep followed to its end, and what its report means for the exit code.
#pragma once

#include <chrono>
#include <string>

#include "cli/options.h"
#include "cli/remote.h"

namespace assay::cli {

struct SweepWait {
  std::chrono::milliseconds every{2000};      // looked at
  std::chrono::milliseconds note{60000};      // between two lines of progress where there is no terminal
  std::chrono::milliseconds give_up{600000};  // without an answer
};

/// Of the API.
std::string sweep_path(const std::string& name);

/// Until the run has ended, with its progress on stderr. Errors: cancelled when the Remote's stop descriptor
/// is readable: the run goes on; not_found: the sweep was removed; unreachable after give_up.
Status wait_for_sweep(const Remote& remote, const std::string& name, const std::string& run_id,
                      const SweepWait& wait = {});

/// Prints the report of a run (empty: the latest). The exit code: kAtGate by what is new, kFailed where the
/// run was stopped, kInconclusive where something failed, was not reached or is inconclusive.
Result<int> show_sweep_report(const Remote& remote, const std::string& name, const std::string& run_id,
                              Format format, Gate gate);

}  // namespace assay::cli
