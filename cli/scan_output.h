// scan_output: what `assay scan` prints: of each image its report, or one for each persona and what only some
// of them provoked.
#pragma once

#include <string>
#include <vector>

#include "cli/options.h"
#include "common/result.h"
#include "scheduler/export/export.h"

namespace assay::cli {

/// One image's reports, as JSON: more than one where it was scanned under several personas.
using ReportGroup = std::vector<std::string>;

/// One report as a person reads it; `to_file`: without a terminal's colours and width.
Result<std::string> report_as_text(const std::string& json, bool to_file);
/// What only some personas provoked; empty for a single report.
Result<std::string> personas_as_text(const ReportGroup& group, bool to_file);
/// Everything as one text.
Result<std::string> groups_as_text(const std::vector<ReportGroup>& groups);
/// One image as an object, `several` as an array; empty where nothing is to be said.
Result<std::string> groups_as_json(const std::vector<ReportGroup>& groups, bool several);
/// What `form` makes of them; empty where there is no report.
Result<std::string> groups_in_form(const std::vector<ReportGroup>& groups, const ExportForm& form);
/// Errc::invalid where so many reports do not go into one file of that form.
Status check_form_takes(const ExportForm& form, size_t reports);

}  // namespace assay::cli
