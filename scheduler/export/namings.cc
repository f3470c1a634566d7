// By looking through the evidence's texts (five a finding): thousands of names are asked for, few of which
// can be in them at all.
#include "scheduler/export/namings.h"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <iterator>

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

constexpr size_t kGram = 8, kHashes = 1 << 18;

size_t hash_of(const char* gram) {
  uint64_t bytes = 0;
  std::memcpy(&bytes, gram, kGram);
  return (bytes * 0x9e3779b97f4a7c15) >> 46;
}

}  // namespace

Namings::Namings(const Report& report) : report_(report), grams_(kHashes) {
  for (const Finding& finding : report.findings)
    for (const Evidence& piece : finding.evidence) {
      lines_.emplace_back(text_.size(), &finding);
      text_ += piece.text + "\n";
      const Process* process = process_of(piece);
      if (process == nullptr) continue;
      auto& findings = by_process_[process];
      if (findings.empty() || findings.back() != &finding) findings.push_back(&finding);
    }
  for (size_t i = 0; i + kGram <= text_.size(); ++i) grams_[hash_of(text_.data() + i)] = true;
}

bool Namings::may_hold(std::string_view text) const {
  for (size_t i = 0; i + kGram <= text.size(); ++i)
    if (!grams_[hash_of(text.data() + i)]) return false;
  return !text.empty();
}

std::vector<const Finding*> Namings::of(std::string_view value, bool is_domain) const {
  std::vector<const Finding*> out;
  if (!may_hold(value)) return out;
  for (size_t from = 0; from < text_.size();) {
    const void* found = ::memmem(text_.data() + from, text_.size() - from, value.data(), value.size());
    if (found == nullptr) break;
    size_t at = static_cast<size_t>(static_cast<const char*>(found) - text_.data());
    auto next = std::upper_bound(lines_.begin(), lines_.end(), at,
                                 [](size_t offset, const auto& line) { return offset < line.first; });
    bool whole = starts_word(text_, at, value, is_domain) &&
                 ends_word(text_, at + value.size(), value.starts_with('/'));
    if (whole && (out.empty() || out.back() != std::prev(next)->second))
      out.push_back(std::prev(next)->second);
    // Of a line that names it no more has to be known.
    from = !whole ? at + 1 : next == lines_.end() ? text_.size() : next->first;
  }
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
