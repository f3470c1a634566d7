// traits: what a scan can be found by: the names, addresses, hashes, paths, techniques and rules of its
// report. Pure. Under which words each then stands in the index is terms.h's.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "common/result.h"
#include "scheduler/score/report.h"

namespace assay {

/// Numbers are part of the disk format.
enum class TraitKind : uint8_t {
  domain = 1,
  ip = 2,
  hash = 3,
  path = 4,
  technique = 5,
  rule = 6,
  repository = 7,
  chain = 8
};
inline constexpr uint8_t kTraitKinds = 8;
const char* to_string(TraitKind kind);

/// How a trait comes into a report; one byte on disk.
enum class TraitRole : uint8_t {
  found = 0,      // of a finding: technique or rule
  asked = 1,      // a name asked of DNS
  contacted = 2,  // a host connected to
  executed = 3,   // a program that ran
  left = 4,       // a file in the writable layer: dropped, changed or deleted
  fetched = 5,    // a download: whence, what, where to
  image = 6,      // of the image itself: its digest, its layers' digests, its repository
};
inline constexpr uint8_t kTraitRoles = 7;
const char* to_string(TraitRole role);

/// `value`, as reports show it (printable(), so without a byte 0):
///   domain     lower case, without the last dot
///   ip         as inet_ntop(3) writes it
///   hash       lower-case hex of a SHA-256
///   path       absolute
///   technique  of our ATT&CK table ("T1496.001"), also where the rule had another id for it
///   rule       its id, lower case
///   repository  as image_name() has it, with the tag: "docker.io/library/nginx:1.25"
///   chain      of the image's layers, all of them: 64 hex digits (image_name.h, layer_chain())
struct Trait {
  TraitKind kind;
  TraitRole role;
  std::string value;
  auto operator<=>(const Trait&) const = default;
};
using Traits = std::vector<Trait>;

// Of one scan, each kind for itself: a flood of names does not keep its hashes out. The whole list fits a
// value of the store.
inline constexpr size_t kMaxTraitsOfKind = 2'000;
inline constexpr size_t kMaxTraitBytesOfKind = 256 << 10;
inline constexpr size_t kMaxTraits = kTraitKinds * kMaxTraitsOfKind;
inline constexpr size_t kMaxTraitBytes = 512;  // of one value; longer ones are cut

/// Sorted, each once; without the repository, which is the submission's to say (image_name.h). `left_out`, if
/// not null, becomes how many there were beyond the bounds.
Traits traits_of(const Report& report, uint64_t* left_out = nullptr);

/// As kept under the scan, so that exactly these entries can be taken from the index again.
std::string encode_traits(const Traits& traits);
Result<Traits> decode_traits(std::string_view bytes);

}  // namespace assay
