// sweep_text: how the verb `sweep` says things to a person: the list, one sweep with its run, runs, how far a
// run is in one line. Pure; whatever came from the server is made printable here.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "cli/sweep_answers.h"

namespace assay::cli {

/// `width` 0: nothing is cut.
std::string sweeps_text(const std::vector<SweepRowView>& sweeps, unsigned width);
/// Everything that is known of it, a field a line.
std::string sweep_text(const SweepView& sweep, int64_t now_s);
std::string sweep_runs_text(const std::vector<SweepRunView>& runs, unsigned width);
/// "listing: 12 of 40 repositories, 230 images, 17 scans open".
std::string progress_line(const SweepProgress& run);
/// What a server sent as text, line by line printable.
std::string shown_lines(const std::string& text);

}  // namespace assay::cli
