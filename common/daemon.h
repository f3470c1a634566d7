// daemon: what the mains of the daemons share: the command line read (Boost.Program_options), and errors
// turned into one line and an exit code.
#pragma once

#include <functional>

#include "common/result.h"

namespace boost::program_options {
class options_description;
class variables_map;
}  // namespace boost::program_options

namespace assay {

/// Adds --log-level and --help to `options`, parses, sets the log up and calls `run`. Returns the exit code:
/// 0, 1 when `run` failed (its error is on stderr, as "name: what"), 2 for a wrong command line.
int daemon_main(const char* name, int argc, char** argv, boost::program_options::options_description& options,
                const std::function<Status(const boost::program_options::variables_map&)>& run);

}  // namespace assay
