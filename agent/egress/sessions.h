// sessions: conversations over UDP, which has none: one for each of the guest's ports and the peer that it
// sends to, until it has been quiet for a while. Pure, bounded: the one that has been quiet for longest makes
// room.
#pragma once

#include <chrono>
#include <compare>
#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "agent/egress/caps.h"

namespace assay::egress {

struct SessionKey {
  Address guest, peer;
  uint16_t guest_port = 0, peer_port = 0;
  auto operator<=>(const SessionKey&) const = default;
};

class Sessions {
 public:
  static constexpr std::chrono::seconds kIdle{60};
  static constexpr std::chrono::seconds kNameIdle{10};  // a question of DNS

  explicit Sessions(size_t most) : most_(most) {}
  /// Its number, and it counts as heard of.
  std::optional<uint64_t> find(const SessionKey& key, Clock::time_point now);
  /// The one to be ended first, where there is no room for another.
  std::optional<uint64_t> to_evict() const;
  /// Not there yet, and room for it.
  void add(const SessionKey& key, uint64_t id, std::chrono::seconds idle, Clock::time_point now);
  /// The peer has answered.
  void heard(const SessionKey& key, Clock::time_point now);
  void remove(const SessionKey& key) { table_.erase(key); }
  /// Those that have been quiet for too long.
  std::vector<uint64_t> expired(Clock::time_point now) const;
  size_t size() const { return table_.size(); }

 private:
  struct Entry {
    uint64_t id = 0;
    Clock::time_point last;
    std::chrono::seconds idle;
  };
  size_t most_;
  std::map<SessionKey, Entry> table_;
};

}  // namespace assay::egress
