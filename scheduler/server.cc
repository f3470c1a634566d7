// The loop: receive, decide, keep, answer.
#include "scheduler/server.h"

#include "common/clock.h"
#include "common/log.h"
#include "common/text.h"
#include "scheduler/server_loop.h"

namespace assay {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

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
      auto record = collect_.ended(it->scan_id, ScanState::failed,
                                   "interrupted: the scan that ran it was ended", wall_ns());
      if (!record) return record.error();
    }
  }
  return Status();
}

Status Server::run(int stop_fd) {
  while (!fatal_) {
    std::vector<WaitFor> items{router_, scoring_.socket(), WaitFor(stop_fd)};
    ASSAY_CHECK(wait(items, milliseconds(500)));
    if (items[2].ready) return Status();
    if (items[0].ready) drain_router();
    if (items[1].ready) drain_scoring();
    expire_leases();
    dispatch_jobs();
  }
  return *fatal_;
}

void Server::finish_failed(const std::string& scan_id, const std::string& reason) {
  finish_without_report(scan_id, ScanState::failed, reason);
}

void Server::finish_without_report(const std::string& scan_id, ScanState state, const std::string& reason) {
  ++stats_.failed;
  spdlog::info("event={} scan={} why=\"{}\"", to_string(state), scan_id, printable(reason, 300));
  auto record = collect_.ended(scan_id, state, state == ScanState::failed ? reason : "", wall_ns());
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
  if (Status sent = scoring_.request(scan_id); !sent)
    finish_failed(scan_id, "cannot score it: " + sent.error().what);
}

void Server::drain_scoring() {
  for (;;) {
    auto scored = scoring_.take();
    if (!scored) {
      fatal_ = scored.error();
      return;
    }
    if (!*scored) return;
    keep_scored(**scored);
  }
}

void Server::keep_scored(const Scored& scored) {
  auto record = keep_.scan(scored.scan_id);
  if (record && record->state != ScanState::shipped) return;  // cancelled meanwhile: its client knows
  if (!scored.error.empty()) return finish_failed(scored.scan_id, "cannot score it: " + scored.error);
  Status kept = record ? Status() : Status(record.error());
  if (record) {
    record->state = ScanState::done;
    record->verdict = scored.verdict;
    record->score = scored.score;
    record->finished_ns = wall_ns();
    kept = keep_.put_report(*record, scored.report);
  }
  if (!kept) return finish_failed(scored.scan_id, "cannot keep its report: " + kept.error().what);
  ++stats_.finished;
  spdlog::info("event=done scan={} verdict={} score={}", scored.scan_id, scored.verdict, scored.score);
  // A report too large for a frame stays in the store, where the client can read it.
  bool fits = scored.report.size() + 4096 <= wire::kMaxFrameBytes;
  tell_client(scored.scan_id, wire::Finished{scored.scan_id, true, "", fits ? scored.report : ""}, true);
}

Result<ServerStats> serve(const Context& context, const ServerConfig& config, Store& store,
                          const RuleSet& rules, int stop_fd) {
  ASSAY_TRY(Socket router, Socket::open(context, Socket::Type::router));
  ASSAY_TRY(Scoring scoring, Scoring::start(context, store, rules));
  ASSAY_CHECK(router.bind(config.endpoint));
  Server server(config, store, std::move(router), scoring);
  ASSAY_CHECK(server.recover());
  ASSAY_CHECK(server.run(stop_fd));
  return server.stats();
}

}  // namespace assay
