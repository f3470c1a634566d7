// watchers: clients that want to be told of every change, and what each has missed by being too slow. Pure:
// says what to send to whom; the server sends it.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "common/wire.h"

namespace assay {

class Watchers {
 public:
  static constexpr size_t kMax = 256;
  enum class Sent { yes, full, gone };

  /// False when there are too many.
  bool add(const std::string& peer, const wire::Watch& watch);
  /// Hands `notice` to `send` for each watcher that it concerns; those who are gone are forgotten.
  void tell(wire::Notice notice,
            const std::function<Sent(const std::string& peer, const wire::Notice&)>& send);
  bool empty() const { return watchers_.empty(); }
  uint64_t missed() const { return missed_; }  // notices that somebody did not get, ever

 private:
  struct Watcher {
    std::string peer;
    wire::Watch watch;
    uint64_t missed = 0;
  };
  std::vector<Watcher> watchers_;
  uint64_t missed_ = 0;
};

}  // namespace assay
