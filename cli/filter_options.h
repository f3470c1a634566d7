// filter_options: --since, --until, --verdict, --image and --batch, as options.
#pragma once

#include "cli/options.h"
#include "scheduler/scan_filter.h"

namespace assay::cli {

void add_filter_options(boost::program_options::options_description& options);
/// Errc::invalid names what is wrong.
Result<ScanFilter> read_filter(const boost::program_options::variables_map& map);

}  // namespace assay::cli
