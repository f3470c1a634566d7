// assay report: the stored report of a scan, of this host or of a farm, in any form.
#include <boost/program_options.hpp>
#include <iostream>

#include "cli/new_file.h"
#include "cli/options.h"
#include "cli/report_pcapng.h"
#include "cli/stored.h"
#include "cli/terminal.h"
#include "cli/verbs.h"
#include "common/text.h"
#include "scheduler/export/export.h"

namespace assay::cli {
namespace {

namespace po = boost::program_options;

// The report as `format` has it; `to_file`: without a terminal's colours and width.
Result<std::string> in_format(const std::string& json, const std::string& format, bool to_file) {
  if (format == "json") return json + "\n";
  ASSAY_TRY(Report report, parse_report(json));
  if (format == "text")
    return report_text(report, to_file ? TextStyle() : TextStyle{wants_color(1), terminal_width(1)});
  ASSAY_TRY(const ExportForm* form, find_export_form(format));
  return form->write(report);
}

Result<int> show(const po::variables_map& map) {
  const auto& format = map["format"].as<std::string>();
  if (format == "pcapng") return report_pcapng(map, map["scan-id"].as<std::string>());
  if (!parse_format(format)) ASSAY_CHECK(find_export_form(format));
  ASSAY_TRY(std::string scan_id, stored_scan_id(map));
  ASSAY_TRY(std::string json, fetch_report(map, scan_id));
  ASSAY_TRY(bool farm, from_farm(map));
  if (farm) ASSAY_CHECK(parse_report(json));  // before hostile bytes are shown
  ASSAY_TRY(std::string text, in_format(json, format, map.count("output") > 0));
  if (map.count("output") == 0) {
    std::cout << text;
    return static_cast<int>(kBelowGate);
  }
  const auto& path = map["output"].as<std::string>();
  ASSAY_TRY(NewFile file, NewFile::create(path, map["force"].as<bool>(), "the report"));
  ASSAY_CHECK(file.add(text));
  ASSAY_CHECK(file.finish());
  std::cerr << "written to " << printable(path) << "\n";
  return static_cast<int>(kBelowGate);
}

}  // namespace

int report(const Args& args) {
  po::options_description own;
  auto add = own.add_options();
  add("output,o", po::value<std::string>(), "write to this file");
  add("force", po::bool_switch(), "overwrite that file");
  return run_stored(
      args,
      "assay report SCAN_ID [OPTIONS]\nShows the stored report of a scan; with --server, or "
      "without --data where\n$ASSAY_SERVER is set, one of the farm. Beside text and json, "
      "--format takes html,\nsarif, stix, navigator, misp and csv (docs/exports.md); and pcapng, which "
      "is made of\nthe trace: of a scan of this host, or of a trace file in place of SCAN_ID.",
      "scan-id", true, show, true, &own);
}

}  // namespace assay::cli
