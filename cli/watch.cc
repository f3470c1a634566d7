// assay watch: scans followed to their end. Interrupting it leaves them running.
#include <boost/program_options.hpp>
#include <iostream>

#include "cli/farm_text.h"
#include "cli/follow.h"
#include "cli/remote_verb.h"
#include "cli/terminal.h"
#include "common/signals.h"

namespace assay::cli {
namespace {

constexpr RemoteUsage kUsageText = {
    "assay watch SCAN_ID... [OPTIONS]\n"
    "Follows scans of the farm to their end and prints their verdicts. Ctrl-C leaves them running.",
    "scan-id",
    "Exit codes: 0 below the gate, 10 at or above it or not as expected, 11 inconclusive, 1 failed, 2 wrong "
    "use."};

Result<int> run(const po::variables_map& map) {
  ASSAY_TRY(Gate gate, parse_gate(option_text(map, "gate")));
  ASSAY_TRY(auto ids, option_ids(map, "scan-id", "scan"));
  ASSAY_TRY(Fd signals, catch_end_signals());
  ASSAY_TRY(Remote remote, open_remote(map, signals.get()));
  Live live;
  Watched watched;
  // Before the stream, so that a wrong id or a scheduler that is not there is told at once.
  ASSAY_TRY(auto scans, load_each(remote, ids));
  for (const ScanView& scan : scans)
    if (watched.set(scan)) live.line(scan_line(scan, table_width()));
  LoadScans load;
  if (ids.size() > 1) load = [&] { return load_each(remote, ids); };
  std::string path = "/v1/events" + (ids.size() == 1 ? "?scan=" + ids[0] : std::string());
  Status ended = watched.all_ended() ? Status() : follow(remote, path, load, watched, live);
  if (!ended && ended.error().code == Errc::cancelled) return Error{Errc::cancelled, still_going(watched)};
  if (!ended) return ended.error();
  return static_cast<int>(watched.exit(gate));
}

}  // namespace

int watch(const Args& args) {
  po::options_description options("Options");
  options.add_options()("gate", po::value<std::string>()->default_value("malicious"),
                        "verdict from which on the exit code is 10: malicious, suspicious, none");
  add_remote_options(options);
  return run_remote(args, kUsageText, options, run);
}

}  // namespace assay::cli
