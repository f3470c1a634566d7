// The table.
#include "scheduler/migrations.h"

#include <algorithm>
#include <array>
#include <string>

namespace assay {
namespace {

constexpr std::array kMigrations = {
    Migration{1, 2, "an index of the scans that have not ended", true, false},
    Migration{2, 3, "every scan that is done in the index, under all kinds of traits", true, true},
};

}  // namespace

std::span<const Migration> migrations() { return kMigrations; }

Result<std::vector<Migration>> migration_path(uint32_t from, uint32_t to, std::span<const Migration> table) {
  std::vector<Migration> path;
  for (uint32_t at = from; at != to; at = path.back().to) {
    auto step =
        std::find_if(table.begin(), table.end(), [&](const Migration& one) { return one.from == at; });
    if (step == table.end() || step->to > to || step->to <= at)
      return Error{Errc::unsupported,
                   "there is no way from store format " + std::to_string(from) + " to " + std::to_string(to)};
    path.push_back(*step);
  }
  return path;
}

bool all_additive(const std::vector<Migration>& path) {
  return std::all_of(path.begin(), path.end(), [](const Migration& step) { return step.additive; });
}

bool all_reversible(const std::vector<Migration>& path) {
  return std::all_of(path.begin(), path.end(), [](const Migration& step) { return step.reversible; });
}

}  // namespace assay
