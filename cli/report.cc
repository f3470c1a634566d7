// assay report: the stored report of a scan.
#include <boost/program_options.hpp>
#include <iostream>

#include "cli/options.h"
#include "cli/stored.h"
#include "cli/terminal.h"
#include "cli/verbs.h"
#include "scheduler/keep.h"

namespace assay::cli {
namespace {

namespace po = boost::program_options;

Result<int> show(const po::variables_map& map) {
  ASSAY_TRY(Format format, parse_format(map["format"].as<std::string>()));
  ASSAY_TRY(std::string scan_id, stored_scan_id(map));
  ASSAY_TRY(std::unique_ptr<Store> store, open_stored(map));
  Keep keep(*store);
  ASSAY_TRY(ScanRecord record, keep.scan(scan_id));
  if (record.state != ScanState::done)
    return Error{Errc::not_found, "scan " + scan_id + " has no report: it is " + to_string(record.state) +
                                      (record.error.empty() ? "" : " (" + record.error + ")")};
  ASSAY_TRY(std::string json, keep.report(scan_id));
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
  return run_stored(args, "assay report SCAN_ID [OPTIONS]\nShows the stored report of a scan.", "scan-id",
                    true, show);
}

}  // namespace assay::cli
