// The loop: receive, decide, keep, answer. Scoring runs on a second thread, so that agents are never kept
// waiting for it.
#include "scheduler/server.h"

#include <functional>
#include <map>
#include <optional>
#include <thread>

#include "common/clock.h"
#include "common/digest.h"
#include "common/ids.h"
#include "common/log.h"
#include "common/text.h"
#include "common/wire.h"
#include "scheduler/collect.h"
#include "scheduler/dispatch.h"
#include "scheduler/evaluate.h"
#include "scheduler/submit.h"

namespace assay {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr const char* kScorerEndpoint = "inproc://scorer";

// The scoring thread: takes scan ids, answers [id, "ok", report] or [id, error]. An empty frame ends it.
void score_thread(Socket socket, Store& store, const RuleSet& rules) {
  Keep keep(store);
  for (;;) {
    std::vector<WaitFor> items{socket};
    if (!wait(items, milliseconds(-1))) return;
    auto message = socket.receive();
    if (!message || !*message) continue;
    const std::string scan_id = (**message)[0];
    if (scan_id.empty()) return;
    Result<Report> report = evaluate(keep, scan_id, rules);
    std::string json = report ? report_json(*report) : "";
    std::string score = report ? std::to_string(report->score) : "";
    std::string verdict = report ? to_string(report->verdict) : "";
    Status sent = report ? socket.send_frames({scan_id, "", verdict, score, json})
                         : socket.send_frames({scan_id, report.error().what});
    if (!sent) spdlog::error("event=score_lost scan={} error=\"{}\"", scan_id, sent.error().what);
  }
}

class Server {
 public:
  Server(const ServerConfig& config, Store& store, Socket router, Socket scorer)
      : config_(config),
        keep_(store),
        collect_(keep_),
        queue_(config.limits),
        router_(std::move(router)),
        scorer_(std::move(scorer)) {}

  Status recover();
  Status run(int stop_fd);
  void end_scoring() { (void)scorer_.send(""); }
  const ServerStats& stats() const { return stats_; }

 private:
  void drain_router();
  void handle(const std::string& peer, wire::Message message);
  void on(const std::string& peer, wire::Submit& m);
  void on(const std::string& peer, wire::Hello& m);
  void on(const std::string& peer, wire::Want& m);
  void on(const std::string& peer, wire::Heartbeat& m);
  void on(const std::string& peer, wire::Progress& m);
  void on(const std::string& peer, wire::Chunk& m);
  void on(const std::string& peer, wire::Done& m);
  void on(const std::string& peer, wire::Failed& m);
  void on(const std::string& peer, wire::Cancel& m);
  template <class T>
  void on(const std::string& peer, T&) {  // what only a scheduler says
    refuse(peer, "a message that only the scheduler sends");
  }
  void refuse(const std::string& peer, const std::string& why);
  void dispatch_jobs();
  void expire_leases();
  void start_scoring(const std::string& scan_id);
  void drain_scorer();
  void finish_failed(const std::string& scan_id, const std::string& reason);
  void tell_client(const std::string& scan_id, const wire::Message& message, bool last);
  Status send(const std::string& peer, const wire::Message& message) {
    return router_.send_frames({peer, wire::encode(message)});
  }

  ServerConfig config_;
  Keep keep_;
  Collect collect_;
  Queue queue_;
  Dispatch dispatch_;
  Socket router_, scorer_;
  std::map<std::string, std::string> clients_;  // scan id -> who waits for it
  ServerStats stats_;
  std::optional<Error> fatal_;
};

Status Server::recover() {
  std::vector<ScanRecord> open;
  ASSAY_CHECK(keep_.each_scan([&](const ScanRecord& record) {
    if (record.state <= ScanState::shipped) open.push_back(record);
    return true;
  }));
  // Oldest first, as they were queued.
  for (auto it = open.rbegin(); it != open.rend(); ++it) {
    if (it->state == ScanState::shipped) {
      start_scoring(it->scan_id);
    } else if (config_.resume_jobs) {
      queue_.submit(it->scan_id, it->job, it->attempt);
    } else {
      auto record = collect_.failed(it->scan_id, "interrupted: the scan that ran it was ended", wall_ns());
      if (!record) return record.error();
    }
  }
  return Status();
}

Status Server::run(int stop_fd) {
  while (!fatal_) {
    std::vector<WaitFor> items{router_, scorer_, WaitFor(stop_fd)};
    ASSAY_CHECK(wait(items, milliseconds(500)));
    if (items[2].ready) return Status();
    if (items[0].ready) drain_router();
    if (items[1].ready) drain_scorer();
    expire_leases();
    dispatch_jobs();
  }
  return *fatal_;
}

void Server::drain_router() {
  constexpr int kBatch = 256;  // then the scorer and the leases get their turn
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
  record.scan_id = make_scan_id(std::chrono::system_clock::now());
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
  if (!queue_.holds(m.scan_id, m.attempt)) {
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
  if (!queue_.complete(m.scan_id, m.attempt)) {
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
  if (!queue_.complete(m.scan_id, m.attempt)) {
    ++stats_.stale_messages;
    return;
  }
  finish_failed(m.scan_id, m.error);
}

void Server::on(const std::string&, wire::Cancel& m) {
  auto holder = queue_.cancel(m.scan_id);
  if (holder) (void)send(*holder, wire::Cancel{m.scan_id});
  finish_failed(m.scan_id, "cancelled");
}

void Server::finish_failed(const std::string& scan_id, const std::string& reason) {
  ++stats_.failed;
  spdlog::info("event=failed scan={} why=\"{}\"", scan_id, printable(reason, 300));
  auto record = collect_.failed(scan_id, reason, wall_ns());
  if (!record) spdlog::error("event=store_error scan={} error=\"{}\"", scan_id, record.error().what);
  tell_client(scan_id, wire::Finished{scan_id, false, reason, ""}, true);
}

void Server::tell_client(const std::string& scan_id, const wire::Message& message, bool last) {
  auto it = clients_.find(scan_id);
  if (it == clients_.end()) return;
  Status sent = send(it->second, message);
  if (last || (!sent && sent.error().code == Errc::not_found)) clients_.erase(it);
}

void Server::dispatch_jobs() {
  for (auto& [agent, grant] : dispatch_.assign(queue_, steady_clock::now())) {
    auto record = keep_.scan(grant.scan_id);
    if (!record) {
      fatal_ = record.error();
      return;
    }
    record->state = ScanState::leased;
    record->attempt = grant.attempt;
    if (Status kept = keep_.put_scan(*record); !kept) {
      (void)queue_.cancel(grant.scan_id);
      finish_failed(grant.scan_id, "cannot record its lease: " + kept.error().what);
      continue;
    }
    Status sent = send(agent, wire::Lease{grant.scan_id, grant.attempt, grant.job});
    spdlog::info("event=leased scan={} attempt={} sent={}", grant.scan_id, grant.attempt,
                 static_cast<bool>(sent));
    if (!sent) dispatch_.forget(agent);  // the lease lapses by itself and the job goes to another
  }
}

void Server::expire_leases() {
  for (const auto& lapse : queue_.expire(steady_clock::now())) {
    ++stats_.redelivered;
    dispatch_.forget(lapse.agent);
    spdlog::warn("event=lease_expired scan={} attempt={} given_up={}", lapse.scan_id, lapse.attempt,
                 lapse.given_up);
    if (lapse.given_up)
      finish_failed(lapse.scan_id,
                    "its agent fell silent " + std::to_string(lapse.attempt) + " times in a row: given up");
  }
}

void Server::start_scoring(const std::string& scan_id) {
  tell_client(scan_id, wire::Progress{scan_id, "score", -1, 0, 0}, false);
  if (Status sent = scorer_.send(scan_id); !sent)
    finish_failed(scan_id, "cannot score it: " + sent.error().what);
}

void Server::drain_scorer() {
  for (;;) {
    auto received = scorer_.receive();
    if (!received || !*received) return;
    auto& frames = **received;
    const std::string& scan_id = frames[0];
    if (frames.size() != 5) {
      finish_failed(scan_id, "cannot score it: " + frames[1]);
      continue;
    }
    auto record = keep_.scan(scan_id);
    Status kept = record ? Status() : Status(record.error());
    if (record) {
      record->state = ScanState::done;
      record->verdict = frames[2];
      record->score = std::stoi(frames[3]);
      record->finished_ns = wall_ns();
      kept = keep_.put_report(*record, frames[4]);
    }
    if (!kept) {
      finish_failed(scan_id, "cannot keep its report: " + kept.error().what);
      continue;
    }
    ++stats_.finished;
    spdlog::info("event=done scan={} verdict={} score={}", scan_id, frames[2], frames[3]);
    // A report too large for a frame stays in the store, where the client can read it.
    bool fits = frames[4].size() + 4096 <= wire::kMaxFrameBytes;
    tell_client(scan_id, wire::Finished{scan_id, true, "", fits ? frames[4] : ""}, true);
  }
}

}  // namespace

Result<ServerStats> serve(const Context& context, const ServerConfig& config, Store& store,
                          const RuleSet& rules, int stop_fd) {
  ASSAY_TRY(Socket router, Socket::open(context, Socket::Type::router));
  ASSAY_TRY(Socket scorer, Socket::open(context, Socket::Type::pair, 100'000));
  ASSAY_TRY(Socket scorer_end, Socket::open(context, Socket::Type::pair, 100'000));
  ASSAY_CHECK(scorer.bind(kScorerEndpoint));
  ASSAY_CHECK(scorer_end.connect(kScorerEndpoint));
  ASSAY_CHECK(router.bind(config.endpoint));
  std::thread scoring(score_thread, std::move(scorer_end), std::ref(store), std::cref(rules));

  Status ended;
  ServerStats stats;
  {
    Server server(config, store, std::move(router), std::move(scorer));
    ended = server.recover();
    if (ended) ended = server.run(stop_fd);
    stats = server.stats();
    server.end_scoring();
  }
  scoring.join();
  if (!ended) return ended.error();
  return stats;
}

}  // namespace assay
