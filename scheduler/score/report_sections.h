// report_sections: what the text report says of the simulated world (downloads, honeytokens, network, run
// plan), of the files left behind and of what changed since earlier scans. Each writes its section, or
// nothing where there is nothing to say.
#pragma once

#include "scheduler/score/report.h"
#include "scheduler/score/text_sheet.h"

namespace assay {

void write_downloads(const Report& report, layout::Sheet& sheet);
void write_tokens(const Report& report, layout::Sheet& sheet);
void write_network(const Report& report, layout::Sheet& sheet);
void write_files(const Report& report, layout::Sheet& sheet);
void write_changes(const Report& report, layout::Sheet& sheet);
void write_plan(const Report& report, layout::Sheet& sheet);

}  // namespace assay
