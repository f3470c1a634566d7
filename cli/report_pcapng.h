// report_pcapng: the recorded flows of a stored scan, or of a trace file, written as pcapng.
#pragma once

#include <string>

#include "common/result.h"

namespace boost::program_options {
class variables_map;
}  // namespace boost::program_options

namespace assay::cli {

/// `source`: a scan id of the local store, or a trace file's path. Writes --output, which it needs. Returns
/// the exit code.
Result<int> report_pcapng(const boost::program_options::variables_map& map, const std::string& source);

}  // namespace assay::cli
