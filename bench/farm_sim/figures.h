// figures: how fast the farm is, without faults, each figure beside what the bare libraries do in the same
// run.
#pragma once

#include <filesystem>
#include <string>

#include "common/result.h"

namespace assay::bench {

struct FigureOptions {
  std::filesystem::path dir, rules;
  size_t agents = 1000;
  uint64_t jobs = 100000;
};

/// Prints as it goes. Errors where a step could not be made.
Status print_figures(const FigureOptions& options);

}  // namespace assay::bench
