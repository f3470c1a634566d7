// Connections and agents.
#include "scheduler/sessions.h"

namespace assay {

Sessions::Change Sessions::open(const std::string& peer, Session session) {
  asked_.erase(peer);
  // A connection that now speaks for another agent no longer speaks for the first.
  if (auto it = sessions_.find(peer); it != sessions_.end() && it->second.agent != session.agent)
    close(it->second.agent);
  Change change = Change::appeared;
  if (auto it = peers_.find(session.agent); it != peers_.end()) {
    const Session& before = sessions_.at(it->second);
    change = before.instance != session.instance ? Change::restarted
             : it->second == peer                ? Change::known
                                                 : Change::reconnected;
    close(session.agent);
  }
  peers_[session.agent] = peer;
  sessions_[peer] = std::move(session);
  return change;
}

std::string Sessions::version_of(const std::string& agent) const {
  auto it = peers_.find(agent);
  return it == peers_.end() ? "" : sessions_.at(it->second).version;
}

uint32_t Sessions::wire_of(const std::string& agent) const {
  auto it = peers_.find(agent);
  return it == peers_.end() ? 0 : sessions_.at(it->second).wire;
}

std::string Sessions::key_of(const std::string& agent) const {
  auto it = peers_.find(agent);
  return it == peers_.end() ? "" : sessions_.at(it->second).key;
}

const Sessions::Session* Sessions::find(const std::string& peer) const {
  auto it = sessions_.find(peer);
  return it == sessions_.end() ? nullptr : &it->second;
}

void Sessions::seen(const std::string& peer, Time now) {
  if (auto it = sessions_.find(peer); it != sessions_.end()) it->second.last_seen = now;
}

const std::string* Sessions::peer_of(const std::string& agent) const {
  auto it = peers_.find(agent);
  return it == peers_.end() ? nullptr : &it->second;
}

void Sessions::close(const std::string& agent) {
  auto it = peers_.find(agent);
  if (it == peers_.end()) return;
  std::string name = it->first;  // `agent` may be the name inside the session
  sessions_.erase(it->second);
  peers_.erase(name);
}

std::vector<std::string> Sessions::expire(Time since) {
  std::vector<std::string> silent;
  for (const auto& [peer, session] : sessions_)
    if (session.last_seen < since) silent.push_back(session.agent);
  for (const std::string& agent : silent) close(agent);
  std::erase_if(asked_, [&](const auto& asked) { return asked.second < since; });
  return silent;
}

bool Sessions::ask(const std::string& peer, Time now) {
  auto it = asked_.find(peer);
  if (it == asked_.end() && asked_.size() >= kMaxAsked) return false;
  if (it != asked_.end() && now - it->second < std::chrono::seconds(1)) return false;
  asked_[peer] = now;
  return true;
}

std::vector<std::string> Sessions::agents() const {
  std::vector<std::string> names;
  for (const auto& [agent, peer] : peers_) names.push_back(agent);
  return names;
}

}  // namespace assay
