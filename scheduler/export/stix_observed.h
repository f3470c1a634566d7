// stix_observed: what a scan saw, as cyber-observables of a STIX graph: files, processes, names, addresses,
// connections. Included by stix*.cc only.
#pragma once

#include <string>
#include <vector>

#include "scheduler/export/indicators.h"
#include "scheduler/export/stix_graph.h"

namespace assay::stix {

inline constexpr size_t kMaxOfAKind = 1000;  // processes, peers, files, names

struct Observed {
  std::string image;      // the file that is the image's manifest; empty: its digest is not known
  std::string sandbox;    // the software that it ran in
  uint64_t left_out = 0;  // beyond the bounds, ours and the report's
};
Observed observe(const Report& report, const std::vector<Indicator>& indicators, Graph& graph);

/// Of an indicator: a domain-name, an address, a url or a file.
std::string observe(const Indicator& indicator, Graph& graph);

}  // namespace assay::stix
