// guard: acts of the sandbox's processes on the host that runsc itself never does (bpf/guard.bpf.c): loading,
// with the profile of this runsc, and its records turned into events.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "agent/trace/guard_profile.h"
#include "common/event.h"
#include "common/result.h"

namespace assay {

struct GuardConfig {
  uint64_t cgroup_id = 0;
  std::string runtime_version;  // what `runsc --version` says: chooses the profile
  bool learn = false;           // tell nothing, count all
};

class Guard {
 public:
  /// Attached at once; from then on whoever comes into the cgroup and is no child of this process is a
  /// stranger. Errc::unsupported: no BTF, or refused; invalid: a broken profile of this host's own.
  static Result<Guard> open(const GuardConfig& config);
  Guard(Guard&&) noexcept;
  Guard& operator=(Guard&&) noexcept;
  ~Guard();

  int ring_fd() const;
  void detach();
  uint64_t acts() const;        // all that were looked at
  uint64_t lost() const;        // ring or table full
  uint64_t suppressed() const;  // repeats of what was told often enough
  GuardCounts seen() const;     // every act with how often
  /// Why nothing is told, though all is counted: there is no profile. Empty: it is on guard.
  const std::string& observing() const;

 private:
  struct State;
  explicit Guard(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

/// A struct farm_guard as a `guard` event; time_ns is CLOCK_MONOTONIC. Pure. Errc::corrupt: no such record.
Result<Event> decode_guard(std::string_view record);

}  // namespace assay
