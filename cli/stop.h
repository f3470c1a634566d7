// stop: when a verb that waits is to end: a signal has come, or its time is up. One descriptor says either.
#pragma once

#include <chrono>
#include <optional>

#include "common/fd.h"
#include "common/result.h"

namespace assay::cli {

class Stop {
 public:
  /// Blocks SIGINT and SIGTERM as catch_end_signals() does: call before any thread exists. The time runs from
  /// now on; none: for ever.
  static Result<Stop> open(std::optional<std::chrono::milliseconds> time);

  /// Readable once it is to end. Until clear().
  int fd() const { return either_.get(); }
  /// A signal alone.
  int signal_fd() const { return signals_.get(); }
  bool interrupted() const;
  bool timed_out() const;
  /// Not readable any more until the next signal; that the time is up stays said by timed_out().
  void clear();

 private:
  Stop(Fd signals, Fd timer, Fd either)
      : signals_(std::move(signals)), timer_(std::move(timer)), either_(std::move(either)) {}

  Fd signals_, timer_, either_;
  bool timed_out_ = false;
};

}  // namespace assay::cli
