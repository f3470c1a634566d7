// semver: versions (semver.org 2.0.0, with the leniency of tags: "v1.2", "1.27-alpine") and ranges of them
// (">=1.2 <3", "^1.2", "~1.4.1", "1.x", "||"). Pure.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/result.h"

namespace assay::sweeps {

struct Semver {
  std::array<uint64_t, 3> numbers{};                            // major, minor, patch; those not given are 0
  int given = 3;                                                // how many were
  std::vector<std::string> pre;                                 // identifiers of the pre-release
  std::strong_ordering operator<=>(const Semver& other) const;  // precedence, section 11
  bool operator==(const Semver& other) const { return (*this <=> other) == 0; }
};
/// Nothing where a tag is no version.
std::optional<Semver> parse_semver(std::string_view tag);

class SemverRange {
 public:
  /// Errc::invalid names the part that is none.
  static Result<SemverRange> parse(std::string_view text);
  /// Pre-releases only where a bound of the same numbers is one (as npm and Cargo have it).
  bool contains(const Semver& version) const;
  const std::string& str() const { return text_; }

 private:
  struct Bound {
    bool is_lower = true, inclusive = true;
    Semver at;
  };
  std::string text_;
  std::vector<std::vector<Bound>> any_of_;
};

}  // namespace assay::sweeps
