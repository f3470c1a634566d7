// Headings and fields in their columns.
#include "scheduler/score/text_sheet.h"

#include "common/text.h"

namespace assay::layout {

void Sheet::section(const std::string& name, const std::string& note) {
  line();
  line(paint(Ink::bold, name) + (note.empty() ? "" : paint(Ink::dim, "  " + note)));
}

void Sheet::field(const std::string& label, const std::string& text) {
  if (text.empty()) return;
  bool first = true;
  for (const auto& part : wrap(still_printable(text), room())) {
    line("  " + paint(Ink::dim, pad(first ? label : "", kLabel)) + part);
    first = false;
  }
}

}  // namespace assay::layout
