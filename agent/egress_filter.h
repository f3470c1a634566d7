// egress_filter: bpf/egress.bpf.c on the world's end of the guest's link: loading, its tables, attaching, and
// what it has refused.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "agent/egress/policy.h"
#include "common/event.h"
#include "common/result.h"

namespace assay {

class EgressFilter {
 public:
  /// `byte_limit`: of IP packets, both ways; beyond it nothing passes. Needs tcx (Linux 6.6). Errors:
  /// unsupported.
  static Result<EgressFilter> open(int world_ns, unsigned ifindex, const egress::Policy& policy,
                                   uint64_t byte_limit);
  EgressFilter(EgressFilter&&) noexcept;
  EgressFilter& operator=(EgressFilter&&) noexcept;
  ~EgressFilter();

  struct Refusal {
    Event event;        // of kind refused, at the first packet of a flow and reason
    std::string reset;  // an IP packet that answers it in its peer's name, where it was a SYN
  };
  /// What was refused since. Never blocks.
  std::vector<Refusal> take(int64_t start_time_ns);
  /// Packets refused so far, by egress::Reason.
  std::array<uint64_t, egress::kReasonCount> packets() const;
  uint64_t lost() const;  // ring full: refusals that are counted but not told

 private:
  struct State;
  explicit EgressFilter(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace assay
