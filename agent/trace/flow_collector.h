// flow_collector: the reader's side of the flow table: reads a flow's counters some time after it ended, and
// removes it from the kernel's map, so that the map holds live flows only.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <string>
#include <string_view>

namespace assay {

class FlowCollector {
 public:
  using Emit = std::function<void(std::string_view key, std::string_view flow)>;
  explicit FlowCollector(int map_fd) : map_fd_(map_fd) {}
  /// Looks at each record on its way by; remembers the ends.
  void note(std::string_view record);
  /// Flows that ended a while ago (the last packets have passed by now).
  void collect_ended(int64_t now_ns, const Emit& emit);
  /// Every flow that is left in `map_fd`, removing it.
  static void collect_all(int map_fd, const Emit& emit);

 private:
  struct Ended {
    int64_t time_ns;
    std::string key;
  };
  int map_fd_;
  std::deque<Ended> ended_;
};

}  // namespace assay
