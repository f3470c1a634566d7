// html_sections: the sections of the HTML report, each by what it tells. A section without content writes
// nothing; has_* says so to the table of contents.
#pragma once

#include "scheduler/export/html_writer.h"
#include "scheduler/score/report.h"

namespace assay::html {

/// Verdict, score and reason in one glance, and the figures that lead on to the sections.
void write_verdict(Writer& html, const Report& report);
void write_score(Writer& html, const Report& report);
void write_findings(Writer& html, const Report& report);
void write_changes(Writer& html, const Report& report);
void write_matrix(Writer& html, const Report& report);
void write_timeline(Writer& html, const Report& report);
void write_processes(Writer& html, const Report& report);
void write_network(Writer& html, const Report& report);
void write_downloads(Writer& html, const Report& report);
void write_tokens(Writer& html, const Report& report);
void write_files(Writer& html, const Report& report);
void write_provoked(Writer& html, const Report& report);
void write_layers(Writer& html, const Report& report);
void write_output(Writer& html, const Report& report);
void write_completeness(Writer& html, const Report& report);
void write_image(Writer& html, const Report& report);
void write_scan(Writer& html, const Report& report);

/// The style sheet: light and dark, narrow, print.
std::string style_sheet();

}  // namespace assay::html
