// assay diff: what one scan did and another did not, out of their reports: of this host's store, or a farm's.
#include <boost/program_options.hpp>
#include <iostream>

#include "cli/remote_verb.h"
#include "cli/stored.h"
#include "cli/terminal.h"
#include "scheduler/score/behaviour.h"

namespace assay::cli {
namespace {

Result<int> run(const po::variables_map& map) {
  ASSAY_TRY(Format format, parse_format(option_text(map, "format")));
  ASSAY_TRY(auto ids, option_ids(map, "scan-id", "scan"));
  if (ids.size() != 2)
    return Error{Errc::invalid, "two scans are wanted, the earlier first, not " + std::to_string(ids.size())};
  ASSAY_TRY(std::string before, fetch_report(map, ids[0]));
  ASSAY_TRY(std::string after, fetch_report(map, ids[1]));
  ASSAY_TRY(Behaviour was, read_behaviour(before).context("the earlier scan"));
  ASSAY_TRY(Behaviour is, read_behaviour(after).context("the later scan"));
  BehaviourDiff diff = diff_behaviour(std::span(&was, 1), is);
  if (format == Format::json)
    std::cout << diff_json(diff) << "\n";
  else
    std::cout << diff_text(diff, terminal_width(1));
  bool same = diff.empty() && was.verdict == is.verdict;
  return static_cast<int>(same ? kBelowGate : kAtGate);
}

}  // namespace

int diff(const Args& args) {
  po::options_description options("Options");
  options.add_options()("data", po::value<std::string>(), "data directory (default: ~/.local/share/assay)");
  add_remote_options(options);
  add_format_option(options);
  return run_remote(args,
                    {"assay diff SCAN_ID SCAN_ID [OPTIONS]\n"
                     "What the second scan did and the first did not, and the other way round: verdict,\n"
                     "findings, names asked for, peers, ports, programs, users. Of this host's scans; with\n"
                     "--server, or without --data where $ASSAY_SERVER is set, of the farm's.",
                     "scan-id", "Exit codes: 0 nothing differs, 10 something does, 1 failed, 2 wrong use."},
                    options, run);
}

}  // namespace assay::cli
