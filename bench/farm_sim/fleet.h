// fleet: the simulated agents of one run, swept by one thread.
#pragma once

#include <vector>

#include "tests/farm/farm.h"
#include "tests/farm/ledger.h"

namespace assay::bench {

std::vector<std::string> agent_names(size_t count);

class Fleet {
 public:
  /// `farm`, `ledger` and `settings` are borrowed.
  Fleet(const farm::Farm& farm, farm::Ledger& ledger, const farm::SimSettings& settings, size_t count,
        uint64_t seed);

  /// One sweep over all of them.
  void turn(farm::SimTime now);
  void want(bool on);
  size_t welcomed() const;
  bool idle() const;
  uint64_t crashes() const;
  uint64_t partitions() const;

 private:
  Context context_;
  farm::Ledger& ledger_;
  std::vector<farm::SimAgent> agents_;
};

}  // namespace assay::bench
