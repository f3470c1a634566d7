// fair: weighted fair turns by virtual time. A clock for all who share something, an account for each.
// Whoever's account has the earliest start goes next and is charged; the clock advances with each turn by
// what each is due. Who was idle starts at the clock's time: no credit for the past, and no end of newcomers
// delays the others.
#pragma once

#include <algorithm>
#include <cstdint>

namespace assay {

struct FairClock {
  double now = 0;
  uint64_t weight = 0;  // of the accounts that are in
};

struct FairAccount {
  double time = 0;
  uint32_t weight = 1;

  void enter(FairClock& clock) {
    if (clock.weight == 0) clock.now = 0;  // all was paid
    time = clock.now;
    clock.weight += weight;
  }
  void leave(FairClock& clock) { clock.weight -= weight; }
  /// One that could not go for a while is owed two turns at most. Grows only.
  double start(const FairClock& clock) const { return std::max(time, clock.now - 2.0 / weight); }
  void charge(FairClock& clock) {
    double from = start(clock);
    time = from + 1.0 / weight;
    clock.now = std::max(clock.now + 1.0 / static_cast<double>(clock.weight), from);
  }
};

/// An item in a set ordered by rank; number tells equals apart, the same way in every run.
template <typename Item>
struct Ranked {
  double rank = 0;
  uint64_t number = 0;
  Item* item = nullptr;
  bool operator<(const Ranked& other) const {
    return rank != other.rank ? rank < other.rank : number < other.number;
  }
};

}  // namespace assay
