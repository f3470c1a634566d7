// sweep_spec: a sweep as its user wrote it, in a file or as options, to the JSON that the API takes
// (docs/sweeps.md). What a field may say the server checks; what is no source, no number, no JSON is told
// here.
#pragma once

#include <string>

#include "cli/remote_verb.h"

namespace assay::cli {

struct SweepOrder {
  std::string name;  // as far as it is said
  std::string body;
};

void add_sweep_options(po::options_description& options);
/// `word`: the sweep's name where a --source is given, else a file ("-": standard input), beside which no
/// further option makes sense. Errc::invalid names the option or file.
Result<SweepOrder> read_sweep_order(const po::variables_map& map, const std::string& word);

}  // namespace assay::cli
