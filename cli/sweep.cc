// assay sweep: sweeps of a farm: made, listed, run, paused, removed, and what they found. What a sweep is:
// docs/sweeps.md.
#include <boost/program_options.hpp>
#include <iostream>

#include "cli/json_fields.h"
#include "cli/remote_verb.h"
#include "cli/send.h"
#include "cli/sweep_spec.h"
#include "cli/sweep_text.h"
#include "cli/sweep_wait.h"
#include "cli/terminal.h"
#include "cli/wish_options.h"
#include "common/clock.h"
#include "common/encodings.h"
#include "common/ids.h"
#include "common/signals.h"
#include "common/text.h"

namespace assay::cli {
namespace {

using Words = std::vector<std::string>;

constexpr RemoteUsage kUsageText = {
    "assay sweep add FILE|- [--replace]             a sweep, as a file of JSON says it\n"
    "assay sweep add NAME --source WHERE [OPTIONS]  a sweep, as the options say it\n"
    "assay sweep list                               sweeps, what they do now\n"
    "assay sweep show NAME                          what it is to do, when, and how far its run is\n"
    "assay sweep run NAME [--wait]                  run it now; --wait ends with the run's report\n"
    "assay sweep pause|resume NAME                  start nothing more; go on\n"
    "assay sweep remove NAME                        it and what is kept of its runs; scans stay\n"
    "assay sweep runs NAME                          its runs, newest first\n"
    "assay sweep report NAME [--run RUN_ID]         what a run found: of the latest, unless it is named\n\n"
    "A sweep lists the images of its sources and scans those that were not scanned before\n"
    "in the same way by the same rules (docs/sweeps.md).",
    "words",
    "Exit codes: 0 done, 1 failed, 2 wrong use. For run --wait, and report with --gate: 10 something\n"
    "new is malicious, 11 nothing is, but something failed, was not reached or is inconclusive,\n"
    "1 failed, or the run was stopped."};

// The one word after the sub-verb.
Result<std::string> name_of(const Words& words) {
  if (words.size() == 2 && !words[1].empty()) return words[1];
  return Error{Errc::invalid, words.size() < 2
                                  ? "no sweep named: assay sweep " + words[0] + " NAME (sweep list has them)"
                                  : "one sweep is wanted, not " + std::to_string(words.size() - 1)};
}

// What was done, in the server's words or in ours.
Result<int> told(Format format, const std::string& body, const std::string& text) {
  if (format == Format::text) {
    std::cout << text << "\n";
    return static_cast<int>(kBelowGate);
  }
  ASSAY_TRY(std::string shown, shown_answer(body));
  std::cout << shown;
  return static_cast<int>(kBelowGate);
}

Result<int> add(const po::variables_map& map, const Words& words, Format format) {
  if (words.size() != 2)
    return Error{Errc::invalid,
                 "assay sweep add takes one file (- for standard input), or a name and --source"};
  ASSAY_TRY(SweepOrder order, read_sweep_order(map, words[1]));
  ASSAY_TRY(Remote remote, open_remote(map));
  bool replace = map["replace"].as<bool>();
  if (!replace) {
    ASSAY_TRY(Reply reply, remote.call("POST", "/v1/sweeps", order.body));
    if (reply.status / 100 != 2) {
      Error error = reply_error(reply, "POST /v1/sweeps");
      if (error.code == Errc::conflict) error.what += "; --replace changes it";
      return error;
    }
    return told(format, reply.body, printable(order.name, 64) + "  added");
  }
  if (order.name.empty()) return Error{Errc::invalid, "the sweep to replace has no \"name\""};
  ASSAY_TRY(std::string body, send(remote, "PUT", sweep_path(order.name), order.body));
  return told(format, body, printable(order.name, 64) + "  replaced");
}

Result<int> list_sweeps(const po::variables_map& map, Format format) {
  ASSAY_TRY(Remote remote, open_remote(map));
  ASSAY_TRY(std::string body, remote.get("/v1/sweeps"));
  ASSAY_TRY(auto sweeps, read_sweeps(body));
  if (format == Format::json) return told(format, body, "");
  std::cout << sweeps_text(sweeps, table_width());
  if (sweeps.empty()) std::cerr << "assay: there are no sweeps (assay sweep add)\n";
  return static_cast<int>(kBelowGate);
}

Result<int> show(const po::variables_map& map, const std::string& name, Format format) {
  ASSAY_TRY(Remote remote, open_remote(map));
  ASSAY_TRY(std::string body, remote.get(sweep_path(name)));
  ASSAY_TRY(SweepView sweep, read_sweep(body));
  if (format == Format::json) return told(format, body, "");
  std::cout << sweep_text(sweep, wall_s());
  return static_cast<int>(kBelowGate);
}

Result<int> list_runs(const po::variables_map& map, const std::string& name, Format format) {
  ASSAY_TRY(Remote remote, open_remote(map));
  ASSAY_TRY(std::string body,
            remote.get(sweep_path(name) + "/runs?limit=" + std::to_string(map["limit"].as<unsigned>())));
  ASSAY_TRY(auto runs, read_sweep_runs(body));
  if (format == Format::json) return told(format, body, "");
  std::cout << sweep_runs_text(runs, table_width());
  if (runs.empty()) std::cerr << "assay: sweep " << printable(name, 64) << " has not run yet\n";
  return static_cast<int>(kBelowGate);
}

Result<int> run_now(const po::variables_map& map, const std::string& name, Format format) {
  ASSAY_TRY(Gate gate, parse_gate(option_text(map, "gate")));
  bool wait = map["wait"].as<bool>();
  Fd signals;
  if (wait) {
    ASSAY_TRY(signals, catch_end_signals());
  }
  ASSAY_TRY(Remote remote, open_remote(map, wait ? signals.get() : -1));
  ASSAY_TRY(std::string body, send(remote, "POST", sweep_path(name) + "/run", "{}"));
  ASSAY_TRY(std::string run_id, read_sweep_started(body));
  if (!wait) return told(format, body, printable(name, 64) + "  run " + run_id);
  std::cerr << printable(name, 64) << "  run " << run_id << "\n";
  Status ended = wait_for_sweep(remote, name, run_id);
  if (!ended && ended.error().code == Errc::cancelled)
    return Error{Errc::cancelled, "interrupted: the run goes on in the farm; `assay sweep show " +
                                      printable(name, 64) + "` tells how far it is"};
  if (!ended) return ended.error();
  return show_sweep_report(remote, name, run_id, format, gate);
}

Result<int> report_of(const po::variables_map& map, const std::string& name, Format format) {
  ASSAY_TRY(Gate gate, parse_gate(option_text(map, "gate")));
  std::string run_id = option_text(map, "run");
  if (!run_id.empty() && !is_scan_id(run_id))
    return Error{Errc::invalid, "--run '" + printable(run_id, 64) + "' is no id of a run (assay sweep runs)"};
  ASSAY_TRY(Remote remote, open_remote(map));
  ASSAY_TRY(int code, show_sweep_report(remote, name, run_id, format, gate));
  return map["gate"].defaulted() ? static_cast<int>(kBelowGate) : code;
}

Result<int> order(const po::variables_map& map, const std::string& verb, const std::string& name,
                  Format format) {
  ASSAY_TRY(Remote remote, open_remote(map));
  std::string shown = printable(name, 64);
  if (verb == "remove") {
    ASSAY_TRY(std::string body, send(remote, "DELETE", sweep_path(name), ""));
    return told(format, body, shown + "  removed");
  }
  ASSAY_TRY(std::string body, send(remote, "POST", sweep_path(name) + "/" + verb, "{}"));
  return told(format, body, shown + (verb == "pause" ? "  paused" : "  goes on"));
}

Result<int> run(const po::variables_map& map) {
  ASSAY_TRY(Format format, parse_format(option_text(map, "format")));
  Words words = option_words(map, "words");
  std::string verb = words.empty() ? "" : words[0];
  if (verb == "add") return add(map, words, format);
  if (verb == "list" && words.size() == 1) return list_sweeps(map, format);
  const bool known = verb == "show" || verb == "run" || verb == "runs" || verb == "report" ||
                     verb == "pause" || verb == "resume" || verb == "remove";
  if (!known)
    return Error{Errc::invalid,
                 "assay sweep knows add, list, show, run, pause, resume, remove, runs and report" +
                     (verb.empty() ? "" : ", not '" + printable(verb, 100) + "'")};
  ASSAY_TRY(std::string name, name_of(words));
  if (verb == "show") return show(map, name, format);
  if (verb == "run") return run_now(map, name, format);
  if (verb == "runs") return list_runs(map, name, format);
  if (verb == "report") return report_of(map, name, format);
  return order(map, verb, name, format);
}

}  // namespace

int sweep(const Args& args) {
  po::options_description options("Options");
  auto add = options.add_options();
  add("replace", po::bool_switch(), "add: in place of the one of this name");
  add("wait", po::bool_switch(), "run: follow it to its end, and show its report");
  add("gate", po::value<std::string>()->default_value("malicious"),
      "run --wait, report: what is new from which on the exit code is 10: malicious, suspicious, none");
  add("run", po::value<std::string>(), "report: of this run");
  add("limit", po::value<unsigned>()->default_value(50), "runs: at most so many");
  add_format_option(options);
  add_remote_options(options);
  po::options_description what("What a sweep is: add");
  add_sweep_options(what);
  po::options_description how("How each image is run: add");
  add_wish_options(how);
  options.add(what).add(how);
  return run_remote(args, kUsageText, options, run);
}

}  // namespace assay::cli
