// assay report: the stored report of a scan, of this host or of a farm.
#include <boost/program_options.hpp>
#include <iostream>

#include "cli/options.h"
#include "cli/stored.h"
#include "cli/terminal.h"
#include "cli/verbs.h"

namespace assay::cli {
namespace {

namespace po = boost::program_options;

Result<int> show(const po::variables_map& map) {
  ASSAY_TRY(Format format, parse_format(map["format"].as<std::string>()));
  ASSAY_TRY(std::string scan_id, stored_scan_id(map));
  ASSAY_TRY(std::string json, fetch_report(map, scan_id));
  ASSAY_TRY(bool farm, from_farm(map));
  if (farm) ASSAY_CHECK(parse_report(json));  // before hostile bytes are shown
  if (format == Format::json) {
    std::cout << json << "\n";
    return static_cast<int>(kBelowGate);
  }
  ASSAY_TRY(Report report, parse_report(json));
  std::cout << report_text(report, {wants_color(1), terminal_width(1)});
  return static_cast<int>(kBelowGate);
}

}  // namespace

int report(const Args& args) {
  return run_stored(args,
                    "assay report SCAN_ID [OPTIONS]\nShows the stored report of a scan; with --server, or "
                    "without --data where\n$ASSAY_SERVER is set, one of the farm.",
                    "scan-id", true, show, true);
}

}  // namespace assay::cli
