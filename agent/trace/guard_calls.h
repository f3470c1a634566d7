// guard_calls: which system calls are acts for the guard, of what kind, and what tells one such call from
// another. Pure.
#pragma once

#include <array>

#include "bpf/farm_event.h"

namespace assay {

std::array<farm_guard_call, FARM_CALLS> guard_calls();

}  // namespace assay
