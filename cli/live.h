// live: what a command shows while it lasts: lines that stay, on standard output, and below them a block on
// the terminal that is redrawn in place. Without a terminal on stderr there is no block; notes say now and
// then how far it is.
#pragma once

#include <chrono>
#include <string>
#include <vector>

namespace assay::cli {

class Live {
 public:
  /// `lines`: whether line() prints; a command that prints JSON at its end has none.
  explicit Live(bool lines = true);
  Live(const Live&) = delete;
  Live& operator=(const Live&) = delete;
  ~Live() { clear(); }

  bool terminal() const { return terminal_; }
  unsigned width() const;  // of the block

  void line(const std::string& text);  // stays, on stdout
  void note(const std::string& text);  // stays, on stderr
  void block(const std::vector<std::string>& lines);
  void clear();  // takes the block away

 private:
  bool terminal_, lines_;
  std::vector<std::string> shown_;
};

}  // namespace assay::cli
