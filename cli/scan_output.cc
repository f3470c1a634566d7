// Reports joined, as text and as JSON.
#include "cli/scan_output.h"

#include <iterator>
#include <utility>

#include "cli/terminal.h"
#include "scheduler/score/persona_diff.h"

namespace assay::cli {
namespace {

TextStyle style_of(bool to_file) { return {!to_file && wants_color(1), to_file ? 100 : terminal_width(1)}; }

Result<std::vector<Report>> reports_of(const ReportGroup& group) {
  std::vector<Report> reports;
  for (const std::string& json : group) {
    ASSAY_TRY(Report report, parse_report(json));
    reports.push_back(std::move(report));
  }
  return reports;
}

Result<PersonaDiff> diff_of(const ReportGroup& group) {
  ASSAY_TRY(std::vector<Report> reports, reports_of(group));
  return diff_personas(reports);
}

}  // namespace

Result<std::string> report_as_text(const std::string& json, bool to_file) {
  ASSAY_TRY(Report report, parse_report(json));
  return report_text(report, style_of(to_file));
}

Result<std::string> personas_as_text(const ReportGroup& group, bool to_file) {
  if (group.size() < 2) return std::string();
  ASSAY_TRY(PersonaDiff diff, diff_of(group));
  return persona_diff_text(diff, style_of(to_file));
}

Result<std::string> groups_as_text(const std::vector<ReportGroup>& groups) {
  std::string out;
  for (const ReportGroup& group : groups) {
    for (const std::string& report : group) {
      ASSAY_TRY(std::string text, report_as_text(report, true));
      out += text;
    }
    ASSAY_TRY(std::string personas, personas_as_text(group, true));
    out += personas;
  }
  return out;
}

Result<std::string> groups_as_json(const std::vector<ReportGroup>& groups, bool several) {
  std::string out;
  for (const ReportGroup& group : groups) {
    if (group.empty()) continue;
    std::string one = group[0];
    if (group.size() > 1) {
      ASSAY_TRY(PersonaDiff diff, diff_of(group));
      ASSAY_TRY(one, personas_json(diff, group));
    }
    out += (out.empty() ? "" : ",\n") + one;
  }
  if (several) return "[" + out + "]\n";
  return out.empty() ? out : out + "\n";
}

Result<std::string> groups_in_form(const std::vector<ReportGroup>& groups, const ExportForm& form) {
  std::vector<Report> all;
  for (const ReportGroup& group : groups) {
    ASSAY_TRY(std::vector<Report> reports, reports_of(group));
    std::move(reports.begin(), reports.end(), std::back_inserter(all));
  }
  if (all.empty()) return std::string();
  return form.write_several != nullptr ? form.write_several(all) : form.write(all[0]);
}

Status check_form_takes(const ExportForm& form, size_t reports) {
  if (reports <= 1 || form.write_several != nullptr) return Status();
  std::string several = "text, json";
  for (const ExportForm& other : export_forms())
    if (other.write_several != nullptr) several += ", " + std::string(other.name);
  return Error{Errc::invalid, "--format " + std::string(form.name) +
                                  " takes one image and one persona; of several there are " + several};
}

}  // namespace assay::cli
