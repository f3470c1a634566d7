// traits: what a scan can be found by: the names, addresses, hashes, paths, techniques and rules of its
// report. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "common/result.h"
#include "scheduler/score/report.h"

namespace assay {

/// Numbers are part of the disk format.
enum class TraitKind : uint8_t { domain = 1, ip = 2, hash = 3, path = 4, technique = 5, rule = 6 };
inline constexpr uint8_t kTraitKinds = 6;
const char* to_string(TraitKind kind);

/// How a trait comes into a report; one byte on disk.
enum class TraitRole : uint8_t {
  found = 0,      // of a finding: technique or rule
  asked = 1,      // a name asked of DNS
  contacted = 2,  // a host connected to
  executed = 3,   // a program that ran
  left = 4,       // a file in the writable layer: dropped, changed or deleted
  fetched = 5,    // a download
};
const char* to_string(TraitRole role);

/// `value` is the form that the index is sorted by (traits.cc says how each kind is written); no byte 0.
struct Trait {
  TraitKind kind;
  TraitRole role;
  std::string value;
  auto operator<=>(const Trait&) const = default;
};
using Traits = std::vector<Trait>;

inline constexpr size_t kMaxTraits = 20'000;      // of one scan
inline constexpr size_t kMaxTraitBytes = 512;     // of one value; longer ones are cut

/// Sorted, each once.
Traits traits_of(const Report& report);

/// As kept under the scan, so that exactly these entries can be taken from the index again.
std::string encode_traits(const Traits& traits);
Result<Traits> decode_traits(std::string_view bytes);

}  // namespace assay
