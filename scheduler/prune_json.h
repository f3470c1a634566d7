// prune_json: what is to go, as the API and `assay prune --format json` show it (docs/openapi.yaml). Pure.
#pragma once

#include <string>

#include "scheduler/prune_plan.h"

namespace assay {

/// {"dry_run", "store_bytes", "budget_bytes", "scans", "pinned", "more", "kinds": [{"kind", "verdict",
/// "scans", "bytes"}]}; kinds of which nothing goes are left out.
std::string prune_json(const PrunePlan& plan, const RetentionPolicy& policy, bool dry_run);

}  // namespace assay
