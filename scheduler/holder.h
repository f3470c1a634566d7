// holder: an agent that holds leases, as the queue keeps it. Plain data.
#pragma once

#include <string>

#include "scheduler/backlog.h"

namespace assay {

struct Holder {
  std::string name;
  QueueTime heard = QueueTime::min();  // last sign of life since it holds any
  QueueTime end{};                     // of the lease that ends first
  EntryOrder leases;                   // in the order in which they were given
};

}  // namespace assay
