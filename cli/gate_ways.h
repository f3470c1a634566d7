// gate_ways: the three ways to answer assay gate: a farm's scans, scans on this host, and what is kept of the
// images already.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "cli/gate_order.h"
#include "cli/local_scan.h"
#include "cli/remote.h"
#include "cli/stop.h"
#include "sources/places.h"

namespace assay::cli {

using GateAnswers = std::vector<GateAnswer>;

/// Submits, waits and fetches. `remote` stops with `stop`; `after`, which stops with a signal alone, fetches
/// what has been scanned once the time is up. A scan that failed, or is not done in time, is an answer; the
/// scan goes on. Errors: cancelled (interrupted: says what goes on), invalid (refused), what the farm cannot
/// do.
Result<GateAnswers> gate_by_farm(const Remote& remote, const Remote& after, const GateOrder& order,
                                 const Stop& stop);

/// Scans one after the other. Errors: cancelled, invalid (refused), of LocalScans::open().
Result<GateAnswers> gate_here(const LocalOptions& options, const GateOrder& order, Stop& stop);

/// What is kept of a digest: of a farm, or of a data directory.
struct KnownScan {
  std::string scan_id;
  Persona persona = Persona::bare;
};
struct KnownScans {
  std::function<Result<std::vector<KnownScan>>(const std::string& digest)> of;  // with a report; newest first
  std::function<Result<std::string>(const std::string& scan_id)> report;        // as JSON
};
KnownScans known_by_farm(const Remote& remote);
/// `store` is borrowed.
KnownScans known_here(Store& store);

/// Starts no scan. A tag is looked up at its registry: what it meant yesterday says nothing of today. Of an
/// index every platform's image counts of which a result is kept, or the one that the wish names. What is not
/// known, or cannot be looked up, is an answer. Errors: cancelled (interrupted), invalid (no reference of a
/// registry), what farm or store cannot do.
Result<GateAnswers> gate_by_known(const KnownScans& known, const GateOrder& order,
                                  const sources::PlaceFiles& places, const Stop& stop);

}  // namespace assay::cli
