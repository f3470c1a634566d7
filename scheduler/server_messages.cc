// One handler a message: checks what the peer may say, moves the job on, answers.
#include "common/clock.h"
#include "common/digest.h"
#include "common/ids.h"
#include "common/log.h"
#include "scheduler/server_loop.h"
#include "scheduler/submit.h"

namespace assay {

using std::chrono::steady_clock;

void Server::drain_router() {
  constexpr int kBatch = 256;  // then scoring and the leases get their turn
  for (int i = 0; i < kBatch; ++i) {
    auto received = router_.receive();
    if (!received || !*received) return;
    auto& frames = **received;
    if (frames.size() != 2) {
      refuse(frames[0], "a message of " + std::to_string(frames.size() - 1) + " frames");
      continue;
    }
    auto message = wire::decode(frames[1]);
    if (!message) {
      refuse(frames[0], message.error().what);
      continue;
    }
    handle(frames[0], std::move(*message));
  }
}

void Server::handle(const std::string& peer, wire::Message message) {
  std::visit([&](auto& m) { on(peer, m); }, message);
}

void Server::refuse(const std::string& peer, const std::string& why) {
  ++stats_.refused_frames;
  spdlog::warn("event=refused peer={} why=\"{}\"", to_hex(peer), why);
}

void Server::on(const std::string& peer, wire::Submit& m) {
  Status ok = check_job(m.job);
  ScanRecord record;
  auto scan_id = new_scan_id();
  if (ok && !scan_id) ok = scan_id.error();
  if (scan_id) record.scan_id = *scan_id;
  record.job = m.job;
  record.submitted_ns = wall_ns();
  if (ok) ok = keep_.put_scan(record);
  if (!ok) {
    (void)send(peer, wire::Refused{ok.error().what});
    return;
  }
  ++stats_.submitted;
  clients_[record.scan_id] = peer;
  queue_.submit(record.scan_id, record.job);
  spdlog::info("event=queued scan={} ref={}", record.scan_id, record.job.ref);
  (void)send(peer, wire::Accepted{record.scan_id});
}

// Ids are random, and a collision would write one scan over another.
Result<std::string> Server::new_scan_id() const {
  for (;;) {
    std::string id = make_scan_id(std::chrono::system_clock::now());
    auto known = keep_.scan(id);
    if (known || queue_.knows(id)) continue;
    if (known.error().code != Errc::not_found) return known.error();
    return id;
  }
}

void Server::on(const std::string& peer, wire::Hello& m) {
  if (m.version != wire::kVersion) {
    refuse(peer, "wire version " + std::to_string(m.version) + ", not " + std::to_string(wire::kVersion));
    (void)send(peer, wire::Refused{"this scheduler speaks wire version " + std::to_string(wire::kVersion) +
                                   ": install the same release"});
    return;
  }
  spdlog::info("event=agent agent={}", m.agent_id);
}

void Server::on(const std::string& peer, wire::Want& m) {
  dispatch_.set_credit(peer, m.credit);
  queue_.renew(peer, steady_clock::now());
}

void Server::on(const std::string& peer, wire::Heartbeat&) { queue_.renew(peer, steady_clock::now()); }

void Server::on(const std::string& peer, wire::Progress& m) {
  queue_.renew(peer, steady_clock::now());
  tell_client(m.scan_id, m, false);
}

void Server::on(const std::string& peer, wire::Chunk& m) {
  queue_.renew(peer, steady_clock::now());
  if (!queue_.holds(peer, m.scan_id, m.attempt)) {
    ++stats_.stale_messages;
    (void)send(peer, wire::Cancel{m.scan_id});
    return;
  }
  Status kept = collect_.chunk(m);
  if (kept) {
    (void)send(peer, wire::ChunkAck{m.scan_id, m.attempt, m.index});
    return;
  }
  // Without room for its trace a scan cannot end well: better a clear failure now.
  (void)queue_.cancel(m.scan_id);
  (void)send(peer, wire::Cancel{m.scan_id});
  finish_failed(m.scan_id, "cannot keep its trace: " + kept.error().what);
}

void Server::on(const std::string& peer, wire::Done& m) {
  if (!queue_.complete(peer, m.scan_id, m.attempt)) {
    ++stats_.stale_messages;
    (void)send(peer, wire::DoneAck{m.scan_id, m.attempt});  // it may forget it all the same
    return;
  }
  auto record = collect_.done(m);
  (void)send(peer, wire::DoneAck{m.scan_id, m.attempt});
  if (!record) {
    finish_failed(m.scan_id, "cannot keep its trace: " + record.error().what);
    return;
  }
  spdlog::info("event=shipped scan={} events={} chunks={}", m.scan_id, m.footer.events, m.footer.chunks);
  start_scoring(m.scan_id);
}

void Server::on(const std::string& peer, wire::Failed& m) {
  (void)send(peer, wire::DoneAck{m.scan_id, m.attempt});
  if (!queue_.complete(peer, m.scan_id, m.attempt)) {
    ++stats_.stale_messages;
    return;
  }
  finish_failed(m.scan_id, m.error);
}

void Server::on(const std::string&, wire::Cancel& m) {
  auto record = keep_.scan(m.scan_id);
  // Unknown, or ended: it stays as it is.
  if (record ? record->state > ScanState::shipped : record.error().code == Errc::not_found) return;
  auto holder = queue_.cancel(m.scan_id);
  if (holder) (void)send(*holder, wire::Cancel{m.scan_id});
  finish_without_report(m.scan_id, ScanState::cancelled, "cancelled");
}

}  // namespace assay
