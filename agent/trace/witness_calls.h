// witness_calls: which arguments of a system call the witness reads as strings or buffers, and how often it
// may report a call. Pure.
#pragma once

#include <array>

#include "bpf/farm_event.h"

namespace assay {

/// `every`: no budget for calls on paths, of which each traps.
std::array<farm_call, FARM_CALLS> witness_calls(bool every = false);

}  // namespace assay
