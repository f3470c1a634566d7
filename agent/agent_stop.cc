// The end of an agent in order: no more leases, scans that run may finish, the others are handed back, and
// what is spooled is shipped as far as time allows.
#include <algorithm>

#include "agent/agent_loop.h"
#include "common/log.h"

namespace assay {
namespace {

constexpr std::chrono::seconds kFlush{5};

}  // namespace

void AgentLoop::begin_stop() {
  spdlog::info("event=stopping running={} grace_s={}", permits_.running(), config_.stop_grace.count() / 1000);
  if (config_.stopping) config_.stopping();
  grace_ends_ = now_ + config_.stop_grace;
  session_.hurry(now_);
  for (Berth& berth : berths_)
    if (berth.key && !permits_.runs(berth.key->str())) hand_back(berth);
}

void AgentLoop::hand_back(Berth& berth) {
  if (berth.handed_back) return;
  berth.handed_back = true;
  berth.worker.cancel();
}

bool AgentLoop::idle() const {
  return std::none_of(berths_.begin(), berths_.end(),
                      [](const Berth& berth) { return berth.key.has_value(); });
}

// True when there is nothing more to wait for.
bool AgentLoop::stopped() {
  if (!grace_ends_) return false;
  if (end_now_) return true;
  now_ = std::chrono::steady_clock::now();
  if (now_ >= *grace_ends_)
    for (Berth& berth : berths_)
      if (berth.key) hand_back(berth);
  if (!idle()) return false;
  if (!flush_ends_) flush_ends_ = now_ + kFlush;
  bool done = shipper_.attempts() == 0 || !session_.up() || now_ >= *flush_ends_;
  if (done && shipper_.attempts() > 0)
    spdlog::warn("event=spool_kept attempts={} dir={}", shipper_.attempts(), shipper_.dir().string());
  return done;
}

}  // namespace assay
