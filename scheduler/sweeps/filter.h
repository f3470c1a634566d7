// filter: which repositories, tags and images a sweep is about. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/result.h"
#include "scheduler/sweeps/semver.h"
#include "sources/source.h"

namespace assay::sweeps {

struct Filter {
  /// Globs (fnmatch(3); '*' also matches '/'); "!" before one excludes. The last that matches decides; where
  /// all are exclusions the rest is in. Empty: all.
  std::vector<std::string> repositories, tags;
  std::optional<SemverRange> semver;  // only tags that are versions within it
  unsigned newest = 0;                // so many of each repository, by version, else by time of push; 0: all
  std::string pushed_since;           // RFC 3339, a day, or an age ("7d"); empty: any time
  bool untagged = false;              // images without a tag, too

  Status check() const;
};

bool takes_repository(const Filter& filter, std::string_view name);

struct Chosen {
  std::vector<sources::TaggedImage> images;
  uint64_t left_out = 0;  // by tag, version, age or number
  /// Images whose time of push the source does not tell, so that `pushed_since` was not held against them.
  uint64_t undated = 0;
};
/// Of one repository. Newest first, ties by name, so that it is the same whatever the order served.
Chosen choose_images(const Filter& filter, std::vector<sources::TaggedImage> images, int64_t now_ns);

}  // namespace assay::sweeps
