// Totals by kind and class.
#include "scheduler/prune_json.h"

#include <nlohmann/json.hpp>

namespace assay {

std::string prune_json(const PrunePlan& plan, const RetentionPolicy& policy, bool dry_run) {
  using Json = nlohmann::ordered_json;
  Json kinds = Json::array();
  for (size_t kind = 0; kind < kKeptKinds; ++kind)
    for (size_t of = 0; of < kScanClasses; ++of) {
      const PruneTotal& total = plan.totals[kind][of];
      if (total.scans == 0) continue;
      kinds.push_back({{"kind", to_string(static_cast<KeptKind>(kind))},
                       {"verdict", to_string(static_cast<ScanClass>(of))},
                       {"scans", total.scans},
                       {"bytes", total.bytes}});
    }
  return Json{{"dry_run", dry_run},
              {"store_bytes", plan.usage.disk_bytes},
              {"budget_bytes", policy.budget_bytes},
              {"scans", plan.scans},
              {"pinned", plan.pinned},
              {"more", plan.more},
              {"kinds", std::move(kinds)}}
      .dump();
}

}  // namespace assay
