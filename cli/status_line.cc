// Carriage return, the line, and what was behind it erased.
#include "cli/status_line.h"

#include <unistd.h>

#include <iostream>

#include "cli/terminal.h"

namespace assay::cli {

StatusLine::StatusLine() : terminal_(::isatty(2) == 1) {}

void StatusLine::show(const std::string& text) {
  if (!terminal_) return;
  std::string line = text.substr(0, terminal_width(2) - 1);
  if (line == shown_) return;
  shown_ = line;
  std::cerr << "\r\033[K" << line << std::flush;
}

void StatusLine::clear() {
  if (!shown_.empty()) std::cerr << "\r\033[K" << std::flush;
  shown_.clear();
}

}  // namespace assay::cli
