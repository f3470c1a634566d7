// attack_table: the techniques of MITRE ATT&CK v18 that rules name or may soon, by id. Data; attack.h reads
// it.
#pragma once

#include <span>

#include "scheduler/score/attack.h"

namespace assay {

std::span<const AttackTechnique> attack_table();

}  // namespace assay
