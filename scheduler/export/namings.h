// namings: which findings name a thing in their evidence, and which are about a process. Pure.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "scheduler/score/report.h"

namespace assay {

class Namings {
 public:
  /// Borrowed.
  explicit Namings(const Report& report);

  /// Findings one of whose kept pieces of evidence holds `text` as a whole word: neither the start of a
  /// longer name, path or address, nor, unless it is a domain, the end of one. In the report's order.
  std::vector<const Finding*> of(std::string_view text, bool is_domain = false) const;
  /// Findings with a piece of evidence that `process` gave, which is one of the report's.
  std::vector<const Finding*> by(const Process& process) const;

 private:
  const Process* process_of(const Evidence& evidence) const;

  bool may_hold(std::string_view text) const;

  const Report& report_;
  std::string text_;                                      // all evidence, a line a piece
  std::vector<std::pair<size_t, const Finding*>> lines_;  // where each begins, and whose it is
  std::vector<bool> grams_;                               // hashes of all eight bytes in a row of text_
  std::map<const Process*, std::vector<const Finding*>> by_process_;
};

}  // namespace assay
