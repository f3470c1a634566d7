// report_diff: what one scan did and another did not, out of their two reports: verdict, findings, names
// asked for, peers, ports, programs. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "common/result.h"

namespace assay {

struct ReportDiff {
  static constexpr size_t kMaxOfKind = 200;

  struct Item {
    std::string kind;  // "finding", "name", "peer", "port" (listened on), "executable", "user"
    std::string what;
  };
  std::string old_verdict, new_verdict;
  int old_score = 0, new_score = 0;
  std::vector<Item> added, gone;  // by kind, then by name
  uint64_t left_out = 0;

  bool empty() const { return added.empty() && gone.empty() && left_out == 0 && old_verdict == new_verdict; }
};

/// Of two reports as they are kept (assay.report/1). Errc::corrupt.
Result<ReportDiff> diff_reports(std::string_view old_json, std::string_view new_json);
std::string diff_text(const ReportDiff& diff, size_t width);
/// {"schema": "assay.diff/1", "verdict": {"old", "new"}, "score": {...}, "added": [...], "gone": [...]}
std::string diff_json(const ReportDiff& diff);

}  // namespace assay
