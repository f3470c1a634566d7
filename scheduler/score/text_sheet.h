// Sheet: the text report as it is written: lines, headings, labelled fields. Knows nothing of reports.
#pragma once

#include <string>

#include "scheduler/score/text_layout.h"

namespace assay::layout {

class Sheet {
 public:
  static constexpr size_t kLabel = 10, kIndent = 12;  // columns of a label, and before what stands beside it

  Sheet(bool color, size_t sheet_width) : paint(color), width(sheet_width) {}
  void line(const std::string& text = "") { out += text + "\n"; }
  /// An empty line, then a heading with a note beside it.
  void section(const std::string& name, const std::string& note = "");
  /// "  label     text", wrapped under itself; nothing if there is no text.
  void field(const std::string& label, const std::string& text);
  size_t room() const { return width - kIndent; }

  const Paint paint;
  const size_t width;
  std::string out;
};

}  // namespace assay::layout
