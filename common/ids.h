// Scan ids: time-ordered, so that the newest scans are the last keys of the store.
// "20261125T031500-1f8a3c9e".
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

namespace assay {

/// UTC second of `now`, a dash, 8 hex digits of randomness.
std::string make_scan_id(std::chrono::system_clock::time_point now);
/// The id of this second (Unix) with these last digits: ids sort between 0 and 0xffffffff of theirs.
std::string scan_id_at(int64_t second, uint32_t number);
/// Only what make_scan_id() can write; ids come from users and the network and become keys and file names.
bool is_scan_id(std::string_view text);

/// Ids in ascending order, none twice: random where a second begins, then counting. For whoever makes
/// thousands a second, where random ones alone would collide.
class ScanIds {
 public:
  std::string next(std::chrono::system_clock::time_point now);

 private:
  std::string second_;  // "20261125T031500-"
  uint32_t number_ = 0;
};

}  // namespace assay
