// vet_scans: the images of a manifest scanned, here or by a farm, several at once. Whatever becomes of one,
// it has an outcome: a report, or why there is none.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <vector>

#include "cli/local_scan.h"
#include "cli/remote_verb.h"
#include "decisions/vetting/dossier_make.h"

namespace assay::cli {

using decisions::ScanOutcome;
using decisions::VetImage;

struct VetOptions {
  unsigned at_once = 2;  // on this host
  bool fresh = false;    // by a farm: even where a result could be used again
};

/// In the images' order. Errors: the farm in this process does not start. Interrupted once, what has not
/// ended is cancelled, and has that for its outcome; twice, Errc::cancelled.
Result<std::vector<ScanOutcome>> vet_here(const LocalOptions& local, const VetOptions& options,
                                          std::span<const VetImage> images);

/// As one batch of that name, in the lane of batches. Errors: the scheduler refuses the batch, or does not
/// answer for long. Interrupted: Errc::cancelled, and the batch goes on in the farm.
Result<std::vector<ScanOutcome>> vet_by_farm(const po::variables_map& map, const VetOptions& options,
                                             const std::string& name, std::span<const VetImage> images);

}  // namespace assay::cli
