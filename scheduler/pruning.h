// Pruning: the thread that a Pruner's steps run on, so that the loop does not wait for a look over all
// records or for room to be given back. One step at a time; the loop is told by a descriptor.
#pragma once

#include <memory>
#include <optional>
#include <thread>
#include <vector>

#include "common/fd.h"
#include "scheduler/pruner.h"

namespace assay {

class Pruning {
 public:
  static Result<Pruning> open();
  Pruning(Pruning&&) = default;
  Pruning& operator=(Pruning&&) = delete;
  ~Pruning();  // waits for the step under way

  using Step = Result<std::vector<PruneAction>>;
  /// Not while busy(). `pruner` is the thread's until take(); it is borrowed.
  void start(Pruner& pruner);
  bool busy() const { return thread_.joinable(); }
  /// Readable when there is something to take().
  int fd() const { return done_.get(); }
  Step take();

 private:
  using Slot = std::optional<Step>;
  explicit Pruning(Fd done) : done_(std::move(done)), slot_(std::make_unique<Slot>()) {}

  Fd done_;
  std::unique_ptr<Slot> slot_;  // the thread's until it raised done_, then ours
  std::thread thread_;
};

}  // namespace assay
