// Categories of findings.
#include "decisions/policy_words.h"

#include <array>

namespace assay::decisions {
namespace {

constexpr std::array<std::string_view, 28> kCategories = {"baseline",
                                                          "change",
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

}  // namespace

std::span<const std::string_view> finding_categories() { return kCategories; }

}  // namespace assay::decisions
