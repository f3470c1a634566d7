// merge: events of all sources into one stream, ordered by time and numbered; what both planes said of one
// call is joined on the way (see pairing). Pure: told what time it is.
#pragma once

#include <cstdint>
#include <map>
#include <utility>
#include <vector>

#include "agent/trace/pairing.h"
#include "common/event.h"

namespace assay {

/// How long an event may be on its way from where it happened to us.
inline constexpr int64_t kReorderWindowNs = 250'000'000;

class Merge {
 public:
  /// One that comes later than its place in what was released already takes the time of the last released:
  /// the stream never goes back.
  void add(Event event);
  /// All events up to `until_ns`, in order of time; at the same time, in order of add(). seq counts from 1
  /// over the whole stream.
  std::vector<Event> release(int64_t until_ns);
  uint64_t late() const { return late_; }
  size_t waiting() const { return pending_.size(); }
  uint64_t paired() const { return pairing_.paired(); }

 private:
  std::map<std::pair<int64_t, uint64_t>, Event> pending_;  // by time, then arrival; nodes do not move
  Pairing pairing_;
  uint64_t arrived_ = 0, seq_ = 0, late_ = 0;
  int64_t released_until_ns_ = INT64_MIN;
};

}  // namespace assay
