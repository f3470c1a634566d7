// What agents say: one handler a message. Each checks the fence, moves the job on, and answers once that is
// on disk.
#include "common/clock.h"
#include "common/codec.h"
#include "common/log.h"
#include "common/text.h"
#include "scheduler/server_loop.h"

namespace assay {

namespace {

constexpr std::chrono::seconds kBusy{60};
constexpr std::chrono::seconds kBusyAtMost{3600};

}  // namespace

void Server::from_agent(const Peer& peer, wire::Message& message) {
  if (auto* hello = std::get_if<wire::Hello>(&message)) return on_hello(peer, *hello);
  const auto* session = sessions_.find(peer.id);
  if (session == nullptr) {
    // A scheduler that has restarted, or a connection that was made anew.
    if (sessions_.ask(peer.id, now_)) (void)agents_socket_.send_frames({peer.id, wire::encode(wire::Who{})});
    return;
  }
  sessions_.seen(peer.id, now_);
  std::string agent = session->agent;
  agents_.seen(agent, now_);
  queue_.renew(agent, now_);
  std::visit(
      [&](auto& m) {
        if constexpr (requires { on(agent, m); })
          on(agent, m);
        else
          refuse(peer, "not_an_agents", "a message that no agent may send");
      },
      message);
}

void Server::on_hello(const Peer& peer, wire::Hello& m) {
  auto refuse_hello = [&](Errc code, const char* reason, const std::string& why) {
    refuse(peer, reason, why);
    (void)agents_socket_.send_frames({peer.id, wire::encode(wire::Refused{to_string(code), why})});
  };
  uint32_t wire_version = wire::common_version(m.version, m.newest);
  if (wire_version == 0)
    return refuse_hello(Errc::unsupported, "version",
                        "agent " + printable(m.agent_id, 64) + " speaks wire version " +
                            wire::versions_text(m.version, m.newest) + ", this scheduler " +
                            wire::versions_text(wire::kOldestVersion, wire::kVersion) +
                            ": install the same release on both, or the one before on one of them");
  if (config_.keys && !config_.allowed.contains(peer.key))
    return refuse_hello(Errc::denied, "revoked",
                        "the key of agent " + printable(peer.user, 64) + " is revoked");
  std::string agent = config_.keys ? peer.user : m.agent_id;
  if (agent.empty()) return refuse_hello(Errc::invalid, "malformed", "an agent without a name");
  auto change = sessions_.open(peer.id, {agent, m.instance, m.tracer_version, peer.key, now_, wire_version});
  agents_.hello(agent, m.capacity, m.cached, now_, m.platforms);
  (void)tell_agent(agent, wire::Welcome{});
  // On a connection that goes on, a lease may be on its way that the agent could not list yet.
  if (change == Sessions::Change::known) return;
  spdlog::info("event=agent agent={} slots={} held={} restarted={} wire={}", printable(agent, 64),
               m.capacity.slots, m.held.size(), change == Sessions::Change::restarted, wire_version);
  std::set<std::pair<std::string, uint32_t>> held;
  for (const wire::Held& lease : m.held) {
    held.emplace(lease.scan_id, lease.attempt);
    if (!queue_.holds(agent, lease.scan_id, lease.attempt))
      (void)tell_agent(agent, wire::Cancel{lease.scan_id, lease.attempt});
  }
  for (const Lapse& lost : queue_.release(agent, held, now_))
    lapse(lost, to_string(Errc::io), "its agent " + agent + " ended during the scan");
  queue_.renew(agent, now_);
}

void Server::on(const std::string& agent, wire::Want& m) { agents_.want(agent, m, now_); }

void Server::on(const std::string&, wire::Heartbeat&) {}

void Server::on(const std::string& agent, wire::Progress& m) {
  if (!queue_.holds(agent, m.scan_id, m.attempt)) return;
  const ScanRecord& record = open_.at(m.scan_id);
  phases_[m.scan_id] = m.phase;
  if (auto it = clients_.find(m.scan_id); it != clients_.end()) tell_client(it->second, m);
  if (!watchers_.empty())
    notify(wire::Notice{m.scan_id, record.submission.batch, "progress", m.phase, "", 0, "", 0});
}

// The fence. What comes from an attempt that is no longer held is told to stop.
bool Server::holds(const std::string& agent, const std::string& scan_id, uint32_t attempt) {
  if (queue_.holds(agent, scan_id, attempt)) return true;
  ++stats_.stale_messages;
  measure_.stale();
  (void)tell_agent(agent, wire::Cancel{scan_id, attempt});
  return false;
}

// An end that is told again has been taken, or nobody wants it any more: the agent may forget it, as soon as
// what was staged before, perhaps this very end, is on disk.
bool Server::holds_or_forgets(const std::string& agent, const std::string& scan_id, uint32_t attempt) {
  if (queue_.holds(agent, scan_id, attempt)) return true;
  ++stats_.stale_messages;
  measure_.stale();
  stage_.add({}, [this, agent, ack = wire::DoneAck{scan_id, attempt}] { (void)tell_agent(agent, ack); });
  return false;
}

void Server::on(const std::string& agent, wire::Resolved& m) {
  if (!holds(agent, m.scan_id, m.attempt) || stalled_) return;
  if (auto other = result_for(open_.at(m.scan_id).submission, m.digest)) {
    (void)queue_.complete(agent, m.scan_id, m.attempt);
    (void)tell_agent(agent, wire::Cancel{m.scan_id, m.attempt});
    return end_with_result_of(m.scan_id, *other);
  }
  resolved_.insert(m.scan_id);
  (void)tell_agent(agent, wire::Proceed{m.scan_id, m.attempt});
}

void Server::on(const std::string& agent, wire::Chunk& m) {
  // Not taken while nothing can be written: the agent has it on its disk, and sends it again.
  if (!holds(agent, m.scan_id, m.attempt) || stalled_) return;
  const ScanRecord& record = open_.at(m.scan_id);
  auto batch =
      m.index < kMaxChunks
          ? Keep::chunk(record, m.index, m.bytes)
          : Result<StoreBatch>(Error{Errc::limit, "more than " + std::to_string(kMaxChunks) + " chunks"});
  if (!batch) {
    (void)queue_.complete(agent, m.scan_id, m.attempt);
    (void)tell_agent(agent, wire::Cancel{m.scan_id, m.attempt});
    return end_failed(m.scan_id, to_string(batch.error().code),
                      "cannot keep its trace: " + batch.error().what);
  }
  measure_.chunk(m.bytes.size());
  stage_.add(std::move(*batch), [this, agent, ack = wire::ChunkAck{m.scan_id, m.attempt, m.index}] {
    (void)tell_agent(agent, ack);
  });
}

void Server::on(const std::string& agent, wire::Done& m) {
  if (stalled_) return;
  if (!holds_or_forgets(agent, m.scan_id, m.attempt)) return;
  const uint64_t affinity = queue_.find(m.scan_id)->affinity;
  (void)queue_.complete(agent, m.scan_id, m.attempt);
  const ScanRecord before = open_.at(m.scan_id);
  auto acknowledge = [this, agent, ack = wire::DoneAck{m.scan_id, m.attempt}] {
    (void)tell_agent(agent, ack);
  };
  // The header says which chunks count, and the report is made of it.
  if (m.header.scan_id != m.scan_id || m.header.attempt != m.attempt) {
    acknowledge();
    return end_failed(m.scan_id, to_string(Errc::invalid),
                      "its agent sent the header of scan " + printable(m.header.scan_id, 64) + ", attempt " +
                          std::to_string(m.header.attempt));
  }
  m.header.agent_id = agent;  // by its key, whatever it calls itself
  ScanRecord after = before;
  after.state = ScanState::shipped;
  after.submission.registry_auth.clear();
  after.digest = m.header.image.digest;
  after.tracer_version = m.header.tracer_version;
  auto batch = Keep::shipped(before, after, m.header, m.footer);
  if (!batch) {
    acknowledge();
    return end_failed(m.scan_id, to_string(batch.error().code),
                      "cannot keep its trace: " + batch.error().what);
  }
  agents_.remember(agent, affinity);
  rate_.finished(now_, static_cast<double>(wall_ns() - before.leased_ns) / 1e9);
  measure_.shipped(m.footer);
  open_[m.scan_id] = after;
  stage_.add(std::move(*batch), [this, acknowledge, after] {
    acknowledge();
    notify(after);
    start_scoring(after.scan_id);
  });
}

void Server::on(const std::string& agent, wire::Failed& m) {
  if (stalled_) return;
  if (!holds_or_forgets(agent, m.scan_id, m.attempt)) return;
  // Said again if it is lost: then nobody holds the attempt, and it is acknowledged all the same.
  stage_.add({}, [this, agent, ack = wire::DoneAck{m.scan_id, m.attempt}] { (void)tell_agent(agent, ack); });
  spdlog::info("event=attempt_failed scan={} attempt={} agent={} code={} why=\"{}\"", m.scan_id, m.attempt,
               printable(agent, 64), printable(m.code, 64), printable(m.error, 300));
  if (!config_.retry || !wire::is_retryable(m.code)) {
    (void)queue_.complete(agent, m.scan_id, m.attempt);
    return end_failed(m.scan_id, m.code, m.error);
  }
  bool busy = m.code == to_string(Errc::busy);
  const std::string registry = queue_.find(m.scan_id)->registry;
  // Handed back by an agent that stops, or by a registry that wants to be left alone: nobody's failure.
  bool blameless = busy || m.code == to_string(Errc::cancelled);
  auto back = blameless ? queue_.hand_back(agent, m.scan_id, m.attempt, now_)
                        : queue_.fail(agent, m.scan_id, m.attempt, now_);
  if (back) lapse(*back, m.code, m.error);
  if (busy && !registry.empty()) leave_alone(registry, std::chrono::milliseconds(m.retry_after_ms));
}

// No lease of it goes out meanwhile, and those come back whose agents have yet to ask it what their reference
// means. Who knows that already is fetching layers, and would only have to fetch them again.
void Server::leave_alone(const std::string& registry, std::chrono::milliseconds pause) {
  if (pause.count() <= 0) pause = kBusy;
  dispatch_.block_registry(registry, now_ + std::min<std::chrono::milliseconds>(pause, kBusyAtMost));
  if (queue_.leased() == 0) return;
  std::vector<std::string> waiting;
  for (const auto& [scan_id, record] : open_)
    if (record.state == ScanState::leased && !resolved_.contains(scan_id) &&
        queue_.find(scan_id)->registry == registry)
      waiting.push_back(scan_id);
  for (const std::string& scan_id : waiting) {
    const std::string agent = open_.at(scan_id).agent;
    const uint32_t attempt = open_.at(scan_id).attempt;
    auto back = queue_.hand_back(agent, scan_id, attempt, now_);
    if (!back) continue;
    lapse(*back, to_string(Errc::busy), "registry " + registry + " asked to be left alone");
    // Behind its lease, which may be staged still.
    stage_.add({},
               [this, agent, cancel = wire::Cancel{scan_id, attempt}] { (void)tell_agent(agent, cancel); });
  }
}

void Server::lose(const std::string& agent, const std::string& why) {
  spdlog::warn("event=agent_lost agent={} why=\"{}\"", printable(agent, 64), why);
  (void)tell_agent(agent, wire::Refused{to_string(Errc::denied), why});
  sessions_.close(agent);
  agents_.lost(agent);
  for (const Lapse& lost : queue_.release(agent, {}, now_))
    lapse(lost, to_string(Errc::io), "its agent " + agent + " was shut out: " + why);
}

Status Server::tell_agent(const std::string& agent, const wire::Message& message) {
  const std::string* peer = sessions_.peer_of(agent);
  if (peer == nullptr) return Error{Errc::not_found, "agent " + agent + " is not connected"};
  return agents_socket_.send_frames({*peer, wire::encode(message)});
}

}  // namespace assay
