// world: the simulated internet of one scan: sockets and sk_lookup steering in the world's namespace, and the
// sinkhole child (assay-sinkhole, unprivileged) that answers on them and on the decoys' Unix sockets. What it
// reports becomes events: dns, session, http, canary, token.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "agent/lure/lures.h"
#include "agent/network.h"
#include "agent/stage/stage.h"
#include "common/event.h"
#include "common/process.h"
#include "common/result.h"

namespace assay {

class World {
 public:
  /// Call it on a thread that outlives the world: the sinkhole dies with it. `sockets` are shared with it,
  /// `cgroup_procs_fds` what it runs in.
  /// Errors: unsupported (BPF refused), not_found (assay-sinkhole does not stand beside this program), io.
  static Result<World> start(const Network& network, const lure::Lures& lures,
                             const std::vector<DecoySocket>& sockets, int64_t start_time_ns,
                             std::vector<int> cgroup_procs_fds = {});
  World(World&&) noexcept;
  World& operator=(World&&) noexcept;
  ~World();

  int fd() const;  // readable when the sinkhole has reported something or has died; -1 once take() has seen
                   // its end
  std::vector<Event> take();  // what was reported since; never blocks
  /// Asks the sinkhole to end, and returns the rest: what it still held of open connections, too. Blocks for
  /// five seconds at most. Once, after the sandbox has ended; seen() and lost() are exact from then on.
  std::vector<Event> finish();
  /// Honeytokens in pings, which the kernel answers and the sinkhole never sees: an event for each, to be
  /// added beside those (of source flows) that it was found in.
  std::vector<Event> tokens_in(const std::vector<Event>& events);
  uint64_t seen() const;
  uint64_t lost()
      const;  // reports the sinkhole could not send or we could not parse, and packets that reached no socket
  /// How often the sinkhole came to its bounds: docs/report.md, limits. Exact after finish().
  struct Limits {
    uint64_t reports_dropped = 0, connections_pushed_out = 0, connections_cut = 0;
  };
  Limits limits() const;
  bool running()
      const;  // false once it is known to have died before finish() asked it to: the trace is incomplete

 private:
  struct State;
  explicit World(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace assay
