// Ring: a bounded queue of byte blocks from one thread to another, for the one place where unpacking needs
// two: decompression beside writing.
#pragma once

#include <condition_variable>
#include <deque>
#include <mutex>
#include <string>

#include "common/result.h"

namespace assay {

struct RingBlock {
  std::string bytes;  // empty: the end, or the error in status
  Status status;
};

class Ring {
 public:
  /// Waits for room. False: the reader has gone, stop.
  bool push(RingBlock block) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return stopped_ || blocks_.size() < kBlocks; });
    if (stopped_) return false;
    blocks_.push_back(std::move(block));
    changed_.notify_all();
    return true;
  }
  /// Waits for the next block. Not to be called after the end or an error was popped.
  RingBlock pop() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return !blocks_.empty(); });
    RingBlock out = std::move(blocks_.front());
    blocks_.pop_front();
    changed_.notify_all();
    return out;
  }
  /// A block's memory for the next push(), so that it is not faulted in anew each time.
  std::string spare() {
    std::lock_guard lock(mutex_);
    return std::move(spare_);
  }
  void give_back(std::string bytes) {
    std::lock_guard lock(mutex_);
    spare_ = std::move(bytes);
  }
  void stop() {
    std::lock_guard lock(mutex_);
    stopped_ = true;
    changed_.notify_all();
  }

 private:
  static constexpr size_t kBlocks = 8;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<RingBlock> blocks_;
  std::string spare_;
  bool stopped_ = false;
};

}  // namespace assay
