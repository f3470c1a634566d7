// stratum_work: the work that the pool hands out: well-formed, plausible, derived from the scan's seed, of no
// use to anybody. Pure.
#pragma once

#include <cstdint>
#include <string>

#include "agent/lure/lures.h"

namespace assay::sinkhole {

struct Work {
  const lure::Seed& seed;
  uint32_t number = 0;  // of the job in its connection
  int64_t unix_seconds = 0;
  double difficulty = 1;

  std::string id() const;                             // hex
  std::string monero(const std::string& algo) const;  // a job object (xmrig's docs: a blob of 76 bytes)
  std::string bitcoin() const;                        // the parameters of mining.notify, slush's Stratum v1
  std::string ethereum() const;                       // the result of eth_getWork
  std::string ethereum_stratum() const;  // the parameters of mining.notify, EthereumStratum/1.0.0
};

}  // namespace assay::sinkhole
