// assay hunt: which stored scans did what a rule describes. What is found is printed as it is found;
// scheduler/ hunt does the work.
#include <boost/program_options.hpp>
#include <chrono>
#include <iostream>
#include <nlohmann/json.hpp>
#include <thread>

#include "cli/chosen_rules.h"
#include "cli/filter_options.h"
#include "cli/looked.h"
#include "cli/remote_verb.h"
#include "cli/status_line.h"
#include "cli/stored.h"
#include "common/text.h"
#include "scheduler/hunt.h"
#include "scheduler/score/report_words.h"
#include "scheduler/score/text_layout.h"

namespace assay::cli {
namespace {

using layout::count_text;
using layout::plural;
using Json = nlohmann::ordered_json;
using Clock = std::chrono::steady_clock;

constexpr unsigned kMaxThreads = 256;

std::string line_of(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::string as_json(const HuntMatch& match) {
  const ScanRecord& scan = match.scan;
  Json findings = Json::array();
  for (const Finding& finding : match.findings) {
    Json one{{"rule_id", printable(finding.rule_id)},
             {"title", finding.title},
             {"level", finding.level},
             {"count", finding.count},
             {"first", nullptr}};
    if (!finding.evidence.empty()) {
      const Evidence& first = finding.evidence.front();
      one["first"] = {{"event", first.event},
                      {"time_ns", first.time_ns},
                      {"pid", first.pid},
                      {"text", still_printable(first.text)}};
    }
    findings.push_back(std::move(one));
  }
  return line_of({{"scan_id", scan.scan_id},
                  {"shared_by", match.sharers},
                  {"submitted_ns", scan.submitted_ns},
                  {"ref", printable(scan.submission.job.ref)},
                  {"digest", printable(scan.digest)},
                  {"verdict", printable(scan.verdict)},
                  {"score", scan.score},
                  {"findings", std::move(findings)}});
}

std::string as_text(const HuntMatch& match) {
  const ScanRecord& scan = match.scan;
  std::string out = scan.scan_id + "  " + layout::utc_text(scan.submitted_ns) + "  " +
                    layout::pad(printable(scan.verdict, 20), 12) + "  " +
                    printable(scan.submission.job.ref, 300) + "\n";
  for (const Finding& finding : match.findings) {
    out += "    " + finding.title + ", " + plural(finding.count, "time");
    if (!finding.evidence.empty()) {
      const Evidence& first = finding.evidence.front();
      out += "; " + event_words(first) + ": " + still_printable(first.text);
    }
    out += "\n";
  }
  constexpr size_t kShown = 5;
  for (size_t i = 0; i < std::min(match.sharers.size(), kShown); ++i)
    out += (i == 0 ? "    the same result: " : ", ") + match.sharers[i];
  if (match.sharers.size() > kShown) out += " and " + count_text(match.sharers.size() - kShown) + " more";
  return out + (match.sharers.empty() ? "" : "\n");
}

std::string summary_json(const HuntCounts& counts, double seconds) {
  return line_of({{"summary",
                   {{"scans", counts.scans},
                    {"traces", counts.looked},
                    {"shared", counts.shared},
                    {"unfinished", counts.unfinished},
                    {"pruned", counts.pruned},
                    {"damaged", counts.damaged},
                    {"matched", counts.matched},
                    {"events", counts.events},
                    {"seconds", seconds},
                    {"events_per_s", seconds > 0 ? static_cast<double>(counts.events) / seconds : 0},
                    {"stopped", counts.stopped}}}});
}

std::string matches_text(uint64_t count) { return count_text(count) + (count == 1 ? " match" : " matches"); }

std::string summary_text(const HuntCounts& counts, double seconds) {
  char rate[96];
  std::snprintf(
      rate, sizeof rate, " in %.2f s (%s events/s)", seconds,
      count_text(seconds > 0 ? static_cast<uint64_t>(static_cast<double>(counts.events) / seconds) : 0)
          .c_str());
  std::string out = matches_text(counts.matched) + " in " + plural(counts.looked, "trace") + ", " +
                    plural(counts.events, "event") + rate + "\n";
  std::string skipped = left_out_text(counts.shared, counts.unfinished, counts.pruned, counts.damaged);
  if (!skipped.empty())
    out += "of " + plural(counts.scans, "scan") + " not looked through: " + skipped + "\n";
  if (counts.stopped) out += "stopped before the last: there may be more\n";
  return out;
}

Result<HuntOptions> options_of(const po::variables_map& map) {
  HuntOptions options;
  ASSAY_TRY(options.filter, read_filter(map));
  options.limit = map["limit"].as<uint64_t>();
  options.threads = map.count("threads") ? map["threads"].as<unsigned>()
                                         : std::max(1u, std::thread::hardware_concurrency());
  if (options.threads == 0 || options.threads > kMaxThreads)
    return Error{Errc::invalid, "--threads is a number from 1 to " + std::to_string(kMaxThreads)};
  return options;
}

Result<int> run(const po::variables_map& map) {
  ASSAY_TRY(Format format, parse_format(map["format"].as<std::string>()));
  if (map.count("rules") == 0)
    return Error{Errc::invalid, "no rule given: --rules takes a directory, a file, or a rule's id or name"};
  ASSAY_TRY(HuntOptions options, options_of(map));
  ASSAY_TRY(ChosenRules chosen, choose_rules(map["rules"].as<std::string>()));
  options.rule_ids = chosen.ids;
  ASSAY_TRY(std::unique_ptr<Store> store, open_stored(map));
  StatusLine line;
  auto start = Clock::now();
  HuntSink sink{[&](const HuntMatch& match) {
                  line.clear();
                  std::cout << (format == Format::json ? as_json(match) : as_text(match)) << std::flush;
                },
                [&](const HuntCounts& counts, uint64_t traces) {
                  line.show("hunting: " + count_text(counts.looked + counts.pruned + counts.damaged) +
                            " of " + plural(traces, "trace") + ", " + count_text(counts.matched) +
                            " with a match");
                  return static_cast<bool>(std::cout);  // else nobody reads it any more
                }};
  ASSAY_TRY(HuntCounts counts, hunt(Keep(*store), chosen.rules, options, sink));
  line.clear();
  double seconds = std::chrono::duration<double>(Clock::now() - start).count();
  std::cout << (format == Format::json ? summary_json(counts, seconds) : summary_text(counts, seconds))
            << std::flush;
  return tell_damage(counts.matched > 0 ? kAtGate : kBelowGate, {counts.first_damage, counts.records_damage});
}

}  // namespace

int hunt(const Args& args) {
  po::options_description options("Options");
  auto add = options.add_options();
  add("rules", po::value<std::string>(), "directory or file of rules, or the id or name of one of ours");
  add_filter_options(options);
  add("limit", po::value<uint64_t>()->default_value(0), "stop after so many traces with a match (0: never)");
  add("threads", po::value<unsigned>(), "threads that look through traces (default: one a processor)");
  add("data", po::value<std::string>(), "data directory (default: ~/.local/share/assay)");
  add_format_option(options);
  return run_remote(args,
                    {"assay hunt --rules DIR|FILE|RULE [OPTIONS]\n"
                     "Holds rules against the stored traces of all scans that fit, newest first, without\n"
                     "running an image. With --format json: one object a line as it is found, and a last\n"
                     "one with the \"summary\".",
                     "",
                     "Exit codes: 0 nothing found, 10 found, 1 failed (or nothing found, and a trace was\n"
                     "damaged), 2 wrong use."},
                    options, run);
}

}  // namespace assay::cli
