// What the scheduler says.
#include "agent/agent_loop.h"
#include "common/log.h"
#include "common/text.h"
#include "common/version.h"

namespace assay {
namespace {

constexpr int kMessages = 256;  // in one turn

}  // namespace

Status AgentLoop::from_scheduler() {
  for (int i = 0; i < kMessages; ++i) {
    ASSAY_TRY(auto frames, scheduler_.socket().receive());
    if (!frames) return Status();
    auto message = wire::decode(frames->back());
    if (!message) {
      spdlog::warn("event=refused from=scheduler why=\"{}\"", printable(message.error().what, 300));
      continue;
    }
    ASSAY_CHECK(std::visit(
        [&](const auto& m) -> Status {
          if constexpr (requires { on(m); }) return on(m);
          spdlog::warn("event=refused from=scheduler why=\"a message that no scheduler sends an agent\"");
          return Status();
        },
        *message));
  }
  return Status();
}

Status AgentLoop::on(const wire::Welcome& welcome) {
  uint32_t spoken = wire::common_version(welcome.oldest, welcome.newest);
  if (spoken == 0)
    return Error{Errc::unsupported, "the scheduler at " + config_.endpoint + " speaks wire version " +
                                        wire::versions_text(welcome.oldest, welcome.newest) +
                                        ", this agent (" + kVersion + ") " +
                                        wire::versions_text(wire::kOldestVersion, wire::kVersion) +
                                        ": install the assay-agent of the scheduler's release"};
  if (!session_.welcomed(now_)) return Status();
  spdlog::info("event=welcome scheduler={} held={} wire={}", printable(config_.endpoint, 200),
               shipper_.attempts(), spoken);
  metrics_.welcomes.add();
  shipper_.restart();
  for (Berth& berth : berths_)
    if (!berth.resolved.empty()) ASSAY_CHECK(pass(berth.resolved));
  if (config_.welcomed) config_.welcomed();
  tell_fenced();
  return Status();
}

Status AgentLoop::on(const wire::Who&) {
  session_.asked_who(now_);
  return Status();
}

Status AgentLoop::on(const wire::Refused& refused) {
  metrics_.refusals.add();
  if (refused.code == to_string(Errc::unsupported))
    return Error{Errc::unsupported, "the scheduler at " + config_.endpoint + " refuses this agent (" +
                                        kVersion + "): " + printable(refused.reason, 400) +
                                        ": install the assay-agent of the scheduler's release"};
  spdlog::error("event=refused_by_scheduler code={} why=\"{}\" retry_s=30", printable(refused.code, 64),
                printable(refused.reason, 400));
  session_.refused(now_);
  return Status();
}

Status AgentLoop::on(const wire::Proceed& proceed) {
  Berth* berth = berth_of({proceed.scan_id, proceed.attempt});
  if (berth == nullptr || berth->resolved.empty()) return Status();
  berth->resolved.clear();
  return tell(berth->worker.link(), {.kind = LinkNote::Kind::proceed});
}

Status AgentLoop::on(const wire::ChunkAck& ack) {
  shipper_.acked(ack, now_);
  return Status();
}

// Before its end this says that nobody wants it any more.
Status AgentLoop::on(const wire::DoneAck& ack) {
  cancel(ack.scan_id, ack.attempt);
  return Status();
}

Status AgentLoop::on(const wire::Cancel& order) {
  spdlog::info("event=cancelled scan={} attempt={}", printable(order.scan_id, 64), order.attempt);
  cancel(order.scan_id, order.attempt);
  return Status();
}

// Attempt 0: whichever. One that still runs leaves the spool when its worker is done with it.
void AgentLoop::cancel(const std::string& scan_id, uint32_t attempt) {
  for (const wire::Held& held : shipper_.held()) {
    if (held.scan_id != scan_id || (attempt != 0 && held.attempt != attempt)) continue;
    AttemptKey key{held.scan_id, held.attempt};
    if (shipper_.whole(key))
      shipper_.drop(key);
    else if (Berth* berth = berth_of(key))
      berth->worker.cancel();
  }
}

}  // namespace assay
