// Agents that are trusted no more: by an operator's order, or by their own word that a guest may be out on
// their host. And how they are trusted again.
#include <nlohmann/json.hpp>

#include "common/log.h"
#include "common/text.h"
#include "scheduler/ask.h"
#include "scheduler/server_loop.h"

namespace assay {
namespace {

using nlohmann::json;

std::optional<Agents::Mode> mode_after(const std::string& order) {
  if (order == "drain") return Agents::Mode::draining;
  if (order == "fence") return Agents::Mode::fenced;
  if (order == "undrain" || order == "unfence") return Agents::Mode::active;
  return std::nullopt;
}

constexpr std::chrono::minutes kForgetEvery{1};

}  // namespace

// Outlives a restart: who was shut out stays out. The farm of one command has nobody who could let it in
// again: the next command begins anew.
void Server::keep_mode(const std::string& agent) {
  if (config_.resume_jobs) stage_.add(Keep::agent_mode(agent, agents_.kept(agent)), [] {});
}

// Said again and again until an operator lifts it: what it changes, it changes once.
void Server::on(const std::string& agent, wire::Fenced& m) {
  if (agents_.was_lifted(agent, m.scan_id, m.attempt)) {
    (void)tell_agent(agent, wire::Unfence{m.scan_id, m.attempt});
    return;
  }
  const bool news = agents_.fence(agent, {m.scan_id, m.attempt, m.reason});
  const Agents::Fencing by = *agents_.fencing(agent);
  if (news) {
    keep_mode(agent);
    spdlog::critical("event=agent_fenced agent={} scan={} attempt={} why=\"{}\"", printable(agent, 64),
                     by.scan_id, by.attempt, still_printable(by.reason, 400));
  }
  take_back(agent, by);
  // Its lease was gone before the word came (a restart in between): the image must not run on to the next.
  auto it = open_.find(by.scan_id);
  if (news && it != open_.end() && it->second.state == ScanState::queued && it->second.agent == agent &&
      it->second.attempt == by.attempt)
    end_with_its_agent(agent, by, "its agent ended during the scan");
}

// What it runs is run elsewhere at once, and is not to blame; `but` is what it may still finish.
void Server::take_back(const std::string& agent, const Agents::Fencing& but) {
  if (queue_.leased_by(agent) == (queue_.holds(agent, but.scan_id, but.attempt) ? 1u : 0u)) return;
  std::vector<std::pair<std::string, uint32_t>> leases;
  for (const auto& [scan_id, record] : open_)
    if (record.state == ScanState::leased && record.agent == agent && !but.is_of(scan_id, record.attempt))
      leases.emplace_back(scan_id, record.attempt);
  for (const auto& [scan_id, attempt] : leases) {
    (void)tell_agent(agent, wire::Cancel{scan_id, attempt});
    if (auto back = queue_.hand_back(agent, scan_id, attempt, now_))
      lapse(*back, to_string(Errc::denied), "its agent " + agent + " was fenced");
  }
}

// The attempt that has fenced its agent ends without a trace. Run again by itself the image would fence one
// agent after the other.
void Server::end_with_its_agent(const std::string& agent, const Agents::Fencing& by, const std::string& why) {
  (void)queue_.cancel(by.scan_id);
  end_failed(by.scan_id, to_string(Errc::denied),
             "it hit the guard of its sandbox, and its agent " + agent + " was fenced (" + by.reason +
                 "); its trace was lost: " + why + ". It is not run again by itself");
}

void Server::forget(const std::string& name, const char* why) {
  agents_.forget(name);
  keep_mode(name);  // of one that is not known: nothing
  ++stats_.agents_forgotten;
  measure_.agent_forgotten();
  spdlog::info("event=agent_forgotten agent={} why={}", printable(name, 64), why);
}

// One that is fenced stays known: by its name nobody is let in again by mistake.
void Server::forget_unheard() {
  if (config_.forget_agents.count() == 0 || now_ < next_forget_) return;
  // The first look is so long after the start: what was heard before, nobody here knows.
  if (next_forget_ == Time()) {
    next_forget_ = now_ + config_.forget_agents;
    return;
  }
  next_forget_ = now_ + kForgetEvery;
  for (const std::string& name : agents_.unheard_since(now_ - config_.forget_agents))
    if (queue_.leased_by(name) == 0) forget(name, "unheard");
}

wire::Answer Server::forget_agent(const std::string& name, bool fenced_too) {
  std::string shown = "agent '" + printable(name, 64) + "'";
  if (!agents_.knows(name)) return ask::refusal({Errc::not_found, "no " + shown + " has been here"});
  if (sessions_.peer_of(name) != nullptr)
    return ask::refusal({Errc::conflict, shown + " is connected: drain it, stop it, then forget it"});
  if (size_t leases = queue_.leased_by(name); leases > 0)
    return ask::refusal(
        {Errc::conflict, shown + " still holds " + std::to_string(leases) +
                             " scans, which go to others once it has been silent for `lease`"});
  if (agents_.mode(name) == Agents::Mode::fenced && !fenced_too)
    return ask::refusal(
        {Errc::conflict, shown + " is fenced: forgotten, it would be trusted again when it comes back. "
                                 "Revoke its key first (assay keys revoke), then forget it with --fenced"});
  forget(name, "ordered");
  return {200,
          json{{"name", name}, {"forgotten", true}}.dump(-1, ' ', false, json::error_handler_t::replace)};
}

wire::Answer Server::set_agent_mode(const std::string& name, const std::string& order) {
  auto mode = mode_after(order);
  if (!mode)
    return ask::refusal(
        {Errc::invalid, "'" + printable(order, 64) + "' is none of drain, undrain, fence, unfence"});
  if (!agents_.knows(name))
    return ask::refusal({Errc::not_found, "no agent '" + printable(name, 64) + "' has been here"});
  const Agents::Fencing* fencing = agents_.fencing(name);
  const Agents::Fencing by = fencing != nullptr ? *fencing : Agents::Fencing();
  if (fencing != nullptr && order != "unfence" && order != "fence")
    return ask::refusal({Errc::conflict, "agent '" + printable(name, 64) + "' was fenced by scan " +
                                             by.scan_id + ": look at its host, then unfence it"});
  agents_.set_mode(name, *mode);
  keep_mode(name);
  spdlog::warn("event=agent_mode agent={} mode={}", printable(name, 64), to_string(*mode));
  if (*mode == Agents::Mode::fenced) take_back(name, by);
  if (fencing != nullptr && order == "unfence") (void)tell_agent(name, wire::Unfence{by.scan_id, by.attempt});
  return {200, json{{"name", name}, {"mode", to_string(*mode)}}.dump(-1, ' ', false,
                                                                     json::error_handler_t::replace)};
}

}  // namespace assay
