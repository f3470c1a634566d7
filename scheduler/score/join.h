// Join: the same system call seen from both planes becomes one event. The host's witness has the strings but
// not the guest's process; the guest's raw trace point has the process but not the strings. Equal call and
// equal registers within a moment are the same call.
#pragma once

#include <deque>
#include <functional>

#include "common/event.h"

namespace assay {

class Join {
 public:
  using Emit = std::function<void(const Event&)>;
  static constexpr int64_t kWindowNs = 100'000'000;
  static constexpr size_t kMaxHeld = 256;

  /// Passes events on; a witness event is held until its other half comes or a moment has passed.
  void add(const Event& event, const Emit& emit);
  void flush(const Emit& emit);

 private:
  std::deque<Event> held_;
};

}  // namespace assay
