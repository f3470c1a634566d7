// rules_verbs: what stands behind `assay rules VERB`, one function each.
#pragma once

#include <boost/program_options.hpp>
#include <string>
#include <vector>

#include "common/result.h"

namespace assay::cli {

namespace po = boost::program_options;

using Words = std::vector<std::string>;  // after the verb

// Each returns the exit code; an error of Errc::invalid is wrong use.
Result<int> check_rules(const po::variables_map& map, const Words& words);
Result<int> list_rules(const po::variables_map& map, const Words& words);
Result<int> explain_rules(const po::variables_map& map, const Words& words);
Result<int> test_rules(const po::variables_map& map, const Words& words);

/// The directory: --rules, or the word that may stand for it; empty: the installed rules. Errc::invalid for
/// more than one.
Result<std::string> rules_dir(const po::variables_map& map, const Words& words);

}  // namespace assay::cli
