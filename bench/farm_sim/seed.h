// seed: one run of the farm with faults drawn from a seed, and the audit of what it left.
#pragma once

#include <filesystem>
#include <string>

#include "common/result.h"

namespace assay::bench {

struct SeedOptions {
  std::filesystem::path dir, rules;  // dir is emptied of the run's files afterwards, unless it is broken
  size_t agents = 1000;
  uint64_t jobs = 100000;
  uint64_t seed = 1;
};

struct SeedResult {
  uint64_t broken = 0;
  std::string text;  // a line, and one for each broken invariant
};

/// Errors only where the run could not be made at all.
Result<SeedResult> run_seed(const SeedOptions& options);

}  // namespace assay::bench
