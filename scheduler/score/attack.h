// attack: what MITRE ATT&CK calls the techniques that rules name, to which tactics they belong, and under
// which other ids they are known: older ones that were revoked, and newer ones than those of our table.
#pragma once

#include <string_view>

namespace assay {

/// Of the table.
inline constexpr const char kAttackVersion[] = "18";

struct AttackTechnique {
  std::string_view id, name;
  std::string_view tactics;  // "persistence,privilege-escalation"
};

/// Under its own id or another that it has, or had; nothing for one that is not in the table.
const AttackTechnique* find_technique(std::string_view id);
/// "Compute Hijacking" for "T1496.001"; empty for one that is not in the table.
std::string_view technique_name(std::string_view id);
/// The id of the table for one that renames it: "T1562.004" for "T1686". Any other is returned as it is.
std::string_view canonical_technique(std::string_view id);
/// The same for tactics: "defense-evasion" for "stealth", which later versions make of it.
std::string_view canonical_tactic(std::string_view tactic);
/// Of any version.
bool is_tactic(std::string_view tactic);
/// Whether the technique serves the tactic, by its name of any version.
bool belongs_to(const AttackTechnique& technique, std::string_view tactic);

}  // namespace assay
