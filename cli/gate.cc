// assay gate: may these images in, by a policy: scans them where no result is known, decides, and says so to
// a person, to a CI server and by its exit code.
#include <boost/program_options.hpp>
#include <iostream>
#include <optional>

#include "cli/gate_output.h"
#include "cli/gate_text.h"
#include "cli/gate_ways.h"
#include "cli/remote_verb.h"
#include "cli/stored.h"
#include "cli/submitting.h"
#include "cli/terminal.h"
#include "cli/wish_options.h"
#include "common/process.h"
#include "common/text.h"

namespace assay::cli {
namespace {

constexpr RemoteUsage kUsageText = {
    "assay gate REF... --policy FILE [--from FILE|-] [OPTIONS]\n"
    "Holds images against a policy (docs/policy.md) and answers by exit code. With --server, or without\n"
    "--data where $ASSAY_SERVER is set, the farm scans them, in its most urgent lane; else this host does.\n"
    "A result that is kept of the same digest, run in the same way, is used again.",
    "ref",
    "Exit codes: 0 passes, with warnings or without; 10 fails; 11 fails for want of a conclusive result\n"
    "alone; 1 failed; 2 wrong use, a wrong policy included."};

struct GateOptions {
  GateOrder order;
  const decisions::DecisionForm* form = nullptr;
  std::vector<GateFile> files;
  std::string summary;  // file to append to; empty: none
  std::optional<std::chrono::milliseconds> timeout;
  bool known_only = false, farm = false;
  LocalOptions local;
};

// Options that only one of the ways takes: elsewhere they would be ignored without a word.
Status check_way(const po::variables_map& map, const GateOptions& options) {
  auto refuse_all = [&](std::initializer_list<const char*> names, const std::string& why) {
    for (const char* name : names)
      if (map.count(name)) return Status(Error{Errc::invalid, "--" + std::string(name) + why});
    return Status();
  };
  if (options.farm) ASSAY_CHECK(refuse_all({"rules", "yara"}, " is for scans on this host, not a farm's"));
  if (options.farm && !options.known_only)
    ASSAY_CHECK(refuse_all({"certs", "registries-conf"},
                           " is for scans on this host: a farm's agents have their own"));
  if (!options.known_only) return Status();
  if (options.order.wish.fresh)
    return Error{Errc::invalid, "--known-only starts no scan, and --fresh wants one"};
  if (options.order.wish.no_provoke)
    return Error{Errc::invalid, "--known-only starts no scan that --no-provoke could be for"};
  return refuse_all({"duration", "extend", "network", "cpus", "memory", "label"},
                    " is for scans, and --known-only starts none");
}

Result<std::string> summary_file(const po::variables_map& map) {
  if (!map["summary"].as<bool>()) return std::string();
  std::string path = environment("GITHUB_STEP_SUMMARY");
  if (path.empty())
    return Error{Errc::invalid,
                 "--summary appends to the file that $GITHUB_STEP_SUMMARY names, which is not set: elsewhere "
                 "use --output markdown=FILE"};
  ASSAY_CHECK(check_writable(path).context("--summary"));
  return path;
}

Result<GateOptions> read_options(const po::variables_map& map) {
  GateOptions options;
  ASSAY_TRY(options.form, decisions::find_decision_form(option_text(map, "format")));
  if (map.count("policy") == 0)
    return Error{Errc::invalid, "no policy given: --policy FILE (docs/policy.md says what is in it)"};
  ASSAY_TRY(options.order.policy, decisions::read_policy(option_text(map, "policy")));
  ASSAY_TRY(options.order.refs, read_refs(map, "gate"));
  ASSAY_TRY(options.order.wish, read_wish(map));
  Wish& wish = options.order.wish;
  wish.lane = Lane::gate;
  if (wish.personas.empty()) wish.personas = {Persona::bare};
  options.order.timeout = option_text(map, "timeout");
  ASSAY_TRY(options.timeout, parse_duration(options.order.timeout));
  for (const std::string& text : option_words(map, "output")) {
    ASSAY_TRY(GateFile file, parse_gate_file(text));
    options.files.push_back(std::move(file));
  }
  ASSAY_CHECK(check_gate_files(options.files));
  ASSAY_TRY(options.summary, summary_file(map));
  options.known_only = map["known-only"].as<bool>();
  ASSAY_TRY(options.farm, from_farm(map));
  ASSAY_CHECK(check_way(map, options));
  ASSAY_TRY(options.local, read_local_options(map));
  return options;
}

sources::PlaceFiles places_of(const LocalOptions& local) {
  return {local.agent.registries.registries_conf, local.agent.registries.certs_dir};
}

Result<GateAnswers> answers_of(const po::variables_map& map, const GateOptions& options, Stop& stop) {
  if (options.farm) {
    ASSAY_TRY(Remote remote, open_remote(map, stop.fd()));
    ASSAY_TRY(Remote after, open_remote(map, stop.signal_fd()));
    if (!options.known_only) return gate_by_farm(remote, after, options.order, stop);
    return gate_by_known(known_by_farm(remote), options.order, places_of(options.local), stop);
  }
  if (!options.known_only) return gate_here(options.local, options.order, stop);
  ASSAY_TRY(std::unique_ptr<Store> store, open_stored(map));
  return gate_by_known(known_here(*store), options.order, places_of(options.local), stop);
}

// How the user comes to a scan's whole report.
std::string report_command(const po::variables_map& map) {
  std::string out = "assay report SCAN_ID";
  for (const char* name : {"server", "data"})
    if (map.count(name)) out += " --" + std::string(name) + " " + printable(option_text(map, name));
  return out;
}

Status show(const po::variables_map& map, const GateOptions& options,
            std::span<const decisions::Decision> decisions) {
  if (options.form->name == "text") {
    GateStyle style{{wants_color(1), terminal_width(1)}, report_command(map)};
    std::cout << gate_text(decisions, style);
  } else {
    std::cout << options.form->write(decisions);
  }
  ASSAY_CHECK(flush_stdout());
  ASSAY_CHECK(write_gate_files(options.files, decisions));
  return options.summary.empty() ? Status() : append_summary(options.summary, decisions);
}

Result<int> run(const po::variables_map& map) {
  ASSAY_TRY(GateOptions options, read_options(map));
  ASSAY_TRY(Stop stop, Stop::open(options.timeout));
  ASSAY_TRY(GateAnswers answers, answers_of(map, options, stop));
  std::vector<decisions::Decision> decisions = join_answers(options.order, answers);
  if (Status shown = show(map, options, decisions); !shown)
    return complain(shown.error(), worse(gate_exit(decisions), kFailed));
  return static_cast<int>(gate_exit(decisions));
}

}  // namespace

int gate(const Args& args) {
  po::options_description options("Options");
  auto add = options.add_options();
  add("policy", po::value<std::string>(), "what is let in, as YAML");
  add_from_option(options);
  add("timeout", po::value<std::string>()->default_value("30m"),
      "for all images together; what has no result by then is unscanned, which the policy decides on");
  add("known-only", po::bool_switch(),
      "start no scan: decide by what is kept of the digest; what is not known is unscanned");
  add("format", po::value<std::string>()->default_value("text"),
      "on standard output: text, json, junit, sarif or markdown");
  add("output", po::value<std::vector<std::string>>()->composing(),
      "FORM=FILE, as in junit=assay.xml: into this file, too; may be repeated");
  add("summary", po::bool_switch(), "append Markdown to the file that $GITHUB_STEP_SUMMARY names");
  add_run_options(options);
  add_remote_options(options);
  add_local_options(options);
  return run_remote(args, kUsageText, options, run);
}

}  // namespace assay::cli
