// The table of forms.
#include "scheduler/export/export.h"

#include "common/text.h"

namespace assay {
namespace {

constexpr ExportForm kForms[] = {
    {"html", "text/html; charset=utf-8", "html", html_report, nullptr},
    {"sarif", "application/sarif+json", "sarif", sarif_report, sarif_reports},
    {"stix", "application/stix+json;version=2.1", "stix.json", stix_bundle, nullptr},
    {"navigator", "application/json", "navigator.json", navigator_layer, nullptr},
    {"misp", "application/json", "misp.json", misp_event, nullptr},
    {"csv", "text/csv; charset=utf-8", "csv", csv_indicators, nullptr},
};

}  // namespace

std::span<const ExportForm> export_forms() { return kForms; }

Result<const ExportForm*> find_export_form(std::string_view name) {
  std::string names;
  for (const ExportForm& form : kForms) {
    if (form.name == name) return &form;
    names += (names.empty() ? "" : ", ") + std::string(form.name);
  }
  return Error{Errc::invalid, "format '" + printable(name, 40) + "' is none of " + names + ", text, json"};
}

}  // namespace assay
