// audit: the store of a scheduler that has ended against the ledger: every accepted job ended, once, with the
// report of the attempt that was held last.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "common/result.h"
#include "tests/farm/ledger.h"

namespace assay::farm {

struct Audit {
  uint64_t scans = 0, done = 0, failed = 0, shared = 0, given_up = 0;
  uint64_t broken = 0;               // invariants
  std::vector<std::string> first{};  // of them, in words; bounded

  void breaks(const std::string& what);
};

struct AuditRules {
  uint32_t failures = 3;  // the scheduler's attempt limit
};

/// Errors only where the store cannot be read at all.
Result<Audit> audit(const std::filesystem::path& store_dir, const std::vector<Slice>& slices,
                    const Ledger& ledger, const AuditRules& rules);

}  // namespace assay::farm
