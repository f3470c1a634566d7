// Scan ids: time-ordered, so that the newest scans are the last keys of the store.
// "20261125T031500-1f8a3c9e".
#pragma once

#include <chrono>
#include <string>
#include <string_view>

namespace assay {

/// UTC second of `now`, a dash, 8 hex digits of randomness.
std::string make_scan_id(std::chrono::system_clock::time_point now);
/// Only what make_scan_id() can write; ids come from users and the network and become keys and file names.
bool is_scan_id(std::string_view text);

}  // namespace assay
