// witness_calls: which arguments of a system call the witness reads as strings or buffers, and how often it
// may report a call. Pure.
#pragma once

#include <array>

#include "bpf/farm_event.h"

namespace assay {

std::array<farm_call, FARM_CALLS> witness_calls();

}  // namespace assay
