// assay report: the report of a scan, of this host or of a farm, or of a trace file, in any form.
#include <boost/program_options.hpp>
#include <filesystem>
#include <iostream>

#include "cli/new_file.h"
#include "cli/options.h"
#include "cli/report_pcapng.h"
#include "cli/stored.h"
#include "cli/terminal.h"
#include "cli/verbs.h"
#include "common/ids.h"
#include "common/text.h"
#include "scheduler/evaluate.h"
#include "scheduler/export/export.h"
#include "scheduler/score/rules.h"

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

// A trace file has no report yet: it is made here, by the rules.
Result<std::string> score_file(const po::variables_map& map, const std::string& path) {
  if (std::error_code ignored; !std::filesystem::exists(path, ignored))
    return Error{Errc::invalid, "'" + printable(path, 100) +
                                    "' is neither a scan id (assay list shows them) nor a trace file"};
  for (const char* option : {"data", "server"})
    if (map.count(option))
      return Error{Errc::invalid, "'" + printable(path, 100) + "' is no scan id, and --" + option +
                                      " is of no use for a trace file"};
  ASSAY_TRY(auto dir, find_rules(map.count("rules") ? map["rules"].as<std::string>() : ""));
  ASSAY_TRY(RuleSet rules, RuleSet::load(dir));
  ASSAY_TRY(Report report, evaluate_file(path, rules));
  return report_json(report);
}

Result<std::string> report_of(const po::variables_map& map) {
  const auto& word = map["scan-id"].as<std::string>();
  if (!is_scan_id(word)) return score_file(map, word);
  if (map.count("rules"))
    return Error{Errc::invalid, "--rules is for trace files: a stored report has been made (assay rescore)"};
  ASSAY_TRY(std::string json, fetch_report(map, word));
  ASSAY_TRY(bool farm, from_farm(map));
  if (farm) ASSAY_CHECK(parse_report(json));  // before hostile bytes are shown
  return json;
}

Result<int> show(const po::variables_map& map) {
  const auto& format = map["format"].as<std::string>();
  if (format == "pcapng") return report_pcapng(map, map["scan-id"].as<std::string>());
  if (!parse_format(format)) ASSAY_CHECK(find_export_form(format));
  ASSAY_TRY(std::string json, report_of(map));
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
  add("rules", po::value<std::string>(), "directory of detection rules, for a trace file");
  return run_stored(
      args,
      "assay report SCAN_ID|FILE [OPTIONS]\nShows the stored report of a scan; with --server, or "
      "without --data where\n$ASSAY_SERVER is set, one of the farm. Of a trace file, the report "
      "that the rules\nmake of it now. Beside text and json, --format takes html, sarif, stix, "
      "navigator,\nmisp and csv, and pcapng, made of the trace of a local scan or a file "
      "(docs/exports.md).",
      "scan-id", true, show, true, &own);
}

}  // namespace assay::cli
