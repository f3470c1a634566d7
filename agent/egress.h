// egress: the real network as one guest may have it, on the world's side of its link in place of the
// simulated internet: the filter that refuses (bpf/egress), steering, and the child that dials out in the
// guest's place (assay-egress, unprivileged). Nothing of the host's routes, forwarding or firewall is
// touched.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "agent/egress/caps.h"
#include "agent/lure/lures.h"
#include "agent/network.h"
#include "common/event.h"
#include "common/result.h"
#include "common/trace.h"

namespace assay {

/// What an agent grants.
struct EgressLimits {
  bool allowed = false;  // jobs may be run in egress mode at all
  egress::CapLimits caps;
  std::vector<std::string> refuse;  // further ranges, as farm: "198.51.100.0/24"
  std::vector<std::string> dns;  // name servers, ADDRESS[:PORT]; none: those of this host's /etc/resolv.conf
  std::string scheduler;         // its endpoint: tcp://HOST:PORT, whose address is refused
};

/// The options that say so are well formed. Errc::invalid.
Status check_egress(const EgressLimits& limits);

class Egress {
 public:
  /// Call it on a thread that outlives it: the child dies with it. It dials from this thread's network
  /// namespace. Errors: unsupported (BPF refused), not_found (assay-egress does not stand beside this
  /// program), io.
  static Result<Egress> start(const Network& network, const lure::Lures& lures, const EgressLimits& limits,
                              int64_t start_time_ns);
  Egress(Egress&&) noexcept;
  Egress& operator=(Egress&&) noexcept;
  ~Egress();

  int fd()
      const;  // readable when the child has reported something or has died; -1 once take() has seen its end
  std::vector<Event> take();  // what was refused and what ended since; never blocks
  /// Asks the child to end, and returns the rest. Blocks for two seconds at most. Once, after the sandbox has
  /// ended; count() and limits() are exact from then on.
  std::vector<Event> finish();
  /// Gives what take() has returned the name that the guest knows a peer by. To be shown every event, in
  /// order.
  void name(Event& event);
  /// Honeytokens that leave in the clear: an event for each, to be added beside those that it was found in.
  std::vector<Event> tokens_in(const std::vector<Event>& events);
  SourceCount count() const;
  std::vector<LimitHit> limits() const;

 private:
  struct State;
  explicit Egress(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace assay
