// flows: the BPF programs on the host's end of the sandbox's veth (bpf/flows.bpf.c): loading and attaching.
// What they record is decoded in flow_events.
#pragma once

#include <cstdint>
#include <memory>

#include "common/result.h"

namespace assay {

class Flows {
 public:
  /// Attached to interface `ifindex` of the network namespace `ns_fd`: by tcx, or by clsact on kernels
  /// below 6.6.
  static Result<Flows> open(int ns_fd, unsigned ifindex);
  Flows(Flows&&) noexcept;
  Flows& operator=(Flows&&) noexcept;
  ~Flows();

  int ring_fd() const;
  int map_fd() const;
  void detach();
  uint64_t lost() const;     // ring or flow table full
  uint64_t dropped() const;  // packets that the kernel dropped on their way to us; exact after detach()

 private:
  struct State;
  explicit Flows(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace assay
