// attack: the names of MITRE ATT&CK techniques, for people. Ids and tactics come from the rules.
#pragma once

#include <string_view>

namespace assay {

/// "Compute Hijacking" for "T1496.001"; empty for one that is not in the table.
std::string_view technique_name(std::string_view id);

}  // namespace assay
