// assay submit: references go to the scheduler's queue (submitting.h); with --wait they are followed to their
// end.
#include <boost/program_options.hpp>
#include <iostream>

#include "cli/json_fields.h"
#include "cli/remote_verb.h"
#include "cli/submitting.h"
#include "cli/wish_options.h"
#include "common/signals.h"

namespace assay::cli {
namespace {

constexpr RemoteUsage kUsageText = {
    "assay submit REF... [--from FILE|-] [OPTIONS]\n"
    "Puts images into the farm's queue and prints the id of each scan: ID  REF.",
    "ref",
    "A list has one reference a line; # begins a comment.\n"
    "Exit codes: 0 submitted, 1 failed, 2 wrong use. With --wait: 0 below the gate, 10 at or above it or not "
    "as\n"
    "expected, 11 inconclusive, 1 failed."};

struct SubmitOptions {
  std::vector<std::string> refs;
  Wish wish;
  Format format = Format::text;
  Gate gate = Gate::malicious;
  bool wait = false;
};

Result<SubmitOptions> read_options(const po::variables_map& map) {
  SubmitOptions options;
  ASSAY_TRY(options.format, parse_format(option_text(map, "format")));
  ASSAY_TRY(options.gate, parse_gate(option_text(map, "gate")));
  ASSAY_TRY(options.wish, read_wish(map));
  options.wait = map["wait"].as<bool>();
  ASSAY_TRY(options.refs, read_refs(map, "submit"));
  return options;
}

Json row_of(const ScanView& scan) {
  Json row = {{"scan_id", scan.scan_id}, {"ref", scan.ref}, {"state", scan.state}};
  if (scan.state == "done") {
    row["verdict"] = scan.verdict;
    row["score"] = scan.score;
  }
  if (!scan.expect.empty()) row["expect"] = scan.expect;
  if (!scan.error.empty()) row["error"] = scan.error;
  return row;
}

void print_json(const Watched& watched) {
  Json rows = Json::array();
  for (const auto& [id, entry] : watched.entries()) rows.push_back(row_of(entry.scan));
  std::cout << shown_json(rows) << "\n";
}

Status wait_for(const Remote& remote, const SubmitOptions& options, Watched& watched) {
  Live live(options.format == Format::text);
  Status ended = follow_submitted(remote, watched, live);
  if (ended || ended.error().code != Errc::cancelled) return ended;
  return Error{Errc::cancelled, still_going(watched)};
}

Result<int> run_waiting(const po::variables_map& map, const SubmitOptions& options) {
  ASSAY_TRY(Fd signals, catch_end_signals());
  ASSAY_TRY(Remote remote, open_remote(map, signals.get()));
  Watched watched;
  Status sent = submit_refs(remote, options.refs, options.wish,
                            [&](size_t first, const std::vector<std::string>& ids, const Wish& wish) {
                              for (size_t i = 0; i < ids.size(); ++i) {
                                const std::string& ref = options.refs[first + i];
                                watched.set(queued_view(ids[i], ref, wish));
                                if (options.format == Format::text)
                                  std::cerr << ids[i] << "  " << shown_ref(ref, wish) << "\n";
                              }
                            });
  // What was taken is waited for, whatever became of the rest.
  Status ended = watched.total() > 0 ? wait_for(remote, options, watched) : Status();
  if (options.format == Format::json) print_json(watched);
  Exit code = watched.exit(options.gate);
  for (const Status& status : {sent, ended})
    if (!status) code = worse(code, static_cast<Exit>(complain(status.error(), kFailed)));
  return static_cast<int>(code);
}

Result<int> run(const po::variables_map& map) {
  ASSAY_TRY(SubmitOptions options, read_options(map));
  if (options.wait) return run_waiting(map, options);
  ASSAY_TRY(Remote remote, open_remote(map));
  Json rows = Json::array();
  Status sent = submit_refs(remote, options.refs, options.wish,
                            [&](size_t first, const std::vector<std::string>& ids, const Wish& wish) {
                              for (size_t i = 0; i < ids.size(); ++i) {
                                if (options.format == Format::text) {
                                  std::cout << ids[i] << "  " << shown_ref(options.refs[first + i], wish)
                                            << "\n";
                                  continue;
                                }
                                rows.push_back({{"scan_id", ids[i]}, {"ref", options.refs[first + i]}});
                                if (!wish.personas.empty())
                                  rows.back()["persona"] = to_string(wish.personas[0]);
                              }
                              std::cout.flush();
                            });
  // The ids of what was taken are worth having even when the rest was not.
  if (options.format == Format::json && (sent || !rows.empty())) std::cout << shown_json(rows) << "\n";
  if (!sent) return sent.error();
  return static_cast<int>(kBelowGate);
}

}  // namespace

int submit(const Args& args) {
  po::options_description options("Options");
  auto add = options.add_options();
  add_from_option(options);
  add("wait", po::bool_switch(), "follow the scans to their end and print their verdicts");
  add("gate", po::value<std::string>()->default_value("malicious"),
      "with --wait: verdict from which on the exit code is 10: malicious, suspicious, none");
  add_wish_options(options);
  add_format_option(options);
  add_remote_options(options);
  return run_remote(args, kUsageText, options, run);
}

}  // namespace assay::cli
