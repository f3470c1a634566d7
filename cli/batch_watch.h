// batch_watch: a batch shown once, or followed to its end.
#pragma once

#include <string>

#include "cli/options.h"
#include "cli/remote_verb.h"

namespace assay::cli {

Status print_batch(const Remote& remote, const std::string& batch_id, Format format);
/// Each scan that ends is a line, the summary comes last; the result is the exit code by --gate and
/// expectations. Interrupting it leaves the batch running.
Result<int> watch_batch(const po::variables_map& map, const std::string& batch_id);

}  // namespace assay::cli
