// Kept scans scored again on somebody's order. Their traces wait behind those that were just shipped; what is
// applied is made of records as they are on disk, so nothing may be staged that says otherwise.
#include "common/log.h"
#include "common/text.h"
#include "scheduler/ask.h"
#include "scheduler/rescore.h"
#include "scheduler/server_loop.h"

namespace assay {

namespace {

// Each holds a thread of the API's while it waits.
constexpr size_t kMaxRescores = 8;

}  // namespace

std::optional<wire::Answer> Server::order_rescore(const std::string& client, const std::string& scan_id,
                                                  bool apply) {
  if (apply && no_room())
    return ask::refusal({Errc::no_space, "the scheduler's disk is full: make room, then try again"});
  auto record = keep_.scan(scan_id);
  if (!record) return ask::refusal(record.error());
  if (Status can = check_rescorable(*record); !can) return ask::refusal(can.error());
  if (rescores_.contains(scan_id))
    return ask::refusal({Errc::busy, "scan " + scan_id + " is being rescored already: try again"});
  if (rescores_.size() + rescored_.size() >= kMaxRescores)
    return ask::refusal(
        {Errc::limit,
         std::to_string(kMaxRescores) + " scans are being rescored, and at most so many may be: try again"});
  rescores_[scan_id] = {client, apply};
  scoring_->request_again(scan_id, apply);
  more_ = true;  // a thread may be free
  return std::nullopt;
}

void Server::on_rescored(Scored scored) {
  auto it = rescores_.find(scored.scan_id);
  if (it == rescores_.end()) return;
  RescoreOrder order = std::move(it->second);
  rescores_.erase(it);
  if (!scored.error.empty()) return tell_client(order.client, ask::refusal({scored.code, scored.error}));
  if (order.apply)
    rescored_.emplace_back(std::move(scored), std::move(order));
  else
    tell_client(order.client, wire::Answer{200, scored.change});
}

Status Server::apply_rescored() {
  if (rescored_.empty() || stalled_) return Status();
  if (!stage_.empty()) return more_ = true, Status();  // with the next turn
  for (const auto& [scored, order] : std::exchange(rescored_, {})) apply_one(scored, order);
  return commit();
}

void Server::apply_one(const Scored& scored, const RescoreOrder& order) {
  Rescored rescored{scored.scan_id, {}, scored.report, scored.trace_bytes, scored.traits};
  rescored.change.after = {scored.verdict, scored.score, scored.rules_version};
  auto batch = rescore_batch(keep_, rescored);
  if (!batch) return tell_client(order.client, ask::refusal(batch.error()));
  stage_.add(
      std::move(*batch),
      [this, client = order.client, body = scored.change, after = rescored.change.after,
       id = scored.scan_id] {
        spdlog::info("event=rescored scan={} verdict={} score={} rules={}", id, after.verdict, after.score,
                     after.rules);
        tell_client(client, wire::Answer{200, body});
      },
      [this, client = order.client](const Error& error) { tell_client(client, ask::refusal(error)); });
}

}  // namespace assay
