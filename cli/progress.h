// progress: one line on a terminal that follows a scan; nothing when stderr is no terminal.
#pragma once

#include <string>

#include "common/wire.h"

namespace assay::cli {

/// "nginx:1.25  running  12 s left  1,234 events". Pure; at most `width` characters.
std::string progress_line(const std::string& ref, const wire::Progress& progress, unsigned width);

/// What a phase of an agent is called; a word that is not known is made printable.
std::string phase_text(const std::string& phase);

class ProgressLine {
 public:
  explicit ProgressLine(std::string ref);
  ~ProgressLine();  // leaves the line empty
  void show(const wire::Progress& progress);

 private:
  std::string ref_, shown_;
  bool terminal_;
};

}  // namespace assay::cli
