// samples: the real traces of tests/traces, scored once each, and any number of scans made of them: each has
// names, hashes, addresses and paths of its own and others that it shares, in report and traits alike. A scan
// of a trace differs from the others of it where the marks below stand.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "common/trace.h"
#include "scheduler/keep.h"

namespace assay::archive {

struct Sample {
  std::string name;
  TraceHeader header;
  TraceFooter footer;
  std::vector<std::vector<std::string>> chunks;  // kVariants of them, each another encoding
  std::string report;                            // JSON, with marks
  Traits traits;                                 // with marks
  std::string verdict;
  int32_t score = 0;
};
inline constexpr size_t kVariants = 32;

/// Of SOURCE/tests/traces, by the rules of SOURCE/rules; ends the process where one cannot be read.
std::vector<Sample> load_samples(const std::string& source_dir);

/// What is the scan's alone: eight hexadecimal digits.
std::string own_digits(size_t number);
/// What it shares with every thousandth.
std::string shared_digits(size_t number);
/// An address of its own, in 20.0.0.0/7.
std::string own_address(size_t number);
inline const char* const kOwnDomain = "rare.example";  // "x<own>.rare.example" is asked
inline const char* const kSharedDomain = "shared.example";

std::string scan_id_of(size_t number);
/// The sample as the scan of this number.
std::string report_of(const Sample& sample, size_t number);
Traits traits_of_scan(const Sample& sample, size_t number);

}  // namespace assay::archive
