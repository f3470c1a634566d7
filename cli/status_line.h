// status_line: one line on a terminal that says how far a verb is; nothing where standard error is no
// terminal.
#pragma once

#include <string>

namespace assay::cli {

class StatusLine {
 public:
  StatusLine();
  ~StatusLine() { clear(); }  // leaves the line empty
  StatusLine(const StatusLine&) = delete;
  StatusLine& operator=(const StatusLine&) = delete;
  /// Printable; cut to the terminal's width.
  void show(const std::string& text);
  /// Before anything else is printed.
  void clear();

 private:
  std::string shown_;
  bool terminal_;
};

}  // namespace assay::cli
