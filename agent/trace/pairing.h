// pairing: the two planes' words on one system call, joined: the guest plane's event gets the strings that
// only the host read, the host plane's event gets the process that only the guest plane knows. Pure. Neither
// event is dropped: that both planes saw the call is itself a fact, and a call that the host saw and the
// Sentry did not report stays without a pid.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include "common/event.h"

namespace assay {

class Pairing {
 public:
  /// `event` stays at its address until forget(). Looks for its counterpart among those waiting, and joins
  /// the two.
  void add(Event& event);
  /// Before an event goes away.
  void forget(Event& event);
  size_t waiting() const { return waiting_.size(); }  // keys
  uint64_t paired() const { return paired_; }

 private:
  // Of calls repeated with the same arguments only the latest wait: the counterpart is near in time, and a
  // guest cannot make us search.
  static constexpr size_t kMaxPerKey = 16;
  using Sides = std::array<std::vector<Event*>, 2>;  // by plane
  std::unordered_map<std::string, Sides> waiting_;
  uint64_t paired_ = 0;
};

/// What both planes say alike about one call: name and arguments, as far as both have them. Empty: events of
/// this kind have no counterpart.
std::string pair_key(const Event& event);

}  // namespace assay
