// caps: how much one scan may do on the real network: bytes in all, bytes a second each way, connections at
// once and new ones a second. Pure: takes `now`. Counts what it holds back.
#pragma once

#include <chrono>
#include <cstdint>

#include "agent/egress/policy.h"

namespace assay::egress {

using Clock = std::chrono::steady_clock;

struct CapLimits {
  uint64_t bytes = 256ull << 20;           // of payload, both ways together
  uint64_t bytes_per_second = 8ull << 20;  // each way
  uint32_t connections = 256;              // of TCP at once, and as many conversations over UDP
  uint32_t new_per_second = 50;            // of both; for a moment four times as many
  bool operator==(const CapLimits&) const = default;
};

/// So much a second, and what was not used up to `burst`. Starts full.
class TokenBucket {
 public:
  TokenBucket(uint64_t per_second, uint64_t burst, Clock::time_point now);
  /// What can be taken now.
  uint64_t level(Clock::time_point now);
  /// At most level().
  void take(uint64_t count) { level_ -= count; }

 private:
  uint64_t per_second_, burst_, level_;
  Clock::time_point filled_;
};

enum class Way : uint8_t { out = 0, in = 1 };  // out: from the guest

class Caps {
 public:
  Caps(const CapLimits& limits, Clock::time_point now);

  /// How many of `wanted` bytes may be moved now.
  uint64_t allowance(Way way, uint64_t wanted, Clock::time_point now);
  /// As many were moved; at most what allowance() has just said.
  void spend(Way way, uint64_t bytes);
  bool used_up() const { return moved_ >= limits_.bytes; }

  enum class Kind : uint8_t { tcp = 0, udp = 1 };
  /// Counts one more, or says why not.
  Reason open(Kind kind, Clock::time_point now);
  void close(Kind kind) { --open_[static_cast<size_t>(kind)]; }
  /// Something has to wait, or is dropped, since allowance() said too little.
  void hold() { ++rate_held_; }
  /// Something was turned away since the bytes are used up.
  void refuse_bytes() { ++bytes_refused_; }

  uint64_t moved() const { return moved_; }
  uint64_t rate_held() const { return rate_held_; }
  uint64_t connections_refused() const { return connections_refused_; }
  uint64_t bytes_refused() const { return bytes_refused_; }

 private:
  CapLimits limits_;
  TokenBucket rate_[2];  // by Way
  TokenBucket fresh_;
  uint32_t open_[2] = {0, 0};  // by Kind
  uint64_t moved_ = 0, rate_held_ = 0, connections_refused_ = 0, bytes_refused_ = 0;
};

}  // namespace assay::egress
