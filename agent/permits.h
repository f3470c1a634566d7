// permits: which of the scans that an agent holds may run, by slots, processors and memory, and what more it
// can take. Pure. A scan that is leased pulls and unpacks at once; it runs when it has a permit.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "common/result.h"
#include "common/wire.h"

namespace assay {

struct Need {
  uint32_t cpu_millis = 0;
  uint64_t memory_bytes = 0;
};

class Permits {
 public:
  /// `prefetch`: scans held beyond those that run.
  Permits(wire::Capacity capacity, unsigned prefetch) : capacity_(capacity), prefetch_(prefetch) {}

  /// A new scan, behind all that are there. Errc::limit: it could never run here, or there is no place.
  Status take(const std::string& key, const Need& need);
  /// It is ready to run.
  void ask(const std::string& key);
  /// Permits those that may run now, in the order in which they were taken: who is ready does not wait for
  /// who is not, but never passes one that is ready too.
  std::vector<std::string> grant();
  /// It has ended, whatever it was at.
  void end(const std::string& key);

  bool runs(const std::string& key) const;
  unsigned running() const;
  /// Leases that it can take, and for how large ones: what is free, or, where only places to prefetch are,
  /// all it has: such a scan waits for its turn anyway.
  wire::Want offer() const;
  const wire::Capacity& capacity() const { return capacity_; }

 private:
  enum class At { fetching, ready, running };
  struct Held {
    std::string key;
    Need need;
    At at = At::fetching;
  };
  Need used() const;

  wire::Capacity capacity_;
  unsigned prefetch_;
  std::vector<Held> held_;  // in the order taken
};

}  // namespace assay
