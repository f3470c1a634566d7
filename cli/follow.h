// follow: scans followed to their end over the scheduler's stream of events. Events are hints: whenever some
// may have been missed (a new connection, a gap, a long silence) the records are asked for. The scheduler may
// be away for a while.
#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <vector>

#include "cli/live.h"
#include "cli/remote.h"
#include "cli/watched.h"

namespace assay::cli {

struct FollowLimits {
  std::chrono::milliseconds reload{30000};      // without an event, records are asked for
  std::chrono::milliseconds first_retry{1000};  // after the stream broke; doubles
  std::chrono::milliseconds longest_retry{15000};
  std::chrono::milliseconds give_up{600000};  // without a word from the scheduler
  std::chrono::milliseconds note{10000};      // between two lines of progress where there is no terminal
};

/// The records of what is followed, as they are now. Null where the stream itself begins with them, and tells
/// them again after a gap: those of one scan and of one batch do.
using LoadScans = std::function<Result<std::vector<ScanView>>()>;

/// Until all scans of `watched` (and those that `load` adds) have ended. Each is printed as one line when it
/// ends. Errors: cancelled when Remote's stop descriptor is readable: the scans go on; unreachable after
/// give_up; what the server refuses.
Status follow(const Remote& remote, const std::string& events_path, const LoadScans& load, Watched& watched,
              Live& live, const FollowLimits& limits = {});

/// GET /v1/scans/ID of each.
Result<std::vector<ScanView>> load_each(const Remote& remote, const std::vector<std::string>& ids);
/// All scans of GET /v1/scans?`query`, page by page, at most `limit` (Errc::limit beyond), not older than the
/// id `oldest` (empty: all).
Result<std::vector<ScanView>> load_pages(const Remote& remote, const std::string& query, size_t limit,
                                         const std::string& oldest = "");

}  // namespace assay::cli
