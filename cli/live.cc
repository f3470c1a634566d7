// The cursor goes up over the old block, and what follows is erased (ECMA-48: CUU, ED).
#include "cli/live.h"

#include <unistd.h>

#include <iostream>

#include "cli/terminal.h"

namespace assay::cli {

Live::Live(bool lines) : terminal_(::isatty(2) == 1), lines_(lines) {}

unsigned Live::width() const { return terminal_width(2) - 1; }

void Live::line(const std::string& text) {
  if (!lines_) return;
  std::vector<std::string> again = shown_;
  clear();
  std::cout << text << "\n" << std::flush;
  block(again);
}

void Live::note(const std::string& text) {
  std::vector<std::string> again = shown_;
  clear();
  std::cerr << text << "\n" << std::flush;
  block(again);
}

void Live::block(const std::vector<std::string>& lines) {
  if (!terminal_ || lines == shown_) return;
  clear();
  std::string out;
  for (const std::string& text : lines) out += text + "\n";
  std::cerr << out << std::flush;
  shown_ = lines;
}

void Live::clear() {
  if (shown_.empty()) return;
  std::cerr << "\033[" << shown_.size() << "A\r\033[J" << std::flush;
  shown_.clear();
}

}  // namespace assay::cli
