// export: a report in forms that other programs open (docs/exports.md). Pure: a report, or a trace, in; text
// or bytes out. Whatever came from the image or the network is escaped as the form demands.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "common/result.h"
#include "scheduler/score/report.h"

namespace assay {

/// One form that a report alone can be given in.
struct ExportForm {
  std::string_view name;       // "sarif", as --format and the API call it
  std::string_view mime;       // "application/sarif+json"
  std::string_view extension;  // "sarif", of a file's name
  std::string (*write)(const Report&);
  std::string (*write_several)(std::span<const Report>) =
      nullptr;  // into one file; null: the form has no room
};
std::span<const ExportForm> export_forms();
/// Errc::invalid lists the names there are, and text and json, which every caller knows beside them.
Result<const ExportForm*> find_export_form(std::string_view name);

// One file each. The bytes are the same for the same report.
std::string html_report(const Report& report);
std::string sarif_report(const Report& report);
/// Several as one file, a run each.
std::string sarif_reports(std::span<const Report> reports);
std::string navigator_layer(const Report& report);
std::string csv_indicators(const Report& report);
std::string stix_bundle(const Report& report);
std::string misp_event(const Report& report);

}  // namespace assay
