// farm_text: how the verbs of the farm say things to a person: one scan in a line or in full, counts,
// durations, a batch's summary. Pure; whatever came from the server is made printable here.
#pragma once

#include <cstdint>
#include <string>

#include "cli/answers.h"

namespace assay::cli {

/// The verdict of a scan that is done, else its state.
std::string outcome(const ScanView& scan);
/// "20261125T031500-1f8a3c9e  malicious      96  nginx:1.25  (expected clean)".
/// `width` 0: nothing is cut; else the reference loses its beginning so that the line fits, if it can.
std::string scan_line(const ScanView& scan, unsigned width = 0);
/// The last `width` columns, with "..." before them when something was cut.
std::string fit_end(const std::string& text, size_t width);
/// Everything that is known, a field a line.
std::string scan_text(const ScanView& scan);
/// Where the batch stands: by state, by verdict, expectations and what missed them. `width` 0: nothing is
/// cut.
std::string batch_text(const BatchView& batch, unsigned width);

/// Queue, agents and pace.
std::string farm_text(const QueueView& queue, const std::vector<AgentView>& agents,
                      const CapacityView& capacity, unsigned width);
/// `by`: the time that was asked about, as the user gave it; empty: it was a duration.
std::string capacity_text(const CapacityView& capacity, const std::string& by);

/// "12 clean, 3 malicious": the worst first, then by name; zeros are left out.
std::string counts_text(const Counts& counts);
uint64_t sum(const Counts& counts);
std::string labels_text(const Labels& labels);  // "team=web, stage=prod"
std::string duration_text(int64_t seconds);     // "45 s", "3 min 20 s", "2 h 5 min", "3 d 4 h"
int64_t bounded_seconds(double seconds);        // rounded up, whatever the server says
std::string time_text(int64_t epoch_ns);        // "2026-11-25 03:15:00 UTC", or "-"

}  // namespace assay::cli
