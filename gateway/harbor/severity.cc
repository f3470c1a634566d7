// Two small tables.
#include "gateway/harbor/severity.h"

#include <utility>

namespace assay::gateway::harbor {

int severity_rank(std::string_view severity) {
  constexpr std::pair<std::string_view, int> kRanks[] = {{"Unknown", 0}, {"Negligible", 0}, {"Low", 1},
                                                         {"Medium", 2},  {"High", 3},       {"Critical", 4}};
  for (const auto& [word, rank] : kRanks)
    if (severity == word) return rank;
  return -1;
}

std::string_view severity_of_level(std::string_view level) {
  constexpr std::pair<std::string_view, std::string_view> kLevels[] = {{"critical", "Critical"},
                                                                       {"high", "High"},
                                                                       {"medium", "Medium"},
                                                                       {"low", "Low"},
                                                                       {"informational", "Negligible"}};
  for (const auto& [word, severity] : kLevels)
    if (level == word) return severity;
  return "Unknown";
}

std::string_view severity_of(Verdict verdict, std::string_view inconclusive) {
  switch (verdict) {
    case Verdict::malicious:
      return "Critical";
    case Verdict::suspicious:
      return "High";
    case Verdict::clean:
      return "Negligible";
    case Verdict::inconclusive:
      return inconclusive;
  }
  return "Unknown";
}

}  // namespace assay::gateway::harbor
