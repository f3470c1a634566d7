// remote_verb: what the verbs share that talk to a scheduler: options, the connection, errors to exit codes.
#pragma once

#include <functional>
#include <string>

#include "cli/options.h"
#include "cli/remote.h"
#include "cli/verbs.h"
#include "common/fd.h"
#include "common/result.h"

namespace boost::program_options {
class options_description;
class variables_map;
}  // namespace boost::program_options

namespace assay::cli {

namespace po = boost::program_options;

/// --server and --token-file.
void add_remote_options(po::options_description& options);
/// --format.
void add_format_option(po::options_description& options);

using RemoteVerb = std::function<Result<int>(const po::variables_map&)>;

struct RemoteUsage {
  const char* text;        // the first lines of --help
  const char* positional;  // name of the option that the words go to; "" takes none
  const char* exit_codes = "Exit codes: 0 done, 1 failed, 2 wrong use.";
};
/// Parses, answers --help, runs `verb` and flushes. Errc::invalid becomes exit code 2, any other error 1.
int run_remote(const Args& args, const RemoteUsage& usage, po::options_description& options,
               const RemoteVerb& verb);

/// The scheduler of --server, else $ASSAY_SERVER, else of this host; with the token of --token-file, else
/// $ASSAY_TOKEN_FILE, else $ASSAY_TOKEN. Errc::invalid says how to name one.
Result<Remote> open_remote(const po::variables_map& map, int stop_fd = -1);

std::string option_text(const po::variables_map& map, const char* name);
std::vector<std::string> option_words(const po::variables_map& map, const char* name);
/// The words, each checked to be the id of a scan or batch. `what` is for the error.
Result<std::vector<std::string>> option_ids(const po::variables_map& map, const char* name, const char* what);

}  // namespace assay::cli
