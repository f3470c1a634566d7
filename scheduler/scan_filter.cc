// Matching a record, and reading times as people write them.
#include "scheduler/scan_filter.h"

#include <algorithm>
#include <charconv>

#include "common/ids.h"
#include "common/rfc3339.h"
#include "common/text.h"

namespace assay {
namespace {

constexpr int64_t kSecond = 1'000'000'000;
constexpr int64_t kMaxAgo = 100ll * 365 * 24 * 3600;

// Seconds of "12h", or nothing.
std::optional<int64_t> ago(std::string_view text) {
  int64_t count = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
  std::string_view unit(end, static_cast<size_t>(text.data() + text.size() - end));
  if (error != std::errc() || count < 0 || unit.size() != 1) return std::nullopt;
  int64_t seconds = 0;
  switch (unit[0]) {
    case 's':
      seconds = 1;
      break;
    case 'm':
      seconds = 60;
      break;
    case 'h':
      seconds = 3600;
      break;
    case 'd':
      seconds = 24 * 3600;
      break;
    case 'w':
      seconds = 7 * 24 * 3600;
      break;
    default:
      return std::nullopt;
  }
  if (count > kMaxAgo / seconds) return std::nullopt;
  return count * seconds;
}

constexpr int64_t kRoom = 7ll * 24 * 3600 * kSecond;

}  // namespace

std::string ScanFilter::oldest_id() const {
  return since_ns <= kRoom ? "" : scan_id_at((since_ns - kRoom) / kSecond, 0);
}

std::string ScanFilter::newest_id() const {
  return until_ns >= INT64_MAX - kRoom
             ? ""
             : scan_id_at((std::max(until_ns, int64_t{1}) + kRoom) / kSecond, 0xffffffff);
}

bool ScanFilter::fits(const ScanRecord& record) const {
  if (record.submitted_ns < since_ns || record.submitted_ns >= until_ns) return false;
  if (!verdicts.empty() && std::find(verdicts.begin(), verdicts.end(), record.verdict) == verdicts.end())
    return false;
  if (!image.empty() && record.digest != image && record.submission.job.ref.find(image) == std::string::npos)
    return false;
  return batch.empty() || record.submission.batch == batch;
}

Result<int64_t> parse_when(std::string_view text, int64_t now_ns) {
  if (auto seconds = ago(text)) return now_ns - *seconds * kSecond;
  std::string full(text);
  if (text.size() == 10 && text[4] == '-') full += "T00:00:00Z";
  auto seconds = parse_rfc3339(full);
  if (!seconds)
    return Error{Errc::invalid, "time '" + printable(text, 64) +
                                    "' is neither a time (2026-11-26T06:00:00Z), a day (2026-11-26) nor a "
                                    "time ago (12h, 7d, 2w)"};
  return *seconds * kSecond;
}

Status check_verdict(std::string_view text) {
  if (parse_verdict(text)) return Status();
  return Error{Errc::invalid,
               "verdict '" + printable(text, 40) + "' is none of clean, suspicious, malicious, inconclusive"};
}

}  // namespace assay
