// Beacons: which destinations the guest returns to at regular intervals, as an implant does that asks its
// server for orders. Interval statistics over the whole run; one record a destination, of category `beacon`,
// at its end. Pure; bounded.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <tuple>
#include <vector>

#include "common/event.h"
#include "scheduler/score/network_map.h"
#include "scheduler/score/process_tree.h"
#include "scheduler/score/record.h"

namespace assay {

class Beacons {
 public:
  using Emit = std::function<void(const Record&, const Event&)>;  // the last connection is the evidence
  static constexpr size_t kMaxDestinations = 2000, kMaxStarts = 512, kLeastStarts = 5;
  static constexpr int64_t kSameNs = 1'000'000'000;           // what begins within it is one visit
  static constexpr int64_t kLeastIntervalNs = 2'000'000'000;  // below it is a loop, not a beacon

  /// Borrowed; both have taken in every event before add() does.
  Beacons(const ProcessTree& tree, const NetworkMap& network) : tree_(tree), network_(network) {}
  void add(const Event& event);
  void finish(const Emit& emit) const;

 private:
  using Key = std::tuple<std::string, uint32_t, std::string>;  // name or address, port, protocol
  struct Destination {
    std::vector<int64_t> starts;
    Event last;
    size_t process = ProcessTree::kNone;
  };

  const ProcessTree& tree_;
  const NetworkMap& network_;
  std::map<Key, Destination> destinations_;
};

}  // namespace assay
