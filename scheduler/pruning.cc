// A thread a step; joining it is what hands its outcome over.
#include "scheduler/pruning.h"

#include <cassert>

namespace assay {

Result<Pruning> Pruning::open() {
  ASSAY_TRY(Fd done, make_event());
  return Pruning(std::move(done));
}

Pruning::~Pruning() {
  if (thread_.joinable()) thread_.join();
}

void Pruning::start(Pruner& pruner) {
  assert(!busy());
  thread_ = std::thread([slot = slot_.get(), done = done_.get(), &pruner] {
    slot->emplace(pruner.step());
    raise_event(done);
  });
}

Pruning::Step Pruning::take() {
  thread_.join();
  clear_event(done_.get());
  Step out = std::move(**slot_);
  slot_->reset();
  return out;
}

}  // namespace assay
