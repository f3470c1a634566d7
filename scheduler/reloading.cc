// Threads that end by themselves; joining them is what hands their outcome over.
#include "scheduler/reloading.h"

#include <cassert>

namespace assay {

Result<Reloading> Reloading::open() {
  ASSAY_TRY(Fd done, make_event());
  return Reloading(std::move(done));
}

Reloading::~Reloading() {
  if (reader_.joinable()) reader_.join();
  if (retiring_.joinable()) retiring_.join();
}

// The one before the last to retire is long gone, or is waited for here, where nobody waits for us.
void Reloading::start(std::function<Result<Reload>()> read) {
  assert(!busy());
  reader_ = std::thread([slot = slot_.get(), done = done_.get(), read = std::move(read),
                         last = std::move(retiring_)]() mutable {
    if (last.joinable()) last.join();
    slot->emplace(read());
    raise_event(done);
  });
}

Result<Reload> Reloading::take() {
  reader_.join();
  clear_event(done_.get());
  Result<Reload> out = std::move(**slot_);
  slot_->reset();
  return out;
}

void Reloading::retire(Scoring scoring, std::unique_ptr<RuleSet> rules) {
  struct Retired {
    std::unique_ptr<RuleSet> rules;  // ends after what borrows it
    Scoring scoring;
  };
  assert(!retiring_.joinable());
  retiring_ = std::thread([old = Retired{std::move(rules), std::move(scoring)}] {});
}

}  // namespace assay
