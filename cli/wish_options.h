// wish_options: the options that say how images are to be scanned, shared by submit, batch submit and gate.
#pragma once

#include "cli/order.h"
#include "cli/remote_verb.h"

namespace assay::cli {

void add_wish_options(po::options_description& options);
/// Those of them that are left where the verb itself says how urgent it is and what comes of the verdict.
void add_run_options(po::options_description& options);
/// Of either; what was not offered is not set.
Result<Wish> read_wish(const po::variables_map& map);
/// The whole of a file, or of standard input for "-".
Result<std::string> read_input(const std::string& name);
/// Tells each complaint on stderr; returns the error that ends the command.
Error refuse(const Complaints& complaints);

}  // namespace assay::cli
