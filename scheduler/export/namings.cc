// By looking through the evidence's texts, which are few and short (five a finding).
#include "scheduler/export/namings.h"

#include <algorithm>

namespace assay {
namespace {

bool in_word(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-' ||
         static_cast<unsigned char>(c) >= 0x80;
}

// A domain may be the end of a longer name, a path may not be that of a longer one, nor an address of a
// number.
bool starts_word(std::string_view text, size_t at, std::string_view value, bool is_domain) {
  if (at == 0 || is_domain) return at == 0 || !in_word(text[at - 1]);
  char before = text[at - 1];
  return !in_word(before) && before != '.' && before != (value.starts_with('/') ? '/' : ':');
}

// Behind a name a dot may end a sentence, behind an address a colon may come before its port.
bool ends_word(std::string_view text, size_t end, bool is_path) {
  if (end >= text.size()) return true;
  if (in_word(text[end]) || (is_path && text[end] == '/')) return false;
  return text[end] != '.' || end + 1 >= text.size() || !in_word(text[end + 1]);
}

bool names(std::string_view text, std::string_view value, bool is_domain) {
  for (size_t at = text.find(value); at != std::string_view::npos; at = text.find(value, at + 1))
    if (starts_word(text, at, value, is_domain) && ends_word(text, at + value.size(), value.starts_with('/')))
      return true;
  return false;
}

}  // namespace

Namings::Namings(const Report& report) : report_(report) {
  for (const Finding& finding : report.findings)
    for (const Evidence& piece : finding.evidence) {
      const Process* process = process_of(piece);
      if (process == nullptr) continue;
      auto& findings = by_process_[process];
      if (findings.empty() || findings.back() != &finding) findings.push_back(&finding);
    }
}

std::vector<const Finding*> Namings::of(std::string_view text, bool is_domain) const {
  std::vector<const Finding*> out;
  if (text.empty()) return out;
  auto holds = [&](const Evidence& piece) { return names(piece.text, text, is_domain); };
  for (const Finding& finding : report_.findings)
    if (std::any_of(finding.evidence.begin(), finding.evidence.end(), holds)) out.push_back(&finding);
  return out;
}

std::vector<const Finding*> Namings::by(const Process& process) const {
  auto found = by_process_.find(&process);
  return found == by_process_.end() ? std::vector<const Finding*>() : found->second;
}

// A pid can be used again: the last that had begun by then.
const Process* Namings::process_of(const Evidence& evidence) const {
  const Process* found = nullptr;
  for (const Process& process : report_.processes)
    if (evidence.pid != 0 && process.pid == evidence.pid && process.start_ns <= evidence.time_ns)
      found = &process;
  return found;
}

}  // namespace assay
