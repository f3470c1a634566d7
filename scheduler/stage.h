// stage: what a turn of the loop wants written, and what is to be done once it is on disk. All of it goes in
// one synced write (group commit). With a full disk the stage is kept and tried again; what may be refused
// (submissions) is withdrawn instead.
#pragma once

#include <chrono>
#include <functional>
#include <vector>

#include "scheduler/store.h"

namespace assay {

class Stage {
 public:
  using Kept = std::function<void()>;
  using Refused = std::function<void(const Error&)>;

  explicit Stage(Store& store) : store_(store) {}  // borrowed

  /// `kept` runs once the batch is on disk. With `refused` it is withdrawn, and `refused` called, when it
  /// cannot be written now; without, it stays until it is.
  void add(StoreBatch batch, Kept kept, Refused refused = {});
  bool empty() const { return batches_.empty(); }
  size_t size() const { return batches_.size(); }

  /// Writes what is staged. The store's error while it has no room: what could not be refused is still
  /// staged. Errc::conflict: the store does not hold what the scheduler believes; it must not go on.
  Status commit();

 private:
  struct After {
    Kept kept;
    Refused refused;
  };
  void withdraw(const Error& error);

  Store& store_;
  std::vector<StoreBatch> batches_;
  std::vector<After> after_;
};

}  // namespace assay
