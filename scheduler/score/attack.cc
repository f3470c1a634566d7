// Lookups in the table, through the ids that techniques have in other versions.
#include "scheduler/score/attack.h"

#include <algorithm>
#include <iterator>

#include "scheduler/score/attack_table.h"

namespace assay {
namespace {

struct Renamed {
  std::string_view from, to;
};

// Sorted. T1684 and above are of ATT&CK v19, which split Defense Evasion in two and gave the techniques of
// Impair Defenses ids of their own; the others were revoked before v18, in favour of what stands beside them.
constexpr Renamed kRenamed[] = {
    {"T1002", "T1560"},         {"T1009", "T1027.001"},     {"T1022", "T1560"},
    {"T1024", "T1573"},         {"T1045", "T1027.002"},     {"T1054", "T1562.006"},
    {"T1063", "T1518.001"},     {"T1065", "T1571"},         {"T1066", "T1027.005"},
    {"T1079", "T1573"},         {"T1081", "T1552.001"},     {"T1089", "T1562.001"},
    {"T1094", "T1095"},         {"T1099", "T1070.006"},     {"T1100", "T1505.003"},
    {"T1107", "T1070.004"},     {"T1130", "T1553.004"},     {"T1139", "T1552.003"},
    {"T1145", "T1552.004"},     {"T1146", "T1070.003"},     {"T1148", "T1562.003"},
    {"T1151", "T1036.006"},     {"T1156", "T1546.004"},     {"T1158", "T1564.001"},
    {"T1166", "T1548.001"},     {"T1168", "T1053"},         {"T1169", "T1548.003"},
    {"T1184", "T1563.001"},     {"T1188", "T1090.003"},     {"T1206", "T1548.003"},
    {"T1215", "T1547.006"},     {"T1483", "T1568.002"},     {"T1487", "T1561.002"},
    {"T1488", "T1561.001"},     {"T1492", "T1565.001"},     {"T1493", "T1565.002"},
    {"T1500", "T1027.004"},     {"T1501", "T1543.002"},     {"T1503", "T1555.003"},
    {"T1522", "T1552.005"},     {"T1685", "T1562.001"},     {"T1685.003", "T1562.011"},
    {"T1685.004", "T1562.012"}, {"T1685.006", "T1070.002"}, {"T1686", "T1562.004"},
    {"T1689", "T1562.010"},     {"T1690", "T1562.003"},
};
constexpr Renamed kRenamedTactics[] = {
    {"defense-impairment", "defense-evasion"},
    {"stealth", "defense-evasion"},
};
constexpr std::string_view kTactics[] = {
    "collection",        "command-and-control",
    "credential-access", "defense-evasion",
    "discovery",         "execution",
    "exfiltration",      "impact",
    "initial-access",    "lateral-movement",
    "persistence",       "privilege-escalation",
    "reconnaissance",    "resource-development",
};

template <class Table>
std::string_view renamed(const Table& table, std::string_view from) {
  auto found = std::lower_bound(std::begin(table), std::end(table), from,
                                [](const Renamed& a, std::string_view b) { return a.from < b; });
  return found != std::end(table) && found->from == from ? found->to : from;
}

}  // namespace

std::string_view canonical_technique(std::string_view id) { return renamed(kRenamed, id); }
std::string_view canonical_tactic(std::string_view tactic) { return renamed(kRenamedTactics, tactic); }

bool is_tactic(std::string_view tactic) {
  return std::binary_search(std::begin(kTactics), std::end(kTactics), canonical_tactic(tactic));
}

const AttackTechnique* find_technique(std::string_view id) {
  auto table = attack_table();
  std::string_view wanted = canonical_technique(id);
  auto found = std::lower_bound(table.begin(), table.end(), wanted,
                                [](const AttackTechnique& a, std::string_view b) { return a.id < b; });
  return found != table.end() && found->id == wanted ? &*found : nullptr;
}

std::string_view technique_name(std::string_view id) {
  const AttackTechnique* found = find_technique(id);
  return found != nullptr ? found->name : std::string_view();
}

bool belongs_to(const AttackTechnique& technique, std::string_view tactic) {
  std::string_view wanted = canonical_tactic(tactic);
  for (std::string_view rest = technique.tactics; !rest.empty();) {
    size_t comma = rest.find(',');
    if (rest.substr(0, comma) == wanted) return true;
    rest.remove_prefix(comma == std::string_view::npos ? rest.size() : comma + 1);
  }
  return false;
}

}  // namespace assay
