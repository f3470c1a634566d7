// Reloading while the loop goes on: what was asked for, what came of it, who is told.
#include "common/log.h"
#include "scheduler/ask.h"
#include "scheduler/server_loop.h"

namespace assay {
namespace {

constexpr size_t kMaxAskers = 1000;

wire::Answer answer_of(const Status& done) {
  if (done) return {200, "{}"};
  return ask::refusal(done.error());
}

}  // namespace

// Asked for while one is under way: files may have changed since that one read them, so another follows.
void Server::want_reload(const std::string& client) {
  if (reload_askers_.size() < kMaxAskers)
    reload_askers_.push_back(client);
  else if (!client.empty())
    tell_client(client, answer_of(Error{Errc::busy, "too many wait for a reload already"}));
  if (!reloading_.busy()) begin_reload();
}

void Server::begin_reload() {
  reload_told_ = std::move(reload_askers_);
  reload_askers_.clear();
  reloading_.start(config_.reload ? config_.reload : []() -> Result<Reload> {
    return Error{Errc::unsupported, "there is nothing to read again"};
  });
}

void Server::end_reload() {
  Result<Reload> fresh = reloading_.take();
  Status done = fresh ? install(std::move(*fresh)) : Status(fresh.error());
  if (!done) spdlog::error("event=reload_failed why=\"{}\" kept=old", done.error().what);
  for (const std::string& client : reload_told_)
    if (!client.empty()) tell_client(client, answer_of(done));
  reload_told_.clear();
  if (!reload_askers_.empty()) begin_reload();
}

// Scans scored from now on get the new rules; each report says which it got.
Status Server::install(Reload fresh) {
  if (fresh.rules) {
    ASSAY_TRY(Scoring scoring, Scoring::start(context_, store_, *fresh.rules, config_.scorers));
    // What the old threads have in work, or waits with them, is scored anew.
    reloading_.retire(std::move(*scoring_), std::move(rules_));
    scoring_.emplace(std::move(scoring));
    rules_ = std::move(fresh.rules);
    for (const auto& [scan_id, record] : open_)
      if (record.state == ScanState::shipped) scoring_->request(scan_id);
    for (const auto& [scan_id, order] : rescores_) scoring_->request_again(scan_id, order.apply);
  }
  if (fresh.policy) dispatch_.set_policy(std::move(*fresh.policy));
  if (fresh.agents && config_.zap != nullptr) {
    ASSAY_CHECK(config_.zap->allow(*fresh.agents));
    config_.allowed = allowed_keys(*fresh.agents);
    // Connections that are there already are not asked again: their sessions end here.
    for (const std::string& agent : sessions_.agents())
      if (!config_.allowed.contains(sessions_.key_of(agent))) lose(agent, "its key is no longer allowed");
  }
  spdlog::info("event=reloaded rules={} version={} agents={}", rules_ != nullptr,
               rules_ != nullptr ? rules_->version() : "", config_.allowed.size());
  return Status();
}

}  // namespace assay
