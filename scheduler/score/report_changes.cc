// What the image does otherwise than the one before it, or than its base.
#include "common/text.h"
#include "scheduler/score/change_lines.h"
#include "scheduler/score/report_sections.h"

namespace assay {
namespace {

using layout::Ink;

void write_lines(const std::vector<Change>& changes, const std::string& sign, Ink ink,
                 const std::vector<LayerInfo>& layers, layout::Sheet& sheet) {
  for (const std::string& line : change_lines(changes, sign, layers, sheet.width - 2))
    sheet.line("  " + (line.starts_with(sign) ? sheet.paint(ink, sign) + line.substr(sign.size())
                                              : sheet.paint(Ink::dim, line)));
}

}  // namespace

void write_changes(const Report& report, layout::Sheet& sheet) {
  for (const Comparison& one : report.compared) {
    std::string what = still_printable(one.relation == "base" ? "CHANGES AGAINST THE BASE" : "CHANGES SINCE");
    sheet.section(what, layout::fit(still_printable(one.ref), sheet.width - what.size() - 4));
    sheet.line();
    sheet.line("  " + sheet.paint(Ink::dim, layout::fit("scan " + still_printable(one.scan_id) + ", " +
                                                            still_printable(one.digest),
                                                        sheet.width - 2)));
    write_lines(one.added, "+", Ink::red, report.header.image.layers, sheet);
    write_lines(one.gone, "-", Ink::dim, {}, sheet);
    if (one.left_out > 0) sheet.line("  … and " + layout::count_text(one.left_out) + " more of a kind");
    if (one.added.empty() && one.gone.empty() && one.left_out == 0) sheet.line("  It does the same.");
  }
}

}  // namespace assay
