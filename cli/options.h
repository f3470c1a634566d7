// options: what the verbs share of command line parsing (Boost.Program_options), and the pure parsers of its
// values.
#pragma once

#include <chrono>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "cli/verbs.h"
#include "common/job.h"
#include "common/result.h"
#include "common/units.h"
#include "scheduler/score/report.h"

namespace boost::program_options {
class options_description;
class variables_map;
}  // namespace boost::program_options

namespace assay::cli {

Result<NetworkMode> parse_network(std::string_view text);
/// "bare", "kubernetes", "ci", "cloud", or "all" of them.
Result<std::vector<Persona>> parse_personas(std::string_view text);
/// The verdict from which on the gate closes. "malicious", "suspicious", or "none".
enum class Gate { none, malicious, suspicious };
Result<Gate> parse_gate(std::string_view text);
enum class Format { text, json };
Result<Format> parse_format(std::string_view text);

/// The exit code that one verdict means.
Exit exit_code(Verdict verdict, Gate gate);
/// The one that stands for several scans: usage, gate, failure and doubt, in this order of weight.
Exit worse(Exit a, Exit b);

/// $XDG_DATA_HOME/assay or ~/.local/share/assay.
std::filesystem::path default_data_dir();
/// --rules, else $ASSAY_RULES, else the installed rules beside the binary, else those of the source tree.
/// Errc::not_found says where it looked.
Result<std::filesystem::path> find_rules(const std::string& given);

/// Parses `args`; words without a dash go to the option named `positional`. Errc::invalid is the parser's
/// complaint.
Result<boost::program_options::variables_map> parse(
    const Args& args, const boost::program_options::options_description& options, const char* positional);

/// Everything that was printed is out. A reader that has closed its end wanted no more: that is no error.
Status flush_stdout();

/// "assay: what" on stderr, one line, safe to show; returns `code`.
int complain(const Error& error, int code);

}  // namespace assay::cli
