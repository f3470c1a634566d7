// retention: what of a scan is to go, by age and verdict, and what goes first when the store is too large.
// Pure: reads no store and no clock. docs/store.md has the rules in words.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/result.h"
#include "scheduler/keep.h"

namespace assay {

/// What is taken from a scan, each by itself, but: with a report goes what is left of trace and artifacts,
/// and with the record all. The bit of each is 1 << its number, as in Pruned.
enum class KeptKind : uint8_t { artifacts, traces, reports, records };
inline constexpr size_t kKeptKinds = 4;
const char* to_string(KeptKind kind);
inline constexpr uint8_t bit_of(KeptKind kind) {
  return static_cast<uint8_t>(1u << static_cast<uint8_t>(kind));
}
static_assert(bit_of(KeptKind::reports) == kReportPruned && bit_of(KeptKind::records) == kRecordPruned);

/// In the order in which they are given up. `failed`: cancelled ones too.
enum class ScanClass : uint8_t { failed, clean, inconclusive, suspicious, malicious };
inline constexpr size_t kScanClasses = 5;
const char* to_string(ScanClass of);
/// Of a scan that has ended. A verdict that this version does not know counts as malicious.
ScanClass class_of(const ScanRecord& record);

template <class T>
using ByKind = std::array<T, kKeptKinds>;

struct RetentionPolicy {
  using Age = std::optional<std::chrono::seconds>;  // nothing: never
  ByKind<std::array<Age, kScanClasses>> ages{};
  uint64_t budget_bytes = 0;  // of the whole store on disk; 0: none

  bool by_age() const;
  bool empty() const { return budget_bytes == 0 && !by_age(); }
};

/// Rules as "KIND=AGE" or "KIND/CLASS=AGE", as in "traces=30d", "traces/malicious=1y", "records=never": s, m,
/// h, d, w or y (365 days). One that names a class goes before one that does not, whichever comes first; of
/// equal ones the last holds. Errc::invalid names the text.
Result<RetentionPolicy> parse_retention(const std::vector<std::string>& rules);

/// What there is to take: bits. Nothing of an open or a pinned scan; of one that shares another's result
/// only its record.
uint8_t takable(const ScanRecord& record);
/// What is too old: bits of what is takable. `since_ns`: when it, or the last scan that shares its result,
/// ended.
uint8_t due(const RetentionPolicy& policy, const ScanRecord& record, int64_t since_ns, int64_t now_ns);
/// When a scan's time began to run: its end.
int64_t since_of(const ScanRecord& record);

/// The place in the order in which a budget takes; lower ones go first, the older first among equals.
uint8_t rank_of(KeptKind kind, ScanClass of);

/// Once over its budget the store is brought down to this, so that not every new scan means another look.
uint64_t low_water(uint64_t budget_bytes);
/// What reports may take of it, with their index. Beyond that those of failed, clean and inconclusive scans
/// go before any trace, the oldest first: else last year's would leave no room for this night's traces.
uint64_t reports_share(uint64_t budget_bytes);

}  // namespace assay
