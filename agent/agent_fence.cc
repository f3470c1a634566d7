// A guard hit: somebody may be out of the guest and on this host. The agent finishes nothing more but the
// trace that tells of it, takes no work, and lives on, so that whoever looks after the farm finds it, until
// an operator trusts it again.
#include "agent/agent_loop.h"
#include "common/log.h"
#include "common/text.h"

namespace assay {

void AgentLoop::fence(Fencing fencing) {
  if (fenced_) return;  // the first says enough, and its scan is the one that may end
  fenced_ = std::move(fencing);
  spdlog::critical("event=fenced scan={} attempt={} why=\"{}\"", fenced_->key.scan_id, fenced_->key.attempt,
                   still_printable(fenced_->reason, 400));
  if (config_.keep_spool)
    if (Status marked = FenceMark(config_.data_dir).write(*fenced_); !marked)
      // The scheduler keeps it too; and this agent is fenced for as long as it lives.
      spdlog::error("event=fence_not_kept why=\"{}\"", printable(marked.error().what, 300));
  drop_what_is_fenced();
  tell_fenced();
  session_.hurry(now_);
}

// The scheduler has them run elsewhere as soon as it hears of it; nothing is said of each.
void AgentLoop::drop_what_is_fenced() {
  for (Berth& berth : berths_)
    if (berth.key && !may_finish(*berth.key)) berth.worker.cancel();
  shipper_.drop_whole_but(fenced_->key);
}

void AgentLoop::tell_fenced() const {
  if (fenced_ && config_.fenced) config_.fenced(*fenced_);
}

// A hit that came later than the one that was looked at is another fencing: it stands.
Status AgentLoop::on(const wire::Unfence& order) {
  if (!fenced_ || fenced_->key != AttemptKey{order.scan_id, order.attempt}) return Status();
  // What says so is the scheduler's list; a mark that cannot be removed would fence the next start.
  if (config_.keep_spool)
    if (Status removed = FenceMark(config_.data_dir).remove(); !removed)
      spdlog::error("event=fence_stays why=\"{}\"", printable(removed.error().what, 300));
  spdlog::warn("event=unfenced scan={} attempt={}", fenced_->key.scan_id, fenced_->key.attempt);
  fenced_.reset();
  if (config_.welcomed) config_.welcomed();
  session_.hurry(now_);
  return Status();
}

}  // namespace assay
