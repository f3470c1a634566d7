// daemon: what the mains of the daemons share: command line and config file read (Boost.Program_options),
// and errors turned into one line and an exit code.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "common/result.h"

namespace boost::program_options {
class options_description;
class variables_map;
}  // namespace boost::program_options

namespace assay {

struct DaemonSpec {
  using Step = std::function<Status(const boost::program_options::variables_map&)>;
  const char* name = "";
  std::string default_config;  // "/etc/assay/NAME.conf"; need not exist, unlike one that --config names
  Step check;                  // reads and checks what the options name; starts and changes nothing
  Step run;
  // Of a verb:
  const char* usage = "";  // stands before the options in --help
  const char* words = "";  // option, of the command line alone, that words without a name belong to
  // What may stand in the file, too, and on the command line, and is not shown: what the verb has no use for.
  const boost::program_options::options_description* also = nullptr;  // borrowed
};

/// Adds --config, --check-config, --log-level, --help and --version to `options`, reads command line and file
/// (each of `options` may stand in the file as `NAME = VALUE`; what the command line says goes first, and
/// lists that are declared composing() are joined), sets the log up and calls `run`, or `check` for
/// --check-config. Returns the exit code: 0; 1 when the step failed (its error is on stderr, as "name:
/// what"); 2 for a wrong command line or file, which is named together with the option, and for a step whose
/// error is Errc::invalid where the spec takes words.
int daemon_main(const DaemonSpec& spec, int argc, char** argv,
                boost::program_options::options_description& options);
/// The same without a file.
int daemon_main(const char* name, int argc, char** argv, boost::program_options::options_description& options,
                const DaemonSpec::Step& run);

/// Lets the process open as many files as the system allows it to (the hard limit, at most a million), and
/// says how many: each connection takes one, and the usual limit is 1024.
Result<uint64_t> raise_open_files();

}  // namespace assay
