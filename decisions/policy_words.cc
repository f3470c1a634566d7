// Categories of findings, and ages.
#include "decisions/policy_words.h"

#include <array>
#include <charconv>
#include <string>

namespace assay::decisions {
namespace {

constexpr std::array<std::string_view, 27> kCategories = {"baseline",
                                                          "cluster",
                                                          "collection",
                                                          "container_escape",
                                                          "credentials",
                                                          "defacement",
                                                          "denial_of_service",
                                                          "destruction",
                                                          "discovery",
                                                          "dropper",
                                                          "evasion",
                                                          "execution",
                                                          "exfiltration",
                                                          "fileless",
                                                          "hint",
                                                          "injection",
                                                          "lateral",
                                                          "malware",
                                                          "miner",
                                                          "network",
                                                          "persistence",
                                                          "privilege_escalation",
                                                          "ransom",
                                                          "remote_shell",
                                                          "scan",
                                                          "supply_chain",
                                                          "tampering"};

constexpr int64_t kMostSeconds = int64_t{520} * 7 * 86400;

}  // namespace

std::span<const std::string_view> finding_categories() { return kCategories; }

std::optional<int64_t> age_seconds(std::string_view text) {
  constexpr std::pair<char, int64_t> kUnits[] = {{'m', 60}, {'h', 3600}, {'d', 86400}, {'w', 7 * 86400}};
  int64_t number = 0;
  const char* end = text.data() + text.size();
  auto read = std::from_chars(text.data(), end, number);
  if (text.empty() || text[0] == '-' || read.ec != std::errc() || read.ptr + 1 != end) return std::nullopt;
  for (auto [letter, seconds] : kUnits)
    if (*read.ptr == letter && number > 0 && number <= kMostSeconds / seconds) return number * seconds;
  return std::nullopt;
}

}  // namespace assay::decisions
