// gate_output: where decisions go: to standard output, into files, behind what a pipeline's summary holds.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "common/result.h"
#include "decisions/decision_forms.h"

namespace assay::cli {

struct GateFile {
  const decisions::DecisionForm* form = nullptr;
  std::string path;
};

/// "junit=assay.xml". Errc::invalid names the text and the forms that there are.
Result<GateFile> parse_gate_file(const std::string& text);
/// Whether each can be written, and is named once: asked before anything is scanned.
Status check_gate_files(std::span<const GateFile> files);
/// Each whole, or not at all: it takes the place of what had its name. A pipe or device is written to.
Status write_gate_files(std::span<const GateFile> files, std::span<const decisions::Decision> decisions);

inline constexpr size_t kMaxSummaryBytes = 1 << 20;  // what GitHub takes of a step's summary
/// Markdown behind what the file holds already, with a line where it had to be cut.
Status append_summary(const std::string& path, std::span<const decisions::Decision> decisions);

}  // namespace assay::cli
