// dossier_make: a manifest, its policies and what the scans gave, made into a dossier. Pure: the same input
// and time give the same dossier.
#pragma once

#include <map>
#include <optional>
#include <span>
#include <string>

#include "decisions/decide.h"
#include "decisions/vetting/dossier.h"
#include "decisions/vetting/manifest.h"

namespace assay::decisions {

/// What came of one image.
struct ScanOutcome {
  std::string scan_id;           // empty: it did not get that far
  std::optional<Report> report;  // none: `trouble` says why
  std::string trouble;
};

/// By their paths as the manifest writes them; "" is the one of a manifest that names none.
using Policies = std::map<std::string, Policy>;
/// For the manifest that names no policy: what is malicious or suspicious fails, and so does what is
/// inconclusive.
Policy default_policy();

/// `outcomes` as the images of the manifest. Invariant: `policies` has each that the manifest names.
Dossier make_dossier(const VetManifest& manifest, const Policies& policies,
                     std::span<const ScanOutcome> outcomes, int64_t now_s);

}  // namespace assay::decisions
