// witness: guest system calls as the host sees them (bpf/witness.bpf.c): loading, and its records turned into
// events.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include "common/event.h"
#include "common/result.h"

namespace assay {

class Witness {
 public:
  /// Attached at once. Errc::unsupported: no BTF, or refused.
  /// `every`: see witness_calls().
  static Result<Witness> open(uint64_t cgroup_id, bool every = false);
  Witness(Witness&&) noexcept;
  Witness& operator=(Witness&&) noexcept;
  ~Witness();

  int ring_fd() const;
  void detach();
  uint64_t lost() const;        // ring full
  uint64_t suppressed() const;  // repeats beyond a call's budget

 private:
  struct State;
  explicit Witness(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

/// A struct farm_witness and its bytes, as a `syscall` event of the host plane; time_ns is CLOCK_MONOTONIC.
/// Pure. Errc::corrupt: lengths out of bounds.
Result<Event> decode_witness(std::string_view record);

}  // namespace assay
