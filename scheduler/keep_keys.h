// keep_keys: the layout of docs/store.md as code; it stands nowhere else. Internal to the keep files.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <string_view>

#include "common/ids.h"
#include "common/text.h"
#include "scheduler/keep.h"

namespace assay::keep_keys {

inline constexpr char kHeader[] = "/header", kFooter[] = "/footer", kReport[] = "/report",
                      kTraits[] = "/traits";
/// In the open family, beside the scans: the store's format, a decimal number (docs/store.md, Formats).
inline constexpr char kLayoutKey[] = "layout";
/// From this on there is an index of open scans.
inline constexpr uint32_t kOpenIndexFormat = 2;

inline void put_be32(std::string& key, uint32_t value) {
  for (int shift = 24; shift >= 0; shift -= 8) key += static_cast<char>(value >> shift & 0xff);
}

inline uint32_t get_be32(std::string_view bytes) {
  uint32_t value = 0;
  for (size_t i = 0; i < 4; ++i) value = value << 8 | static_cast<uint8_t>(bytes[i]);
  return value;
}

inline std::string attempt_key(const std::string& scan_id, uint32_t attempt) {
  std::string key = scan_id;
  put_be32(key, attempt);
  return key;
}

inline std::string chunk_key(const std::string& scan_id, uint32_t attempt, uint32_t index) {
  std::string key = attempt_key(scan_id, attempt);
  put_be32(key, index);
  return key;
}

inline std::string digest_key(const std::string& digest, const std::string& scan_id) {
  return digest + "/" + scan_id;
}

/// No tenant's name has a byte 0.
inline std::string once_key(const Submission& submission) {
  return submission.tenant + '\0' + submission.once;
}

/// Kind, term, a byte 0, scan id: all scans under one term (terms.h) stand together, the oldest first.
inline std::string index_key(TraitKind kind, const std::string& term, const std::string& scan_id) {
  return static_cast<char>(kind) + term + '\0' + scan_id;
}
/// In the index, before all kinds: every scan of this store that is done is in it, by all kinds of traits
/// that there were when the value was written (kIndexKinds).
inline const std::string kAllIndexed = std::string(1, '\0') + "all";
inline constexpr char kIndexKinds[] = "8";

// keep_index.cc
/// What the index holds of a scan with these traits.
std::set<std::string> index_keys(const std::string& scan_id, const Traits& traits);
/// With what the scan is found by: `traits`, which its report says, and what its submission says.
void put_report(StoreBatch& batch, const ScanRecord& record, std::string_view report_json,
                const Traits& traits);
void put_traits(StoreBatch& batch, const ScanRecord& record, const Traits& traits);
void remove_traits(StoreBatch& batch, const std::string& scan_id, const Traits& traits);

// Ids have one length, so that no key is a prefix of another scan's.
inline Status check_id(const std::string& scan_id) {
  if (is_scan_id(scan_id)) return Status();
  return Error{Errc::invalid, "'" + printable(scan_id, 64) + "' is no scan id; `assay list` shows them"};
}

}  // namespace assay::keep_keys
