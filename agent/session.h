// session: when an agent says Hello and when it states what it wants. Pure: takes `now`. The scheduler may be
// away for hours: meanwhile as little as possible is said, since what is said waits in a queue.
#pragma once

#include <chrono>
#include <cstdint>

namespace assay {

class Session {
 public:
  using Time = std::chrono::steady_clock::time_point;
  static constexpr std::chrono::milliseconds kBeat{3000};
  static constexpr std::chrono::milliseconds kLongestWait{30'000};  // between two Hellos
  enum class Say { nothing, hello, want };

  /// What is due now; to be said at once.
  Say next(Time now);
  Time wake() const { return away_ ? Time::max() : due_; }

  /// Something that the scheduler must know soon has changed.
  void hurry(Time now);
  /// Of the connection below, where it can be watched.
  void connected(Time now);
  void disconnected();
  /// "I do not know you": stale ones, from before the last Hello, are no reason for another.
  void asked_who(Time now);
  /// True where this is the answer to a Hello: what was not acknowledged has to be said again.
  bool welcomed(Time now);
  /// Refused for now: the next Hello waits as long as any.
  void refused(Time now);

  bool up() const { return up_; }
  uint64_t welcomes() const { return welcomes_; }

 private:
  void greet(Time now);
  bool away_ = false, up_ = false;
  uint64_t welcomes_ = 0;
  std::chrono::milliseconds wait_ = kBeat;  // before the next Hello
  Time due_{}, hello_{};
};

}  // namespace assay
