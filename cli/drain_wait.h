// drain_wait: until a draining agent runs nothing any more, with progress on standard error.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "cli/remote.h"

namespace assay::cli {

struct DrainWait {
  std::chrono::milliseconds limit{0};         // for all of them
  std::chrono::milliseconds every{2000};      // looked at
  std::chrono::milliseconds note{30000};      // between two lines of progress where there is no terminal
  std::chrono::milliseconds give_up{300000};  // without an answer, within the limit
};

/// Until none of these agents holds a scan. One that is gone runs nothing once its leases have lapsed.
/// Errors: timeout (says what still runs: the agents go on draining), conflict (one is active again),
/// not_found, cancelled (the Remote's stop descriptor is readable).
Status wait_for_drained(const Remote& remote, const std::vector<std::string>& names, const DrainWait& wait);

}  // namespace assay::cli
