// migrations: the formats a store has had, and the steps from each to the next: a list, and a way through it.
// Pure. What a step does is carried out in migrate.cc. docs/store.md, Formats.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "common/result.h"

namespace assay {

struct Migration {
  uint32_t from = 0, to = 0;  // formats
  const char* what = "";      // what the store then has, a few words
  bool additive =
      false;  // writes what was not there, and changes nothing: a scheduler does it when it starts
  bool reversible = false;  // the assay of `from` goes on with what was added once the number is set back
};

/// All of them, in order; the last leads to kStoreFormat.
std::span<const Migration> migrations();

/// The steps of `table` that lead from one format to the other; none where they are the same.
/// Errc::unsupported: there is no way, or `from` is the later one.
Result<std::vector<Migration>> migration_path(uint32_t from, uint32_t to, std::span<const Migration> table);
bool all_additive(const std::vector<Migration>& path);
bool all_reversible(const std::vector<Migration>& path);

}  // namespace assay
