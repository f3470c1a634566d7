// child_reports: what an unprivileged child (sinkhole, forwarder) tells the agent: one report a datagram,
// until it ends. What they say is its caller's to read.
#pragma once

#include <chrono>
#include <functional>
#include <string_view>

#include "common/fd.h"
#include "common/result.h"

namespace assay {

class ChildReports {
 public:
  /// `childs` becomes the child's end, with a large buffer.
  static Result<ChildReports> open(Fd& childs);

  int fd() const { return ended_ ? -1 : fd_.get(); }  // readable when there is something to take
  /// Gives what waits to `report`, bounded in number; never blocks. One longer than `max_bytes` comes as "".
  void take(size_t max_bytes, const std::function<void(std::string_view)>& report);
  /// Says that no more is wanted, and calls `take_more` until the child has ended, for `patience` at most.
  void finish(std::chrono::milliseconds patience, const std::function<void()>& take_more);
  /// It ended before it was asked to, or not when it was.
  bool died() const { return died_; }

 private:
  explicit ChildReports(Fd fd) : fd_(std::move(fd)) {}
  Fd fd_;
  bool ended_ = false, finishing_ = false, died_ = false;
};

}  // namespace assay
