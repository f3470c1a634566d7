// Reloading: reads again what was configured, on a thread of its own, since rules take their time to compile
// and the loop must not wait. One at a time; the loop is told by a descriptor and takes what was read.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <thread>

#include "common/fd.h"
#include "common/result.h"
#include "scheduler/scoring.h"
#include "scheduler/server.h"

namespace assay {

class Reloading {
 public:
  static Result<Reloading> open();
  Reloading(Reloading&&) = default;
  Reloading& operator=(Reloading&&) = delete;
  ~Reloading();  // waits for both threads

  /// Not while busy().
  void start(std::function<Result<Reload>()> read);
  bool busy() const { return reader_.joinable(); }
  /// Readable when there is something to take().
  int fd() const { return done_.get(); }
  Result<Reload> take();

  /// Ends a scoring that has been replaced, and then the rules that it borrowed: the scans that it has in
  /// work can take seconds.
  void retire(Scoring scoring, std::unique_ptr<RuleSet> rules);

 private:
  using Slot = std::optional<Result<Reload>>;
  Reloading(Fd done) : done_(std::move(done)), slot_(std::make_unique<Slot>()) {}

  Fd done_;
  std::unique_ptr<Slot> slot_;  // the reader's until it raised done_, then ours
  std::thread reader_, retiring_;
};

}  // namespace assay
