// gate_text: decisions as a person reads them in a terminal or in the log of a pipeline that is red: what
// failed and why on the first line, then the reasons with their evidence, then what to do next. Pure.
#pragma once

#include <span>
#include <string>

#include "decisions/decide.h"
#include "scheduler/score/report.h"

namespace assay::cli {

struct GateStyle {
  TextStyle text;
  /// How a scan's whole report is shown, with SCAN_ID in the id's place.
  std::string report_command;
};

std::string gate_text(std::span<const decisions::Decision> decisions, const GateStyle& style);

}  // namespace assay::cli
