// assay trace import: trace files into the local store, each a scan as any other.
#include "cli/trace_verbs.h"

#include <boost/program_options.hpp>
#include <iostream>
#include <nlohmann/json.hpp>

#include "cli/options.h"
#include "cli/remote_verb.h"
#include "cli/stored.h"
#include "common/clock.h"
#include "common/text.h"
#include "scheduler/trace_import.h"

namespace assay::cli {
namespace {

std::string as_json(const ImportedTrace& trace, const std::string& path) {
  nlohmann::ordered_json out = {{"scan", trace.scan_id},
                                {"file", printable(path)},
                                {"ref", printable(trace.ref)},
                                {"outcome", trace.present ? "present" : "imported"},
                                {"verdict", printable(trace.verdict)},
                                {"score", trace.score},
                                {"verdict_in_file", trace.told},
                                {"events", trace.events}};
  return out.dump() + "\n";
}

std::string as_text(const ImportedTrace& trace) {
  std::string out = trace.scan_id + "  " + printable(trace.verdict) + " " + std::to_string(trace.score) +
                    "  " + printable(trace.ref, 200);
  if (trace.present) out += "  (was here already, the very same)";
  if (!trace.told.empty() && trace.told != trace.verdict) out += "  (the file says " + trace.told + ")";
  return out + "\n";
}

Result<int> read(const po::variables_map& map) {
  ASSAY_TRY(Format format, parse_format(map["format"].as<std::string>()));
  std::vector<std::string> paths = option_words(map, "file");
  if (paths.empty()) return Error{Errc::invalid, "no file given (--help tells more)"};
  ASSAY_TRY(std::filesystem::path dir, find_rules(option_text(map, "rules")));
  ASSAY_TRY(RuleSet rules, RuleSet::load(dir));
  ASSAY_TRY(std::unique_ptr<Store> store, make_stored(map));
  Exit code = kBelowGate;
  for (const std::string& path : paths) {
    auto trace = import_trace(*store, path, rules, wall_ns());
    if (trace)
      std::cout << (format == Format::json ? as_json(*trace, path) : as_text(*trace)) << std::flush;
    else
      code = static_cast<Exit>(complain(trace.error(), kFailed));  // the others may be well
  }
  return static_cast<int>(code);
}

}  // namespace

int trace_import(const Args& args) {
  po::options_description options("Options");
  auto add = options.add_options();
  add("data", po::value<std::string>(), "data directory (default: ~/.local/share/assay)");
  add("rules", po::value<std::string>(), "rules to score with (default: as `assay scan`)");
  add_format_option(options);
  return run_remote(
      args,
      {"assay trace import FILE... [OPTIONS]\nTakes trace files into the store of this host. Each "
       "becomes a scan that is done, under\nits own id, with a verdict by the rules of this host.",
       "file"},
      options, read);
}

}  // namespace assay::cli
