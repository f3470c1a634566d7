// assay rescore: which kept verdicts the rules of today would change; --apply changes them. Of this host's
// store, or a farm's.
#include "scheduler/rescore.h"

#include <boost/program_options.hpp>
#include <iostream>
#include <thread>

#include "cli/filter_options.h"
#include "cli/looked.h"
#include "cli/remote_verb.h"
#include "cli/rescore_farm.h"
#include "cli/rescore_text.h"
#include "cli/status_line.h"
#include "cli/stored.h"
#include "scheduler/score/text_layout.h"

namespace assay::cli {
namespace {

using layout::count_text;
using layout::plural;

void show_progress(StatusLine& line, uint64_t done, uint64_t of) {
  line.show("rescoring: " + count_text(done) + " of " + plural(of, "trace"));
}

// Both ways end so.
int tell_totals(const RescoreTotals& totals, Format format, std::initializer_list<std::string> damage) {
  std::cout << (format == Format::json ? totals_json(totals) : totals_text(totals)) << std::flush;
  int code = totals.changed > 0 ? kAtGate : kBelowGate;
  if (totals.damaged > 0) code = worse(static_cast<Exit>(code), kFailed);
  return tell_damage(code, damage);
}

std::string shown(Format format, const std::string& id, const std::string& ref, const RescoreChange& change,
                  bool applied) {
  return format == Format::json ? rescored_json(id, ref, change, applied) : rescored_text(id, ref, change);
}

// Written, the store is this process' alone.
Result<std::unique_ptr<Store>> open_for(const po::variables_map& map, bool apply) {
  if (!apply) return open_stored(map);
  auto store = open_stored_for_writing(map);
  if (!store && store.error().code == Errc::denied)
    return Error{Errc::denied,
                 store.error().what + " (where a scheduler runs on it, rescore through that: --server)"};
  return store;
}

Result<int> run_here(const po::variables_map& map, Format format, RescoreOptions options) {
  ASSAY_TRY(std::filesystem::path dir, find_rules(option_text(map, "rules")));
  ASSAY_TRY(RuleSet rules, RuleSet::load(dir));
  ASSAY_TRY(std::unique_ptr<Store> store, open_for(map, options.apply));
  options.threads = std::max(1u, std::thread::hardware_concurrency());
  StatusLine line;
  RescoreSink sink{[&](const ScanRecord& scan, const RescoreChange& change, bool applied) {
                     line.clear();
                     std::cout << shown(format, scan.scan_id, scan.submission.job.ref, change, applied)
                               << std::flush;
                   },
                   [&](const RescoreCounts& counts, uint64_t traces) {
                     show_progress(line, counts.evaluated + counts.pruned + counts.damaged, traces);
                     return true;
                   }};
  ASSAY_TRY(RescoreCounts counts, rescore_all(*store, rules, options, sink));
  line.clear();
  RescoreTotals totals{counts.evaluated,  counts.changed, counts.applied, counts.shared,
                       counts.unfinished, counts.pruned,  counts.damaged, !options.apply};
  return tell_totals(totals, format, {counts.first_damage, counts.records_damage});
}

Result<int> run_there(const po::variables_map& map, Format format, const RescoreOptions& options) {
  if (map.count("rules"))
    return Error{
        Errc::invalid,
        "a farm rescores with its own rules (POST /v1/reload reads them again): --rules is for --data"};
  ASSAY_TRY(Remote remote, open_remote(map));
  StatusLine line;
  FarmRescoring wanted{options.filter, options.scan_ids, options.all_changes, options.apply};
  ASSAY_TRY(RescoreTotals totals, rescore_farm(
                                      remote, wanted,
                                      [&](const std::string& id, const std::string& ref,
                                          const RescoreChange& change, bool applied) {
                                        line.clear();
                                        std::cout << shown(format, id, ref, change, applied) << std::flush;
                                      },
                                      [&](uint64_t done, uint64_t of) { show_progress(line, done, of); }));
  line.clear();
  return tell_totals(totals, format, {});
}

Result<int> run(const po::variables_map& map) {
  ASSAY_TRY(Format format, parse_format(map["format"].as<std::string>()));
  RescoreOptions options;
  ASSAY_TRY(options.filter, read_filter(map));
  options.all_changes = map["all-changes"].as<bool>();
  options.apply = map["apply"].as<bool>();
  if (map.count("scan-id")) {
    ASSAY_TRY(options.scan_ids, option_ids(map, "scan-id", "scan"));
  }
  ASSAY_TRY(bool farm, from_farm(map));
  return farm ? run_there(map, format, options) : run_here(map, format, std::move(options));
}

}  // namespace

int rescore(const Args& args) {
  po::options_description options("Options");
  auto add = options.add_options();
  add("rules", po::value<std::string>(),
      "directory of rules (default: $ASSAY_RULES, else the installed ones)");
  add_filter_options(options);
  add("all-changes", po::bool_switch(), "of score and findings, too, where the verdict stays");
  add("apply", po::bool_switch(), "write what is listed; otherwise nothing is written");
  add("data", po::value<std::string>(), "data directory (default: ~/.local/share/assay)");
  add_remote_options(options);
  add_format_option(options);
  return run_remote(
      args,
      {"assay rescore [SCAN_ID...] [OPTIONS]\n"
       "Evaluates stored traces with the rules of today, and lists the scans whose verdict\n"
       "they would change, and why. --apply makes it so, for those that share the result,\n"
       "too. With --server, or without --data where $ASSAY_SERVER is set: a farm's scans, with\n"
       "the rules that its scheduler has. With --format json: one object a line, and a last\n"
       "one with the \"summary\".",
       "scan-id",
       "Exit codes: 0 nothing changes, 10 something does, 1 failed (or nothing changes, and a\n"
       "trace was damaged), 2 wrong use."},
      options, run);
}

}  // namespace assay::cli
