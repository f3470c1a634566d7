// wait_progress: how far a verb is that asks again and again: one line on a terminal that is redrawn,
// elsewhere a line now and then.
#pragma once

#include <unistd.h>

#include <chrono>
#include <iostream>
#include <string>

#include "cli/status_line.h"
#include "common/result.h"

namespace assay::cli {

/// Whether the same question may be answered a little later.
inline bool may_come_back(const Error& error) {
  return error.code == Errc::unreachable || error.code == Errc::timeout || error.code == Errc::busy;
}

class WaitProgress {
 public:
  /// `every`: between two lines where standard error is no terminal.
  explicit WaitProgress(std::chrono::milliseconds every) : every_(every), told_(Clock::now()) {}
  void show(const std::string& text) {
    line_.show(text);
    if (::isatty(2) == 1 || Clock::now() - told_ < every_) return;
    told_ = Clock::now();
    std::cerr << "assay: " << text << std::endl;
  }

 private:
  using Clock = std::chrono::steady_clock;
  StatusLine line_;
  std::chrono::milliseconds every_;
  Clock::time_point told_;
};

}  // namespace assay::cli
