// config: what the scheduler's options say, read and checked: the pure part of main. The options themselves
// are documented in docs/assay-scheduler.conf.
#pragma once

#include <chrono>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/result.h"
#include "scheduler/budget.h"

namespace assay {

/// "HOST=PULLS/DURATION" or "HOST=PULLS/DURATION:BURST", as in "registry.example=100/6h:20"; HOST may be "*":
/// each registry that is not named. Without BURST it is a tenth of PULLS, and at least one.
Result<std::pair<std::string, Budget>> parse_budget(std::string_view text);

/// "7d", "12h", "90m", "4w"; "0": never. Errc::invalid names the text.
Result<std::chrono::seconds> parse_forget(std::string_view text);

}  // namespace assay
