// What every engine of the store shares: the names of families, how a conflict is told, and the write of one
// batch.
#include <array>

#include "common/text.h"
#include "scheduler/store.h"

namespace assay {

constexpr size_t kKeyShown = 96;

const char* to_string(Family family) {
  constexpr std::array<const char*, kFamilies> kNames = {
      "scans",   "chunks", "reports", "digests",   "open",   "batches", "members",
      "results", "agents", "index",   "artifacts", "sweeps", "once",    "logins"};
  return kNames[static_cast<size_t>(family)];
}

Error conflict(const Precondition& expected, bool present) {
  const char* what = !expected.value ? "is there already" : present ? "holds something else" : "is not there";
  return {Errc::conflict,
          std::string(to_string(expected.family)) + " " + printable(expected.key, kKeyShown) + " " + what};
}

Status Store::write(std::vector<StoreOp> ops) {
  std::vector<StoreBatch> group(1);
  group[0].ops = std::move(ops);
  ASSAY_TRY(auto outcomes, commit(group));
  return outcomes[0];
}

}  // namespace assay
