// shipment: which part of one attempt's trace goes to the scheduler next: a window of chunks, then its end.
// Pure: takes `now`, knows neither files nor sockets. Fed by shipper.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <set>
#include <string>

namespace assay {

class Shipment {
 public:
  using Time = std::chrono::steady_clock::time_point;
  static constexpr uint32_t kWindow = 16;  // chunks on the way: at most 16 MiB
  static constexpr std::chrono::seconds kPatience{10};
  static constexpr uint32_t kEnd = UINT32_MAX;  // as a part: the message that ends the attempt

  /// `first`: chunks before it are in the scheduler's store already.
  explicit Shipment(uint32_t first = 0) : base_(first), next_(first), sent_(first), total_(first) {}

  /// So many chunks exist by now, all told.
  void spooled(uint32_t chunks);
  /// Nothing follows them but the end.
  void end() { ended_ = true; }

  /// What to send now: a chunk's index, kEnd, or nothing. The same answer until sent() is told.
  std::optional<uint32_t> next(Time now);
  void sent(uint32_t part, Time now);
  /// True where the chunk was on the way and is heard of for the first time: the file may go.
  bool acked(uint32_t index, Time now);
  /// The scheduler may have missed everything that it has not acknowledged.
  void restart();

  /// The first chunk that is not acknowledged.
  uint32_t first() const { return base_; }
  /// When next() may have an answer without a word from anyone; Time::max(): never.
  Time wake() const;
  /// "base=2 next=5 total=7 ended", for tests and logs.
  std::string render() const;

 private:
  bool waiting() const { return sent_ > base_ || end_sent_; }
  void rewind(uint32_t window);

  uint32_t base_, next_;  // the first not acknowledged; the next to send
  uint32_t sent_;         // beyond the last that was ever sent
  uint32_t total_;
  uint32_t window_ = kWindow;
  std::set<uint32_t> acked_;  // beyond base_
  bool ended_ = false, end_sent_ = false;
  Time heard_{};  // an acknowledgement, or the send that began the waiting
};

}  // namespace assay
