// budget: how often each registry may be pulled from, farm-wide. Pure. A token bucket for a host, and the
// time for which a host that has answered 429 is to be left alone. Fed by dispatch (leases) and the server
// (429s).
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "scheduler/entry.h"

namespace assay {

/// `pulls` every `per`, of which up to `burst` at once after a quiet time. pulls == 0: no limit.
struct Budget {
  uint32_t pulls = 0;
  std::chrono::seconds per{1};
  uint32_t burst = 1;
};

class Budgets {
 public:
  /// `fallback` is for each host that is not named.
  explicit Budgets(std::map<std::string, Budget> by_host = {}, Budget fallback = {});

  /// Other limits; what was pulled and said stands.
  void set_limits(std::map<std::string, Budget> by_host, Budget fallback);
  /// When it may be pulled from: a time not after now means at once. Empty host: always.
  QueueTime opens(const std::string& host) const;
  /// A pull is made.
  void take(const std::string& host, QueueTime now);
  /// No pull before `until`. A later time that was said before stands.
  void block(const std::string& host, QueueTime until);
  bool blocked(const std::string& host, QueueTime now) const;
  /// The hosts that are to be left alone now, in no order.
  std::vector<std::string> all_blocked(QueueTime now) const;
  /// Bounds what is kept: hosts are named by users.
  void forget_idle(QueueTime now);

 private:
  struct State {
    QueueTime full = QueueTime::min();     // when its bucket will be full again
    QueueTime blocked = QueueTime::min();  // until
  };
  const Budget& budget(const std::string& host) const;

  std::map<std::string, Budget> by_host_;
  Budget fallback_;
  std::unordered_map<std::string, State> states_;
  size_t forget_at_ = 4096;  // so many: time to look who can be forgotten
};

}  // namespace assay
