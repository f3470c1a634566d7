// Who was fenced by what, over restarts: `fenced`, `draining`; with a hit of a guard
// `fenced SCAN-ATTEMPT REASON`, and once an operator has lifted that, after any mode, `lifted SCAN-ATTEMPT`.
#include <algorithm>
#include <charconv>

#include "common/ids.h"
#include "common/text.h"
#include "scheduler/agents.h"

namespace assay {
namespace {

constexpr size_t kMaxReason = 900;  // bytes
constexpr std::string_view kLifted = "lifted";

// "SCAN-ATTEMPT"; nothing else is taken.
bool read_attempt(std::string_view text, Agents::Fencing& out) {
  size_t dash = text.rfind('-');
  if (dash == std::string_view::npos || !is_scan_id(text.substr(0, dash))) return false;
  const char *begin = text.data() + dash + 1, *end = text.data() + text.size();
  auto [stop, error] = std::from_chars(begin, end, out.attempt);
  if (error != std::errc() || stop != end) return false;
  out.scan_id = text.substr(0, dash);
  return true;
}

std::string_view next_word(std::string_view& text) {
  std::string_view word = text.substr(0, text.find(' '));
  text.remove_prefix(std::min(text.size(), word.size() + 1));
  return word;
}

}  // namespace

bool Agents::fence(const std::string& name, Fencing fencing) {
  Known& known = known_[row_of(name)];
  if (!known.fencing.scan_id.empty()) return false;
  fencing.reason = still_printable(fencing.reason, kMaxReason);
  known.fencing = std::move(fencing);
  known.lifted = {};
  set_mode(name, Mode::fenced);
  return true;
}

const Agents::Fencing* Agents::fencing(const std::string& name) const {
  auto it = indices_.find(name);
  if (it == indices_.end() || known_[it->second].fencing.scan_id.empty()) return nullptr;
  return &known_[it->second].fencing;
}

bool Agents::was_lifted(const std::string& name, const std::string& scan_id, uint32_t attempt) const {
  auto it = indices_.find(name);
  return it != indices_.end() && known_[it->second].lifted.is_of(scan_id, attempt);
}

std::string Agents::kept(const std::string& name) const {
  auto it = indices_.find(name);
  if (it == indices_.end()) return "";
  const Known& known = known_[it->second];
  auto attempt = [](const Fencing& by) { return by.scan_id + "-" + std::to_string(by.attempt); };
  std::string mode = to_string(known.mode);
  if (!known.fencing.scan_id.empty()) return mode + " " + attempt(known.fencing) + " " + known.fencing.reason;
  if (!known.lifted.scan_id.empty()) return mode + " " + std::string(kLifted) + " " + attempt(known.lifted);
  return known.mode == Mode::active ? "" : mode;
}

void Agents::restore(const std::string& name, std::string_view kept) {
  std::string_view mode = next_word(kept), word = next_word(kept);
  Known& known = known_[row_of(name)];
  if (word == kLifted)
    (void)read_attempt(next_word(kept), known.lifted);
  else if (mode == to_string(Mode::fenced) && read_attempt(word, known.fencing))
    known.fencing.reason = still_printable(kept, kMaxReason);
  for (Mode each : {Mode::draining, Mode::fenced})
    if (mode == to_string(each)) set_mode(name, each);
}

}  // namespace assay
