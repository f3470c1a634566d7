// Progress rendered and redrawn in place.
#include "cli/progress.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <iostream>
#include <map>

#include "cli/terminal.h"
#include "common/text.h"

namespace assay::cli {
namespace {

std::string with_commas(uint64_t number) {
  std::string digits = std::to_string(number);
  for (size_t at = digits.size(); at > 3; at -= 3) digits.insert(at - 3, ",");
  return digits;
}

}  // namespace

std::string phase_text(const std::string& phase) {
  static const std::map<std::string, std::string> kPhases = {
      {"queued", "waiting"},    {"pull", "pulling"},
      {"unpack", "unpacking"},  {"wait", "ready"},
      {"start", "starting"},    {"run", "running"},
      {"harvest", "gathering"}, {"score", "scoring what was seen"}};
  auto found = kPhases.find(phase);
  return found == kPhases.end() ? printable(phase, 40) : found->second;
}

std::string progress_line(const std::string& ref, const wire::Progress& progress, unsigned width) {
  std::string tail = "  " + phase_text(progress.phase);
  if (progress.time_left_ms >= 0)
    tail += "  " + std::to_string((progress.time_left_ms + 999) / 1000) + " s left";
  if (progress.events > 0) tail += "  " + with_commas(progress.events) + " events";
  if (progress.lost > 0) tail += "  " + with_commas(progress.lost) + " LOST";
  std::string head = printable(ref);
  size_t room = width > tail.size() + 8 ? width - tail.size() : 8;
  if (head.size() > room) head = "..." + head.substr(head.size() - (room - 3));
  return (head + tail).substr(0, width);
}

ProgressLine::ProgressLine(std::string ref) : ref_(std::move(ref)), terminal_(::isatty(2) == 1) {}

ProgressLine::~ProgressLine() {
  if (!shown_.empty()) std::cerr << "\r\033[K" << std::flush;
}

void ProgressLine::show(const wire::Progress& progress) {
  if (!terminal_) return;
  std::string line = progress_line(ref_, progress, terminal_width(2) - 1);
  if (line == shown_) return;
  shown_ = line;
  std::cerr << "\r\033[K" << line << std::flush;
}

}  // namespace assay::cli
