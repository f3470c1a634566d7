// Group commit.
#include "scheduler/stage.h"

#include <utility>

namespace assay {

void Stage::add(StoreBatch batch, Kept kept, Refused refused) {
  batches_.push_back(std::move(batch));
  after_.push_back({std::move(kept), std::move(refused)});
}

Status Stage::commit() {
  if (batches_.empty()) return Status();
  auto written = store_.commit(batches_);
  if (!written) {
    withdraw(written.error());
    return written.error();
  }
  // What they do may stage more.
  std::vector<After> after = std::exchange(after_, {});
  batches_.clear();
  for (size_t i = 0; i < after.size(); ++i) {
    const Status& status = (*written)[i];
    if (status) {
      after[i].kept();
      continue;
    }
    if (!after[i].refused) return status;
    after[i].refused(status.error());
  }
  return Status();
}

void Stage::withdraw(const Error& error) {
  std::vector<StoreBatch> batches = std::exchange(batches_, {});
  std::vector<After> after = std::exchange(after_, {});
  for (size_t i = 0; i < batches.size(); ++i) {
    if (after[i].refused)
      after[i].refused(error);
    else
      add(std::move(batches[i]), std::move(after[i].kept));
  }
}

}  // namespace assay
