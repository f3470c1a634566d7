// scan_filter: which of the kept scans a question is about. Pure; the words of the command line and the
// API's parameters are both read here.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "common/result.h"
#include "scheduler/keep.h"

namespace assay {

struct ScanFilter {
  int64_t since_ns = 0;               // submitted at or after; wall clock
  int64_t until_ns = INT64_MAX;       // submitted before
  std::vector<std::string> verdicts;  // any of these; empty: any
  std::string image;                  // part of the reference, or the digest; empty: any
  std::string batch;                  // id; empty: any

  bool fits(const ScanRecord& record) const;

  /// Scans that fit have ids from `oldest` to `newest` (empty: no bound): the times in them are those of
  /// submission, give or take a week for clocks that differ and traces that come from elsewhere.
  std::string oldest_id() const;
  std::string newest_id() const;
};

/// A time (RFC 3339), a day ("2026-11-26", from its beginning in UTC), or a time ago ("90s", "12h", "7d",
/// "2w"). Nanoseconds since the epoch. Errc::invalid names the text.
Result<int64_t> parse_when(std::string_view text, int64_t now_ns);
/// Errc::invalid for what is none of the verdicts.
Status check_verdict(std::string_view text);

}  // namespace assay
