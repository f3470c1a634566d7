// assay report: the stored report of a scan, of this host or of a farm.
#include <boost/program_options.hpp>
#include <cstdlib>
#include <iostream>

#include "cli/options.h"
#include "cli/remote_verb.h"
#include "cli/stored.h"
#include "cli/terminal.h"
#include "cli/verbs.h"
#include "scheduler/keep.h"

namespace assay::cli {
namespace {

Result<std::string> stored_report(const po::variables_map& map, const std::string& scan_id) {
  ASSAY_TRY(std::unique_ptr<Store> store, open_stored(map));
  Keep keep(*store);
  ASSAY_TRY(ScanRecord record, keep.scan(scan_id));
  if (record.state != ScanState::done)
    return Error{Errc::not_found, "scan " + scan_id + " has no report: it is " + to_string(record.state) +
                                      (record.error.empty() ? "" : " (" + record.error + ")")};
  return keep.report(scan_id);
}

// --data and --server say where; without either, $ASSAY_SERVER makes it the farm's.
Result<bool> from_farm(const po::variables_map& map) {
  if (map.count("server") && map.count("data"))
    return Error{Errc::invalid,
                 "--server and --data exclude each other: is the report the farm's or this host's?"};
  const char* server = std::getenv("ASSAY_SERVER");
  return map.count("server") > 0 || (map.count("data") == 0 && server != nullptr && *server != 0);
}

Result<std::string> remote_report(const po::variables_map& map, const std::string& scan_id) {
  ASSAY_TRY(Remote remote, open_remote(map));
  return remote.get("/v1/scans/" + scan_id + "/report");
}

Result<int> show(const po::variables_map& map) {
  ASSAY_TRY(Format format, parse_format(map["format"].as<std::string>()));
  ASSAY_TRY(std::string scan_id, stored_scan_id(map));
  ASSAY_TRY(bool farm, from_farm(map));
  ASSAY_TRY(std::string json, farm ? remote_report(map, scan_id) : stored_report(map, scan_id));
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
