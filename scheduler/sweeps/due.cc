// From one time to the next, until now.
#include "scheduler/sweeps/due.h"

#include <algorithm>

namespace assay::sweeps {

Due due(const Cron& cron, int64_t since_s, int64_t now_s) {
  Due out;
  out.next = cron.next(std::max(since_s, now_s - kMissedWithin_s));
  while (out.next && *out.next <= now_s) {
    out.now = out.next;
    out.next = cron.next(*out.now);
  }
  return out;
}

}  // namespace assay::sweeps
