// link: what the agent's loop and a worker's thread say to each other over their PAIR socket. Both are one
// process: no format, no version, nothing hostile. That a scan shall end goes by eventfd instead: a message
// would wait until it is read.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>

#include "common/event.h"
#include "common/loop.h"
#include "common/result.h"

namespace assay {

/// What a scan did, for the agent's metrics.
struct ScanStats {
  uint64_t events = 0;
  bool failed = false;                      // there is no trace
  uint32_t pulls = 0, pull_cache_hits = 0;  // an image whose layers were all there is a hit, and no pull
  uint32_t layers_unpacked = 0, layers_reused = 0;
  std::array<uint64_t, kSourceCount> lost{};  // by Source
};

struct LinkNote {
  enum class Kind : uint8_t {
    // loop -> worker
    lease,    // `frame`: the wire::Lease
    proceed,  // fetch the layers
    permit,   // run
    full,     // the spool has reached its quota
    room,     // `bytes`: as many as were asked for, or 0
    // worker -> loop
    forward,   // `frame`: a wire message for the scheduler
    resolved,  // `frame` likewise: a wire::Resolved, to be answered
    ready,     // wants a permit
    fenced,    // its sandbox has hit the guard: `frame` says how. The scan goes on to its end
    chunk,     // `chunks` more are in the spool, together of `bytes`
    ask_room,  // for `bytes` that are worth less than a trace
    ended,     // its end is in the spool
    dropped,   // it was cancelled: there will be no end
    free,      // the thread takes the next lease
  };
  Kind kind = Kind::free;
  uint64_t bytes = 0;
  uint32_t chunks = 1;
  ScanStats stats{};  // with ended and dropped
  std::string frame{};
};

/// Never blocks. Errc::limit when the other side is far behind.
Status tell(Socket& link, const LinkNote& note);
/// The next one, or nothing. Never blocks.
Result<std::optional<LinkNote>> hear(Socket& link);

}  // namespace assay
