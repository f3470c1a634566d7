// assay trace: every event of a stored scan, or of a trace file.
#include <boost/program_options.hpp>
#include <cstdio>

#include "cli/options.h"
#include "cli/stored.h"
#include "cli/trace_verbs.h"
#include "cli/verbs.h"
#include "common/ids.h"
#include "common/trace_file.h"
#include "scheduler/keep.h"

namespace assay::cli {
namespace {

namespace po = boost::program_options;

Result<int> show(const po::variables_map& map) {
  ASSAY_TRY(Format format, parse_format(map["format"].as<std::string>()));
  auto print = [&](const Event& event) {
    std::string line = format == Format::json ? event_json(event) : event_text(event);
    line += '\n';
    std::fwrite(line.data(), 1, line.size(), stdout);
  };
  const auto& word = map["scan-id"].as<std::string>();
  if (!is_scan_id(word)) {
    auto ends = read_trace_file(word, print);
    if (!ends) return ends.error();
    return static_cast<int>(kBelowGate);
  }
  ASSAY_TRY(std::unique_ptr<Store> store, open_stored(map));
  ASSAY_CHECK(Keep(*store).each_event(word, print));
  return static_cast<int>(kBelowGate);
}

}  // namespace

int trace(const Args& args) {
  const Args rest(args.empty() ? args.end() : args.begin() + 1, args.end());
  if (!args.empty() && args[0] == "export") return trace_export(rest);
  if (!args.empty() && args[0] == "import") return trace_import(rest);
  return run_stored(
      args,
      "assay trace SCAN_ID|FILE [OPTIONS]\nassay trace export SCAN_ID, assay trace import FILE... "
      "(--help after either)\nPrints every event of a stored scan or of a trace file, one a line.",
      "scan-id", true, show);
}

}  // namespace assay::cli
