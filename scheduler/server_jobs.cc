// How a job moves: queued -> leased -> shipped -> done | failed | cancelled. Memory follows what is staged;
// who waits for it is told once it is on disk.
#include "common/clock.h"
#include "common/image_ref.h"
#include "common/log.h"
#include "common/platform.h"
#include "common/text.h"
#include "scheduler/server_loop.h"

namespace assay {

namespace {

constexpr size_t kLeasesPerTurn = 1024;
constexpr uint32_t kDefaultCpuMillis = 1000;

}  // namespace

QueuedJob Server::queued_job(const ScanRecord& record) const {
  const Submission& submission = record.submission;
  QueuedJob job;
  job.scan_id = record.scan_id;
  job.lane = submission.lane;
  job.tenant = submission.tenant;
  job.batch = submission.batch;
  if (auto ref = ImageRef::parse(submission.job.ref)) job.registry = ref->registry;
  job.affinity = wire::affinity_key(submission.job.ref);
  job.cpu_millis = submission.job.cpu_millis ? submission.job.cpu_millis : kDefaultCpuMillis;
  job.memory_bytes = submission.job.memory_bytes ? submission.job.memory_bytes : config_.default_memory_bytes;
  job.platform = platform_key(submission.job.platform);
  job.attempts = record.attempt;
  job.failures = record.failures;
  return job;
}

// A record that is on disk, queued: into the queue, or behind the equal job that it follows.
void Server::attach(ScanRecord record) {
  std::string scan_id = record.scan_id, leader = record.same_as;
  open_[scan_id] = std::move(record);
  if (leader.empty()) return enqueue(open_[scan_id]);
  if (open_.contains(leader)) return coalesce_.follow(scan_id, leader);
  // Its leader ended in between.
  auto other = keep_.scan(leader);
  bool whole = other && other->state == ScanState::done && !(other->pruned & kReportPruned);
  if (whole && !taking_.contains(leader)) return end_with_result_of(scan_id, *other);
  promote(scan_id);
}

void Server::enqueue(const ScanRecord& record) {
  coalesce_.lead(record.scan_id, record.submission);
  queue_.submit(queued_job(record), now_);
}

// A follower whose leader has no result for it runs itself.
void Server::promote(const std::string& scan_id) {
  auto it = open_.find(scan_id);
  if (it == open_.end()) return;
  ScanRecord after = it->second;
  after.same_as.clear();
  move(after);
  enqueue(after);
}

void Server::dispatch_jobs() {
  for (auto& assignment : dispatch_.assign(queue_, agents_, now_, kLeasesPerTurn)) {
    ScanRecord after = open_.at(assignment.scan_id);
    if (after.submission.own_login && after.submission.registry_auth.empty()) {
      (void)queue_.cancel(after.scan_id);
      end_failed(after.scan_id, to_string(Errc::denied),
                 "the login that it came with is gone: submit its image again with one");
      continue;
    }
    after.state = ScanState::leased;
    after.attempt = assignment.attempt;
    after.agent = assignment.agent;
    after.leased_ns = wall_ns();
    const QueuedJob& job = *queue_.find(after.scan_id);
    measure_.leased(after, job.registry, agents_.has_cached(after.agent, job.affinity));
    ++stats_.leased;
    wire::Lease lease{after.scan_id, after.attempt, after.submission.job, after.submission.registry_auth};
    move(after, [this, lease = std::move(lease), agent = assignment.agent] {
      Status sent = tell_agent(agent, lease);
      spdlog::debug("event=leased scan={} attempt={} agent={} sent={}", lease.scan_id, lease.attempt, agent,
                    static_cast<bool>(sent));
      // It lapses, or is given back by the agent's next Hello.
    });
  }
}

void Server::expire_leases() {
  for (const Lapse& lost : queue_.expire(now_))
    lapse(lost, to_string(Errc::timeout), "its agent " + lost.agent + " fell silent");
}

void Server::lapse(const Lapse& lapse, const std::string& code, const std::string& why) {
  if (const Agents::Fencing* by = agents_.fencing(lapse.agent);
      by != nullptr && by->is_of(lapse.scan_id, lapse.attempt))
    return end_with_its_agent(lapse.agent, *by, why);
  ++stats_.redelivered;
  measure_.redelivered(code);
  spdlog::warn("event=lease_ended scan={} attempt={} agent={} failures={} given_up={} why=\"{}\"",
               lapse.scan_id, lapse.attempt, printable(lapse.agent, 64), lapse.failures, lapse.given_up,
               printable(why, 300));
  if (lapse.given_up) {
    ScanRecord& record = open_.at(lapse.scan_id);
    record.failures = lapse.failures;
    return end_failed(lapse.scan_id, code,
                      why + "; given up after " + std::to_string(lapse.failures) + " failed attempts");
  }
  ScanRecord after = open_.at(lapse.scan_id);
  after.state = ScanState::queued;
  after.failures = lapse.failures;
  after.error = why;
  after.error_code = code;
  move(after);
}

void Server::move(ScanRecord after, Stage::Kept kept) {
  auto it = open_.find(after.scan_id);
  assert(it != open_.end());
  stage_.add(Keep::moved(it->second, after), [this, after, kept = std::move(kept)] {
    notify(after);
    if (kept) kept();
  });
  if (after.state != ScanState::leased) {
    phases_.erase(after.scan_id);
    resolved_.erase(after.scan_id);
  }
  if (!may_be_leased(after.state)) after.submission.registry_auth.clear();
  if (is_open(after.state))
    it->second = std::move(after);
  else
    open_.erase(it);
}

void Server::start_scoring(const std::string& scan_id) {
  if (auto it = clients_.find(scan_id); it != clients_.end())
    tell_client(it->second, wire::Progress{scan_id, "score", -1, 0, 0, 0});
  scoring_->request(scan_id);
}

Status Server::drain_scoring() {
  for (;;) {
    ASSAY_TRY(auto scored, scoring_->take());
    if (!scored) return Status();
    scored->again ? on_rescored(std::move(*scored)) : keep_scored(*scored);
  }
}

void Server::keep_scored(const Scored& scored) {
  auto it = open_.find(scored.scan_id);
  if (it == open_.end() || it->second.state != ScanState::shipped)
    return;  // cancelled meanwhile, or scored twice
  if (!scored.error.empty())
    return end_failed(scored.scan_id, to_string(Errc::corrupt), "cannot score it: " + scored.error);
  ScanRecord after = it->second;
  after.state = ScanState::done;
  after.verdict = scored.verdict;
  after.score = scored.score;
  after.rules_version = scored.rules_version;
  after.trace_bytes = scored.trace_bytes;
  after.artifact_bytes = scored.artifact_bytes;
  after.report_bytes = scored.report.size();
  after.error.clear();
  after.error_code.clear();
  after.finished_ns = wall_ns();
  stage_.add(
      Keep::reported(it->second, after, scored.report, scored.traits), [this, after, report = scored.report] {
        ++stats_.finished;
        spdlog::info("event=done scan={} verdict={} score={}", after.scan_id, after.verdict, after.score);
        notify(after);
        finished(after, report);
      });
  open_.erase(it);
  end_followers(after);
}

void Server::end_failed(const std::string& scan_id, const std::string& code, const std::string& reason) {
  end_without_report(scan_id, ScanState::failed, code, reason);
}

void Server::end_without_report(const std::string& scan_id, ScanState state, const std::string& code,
                                const std::string& reason) {
  ScanRecord after = open_.at(scan_id);
  after.state = state;
  after.error = reason;
  after.error_code = code;
  after.finished_ns = wall_ns();
  ++(state == ScanState::failed ? stats_.failed : stats_.cancelled);
  spdlog::info("event={} scan={} why=\"{}\"", to_string(state), scan_id, printable(reason, 300));
  move(after, [this, after] { finished(after, ""); });
  end_followers(after);
}

// Trace and report of `other` serve this scan as well.
void Server::end_with_result_of(const std::string& scan_id, const ScanRecord& other) {
  ScanRecord after = open_.at(scan_id);
  after.state = ScanState::done;
  after.same_as = other.owner();
  if (pruner_) shared_since_.insert(after.same_as);
  after.digest = other.digest;
  after.verdict = other.verdict;
  after.score = other.score;
  after.error.clear();
  after.error_code.clear();
  after.finished_ns = wall_ns();
  bool equal_in_flight = !open_.at(scan_id).same_as.empty();
  ++(equal_in_flight ? stats_.coalesced : stats_.reused);
  equal_in_flight ? measure_.coalesced() : measure_.reused();
  spdlog::info("event=done scan={} verdict={} score={} same_as={}", scan_id, after.verdict, after.score,
               after.same_as);
  move(after, [this, after] {
    auto report = clients_.contains(after.scan_id) ? keep_.report(after.scan_id) : Result<std::string>("");
    finished(after, report ? *report : "");
  });
  end_followers(after);
}

void Server::end_followers(const ScanRecord& leader) {
  std::string heir;
  for (const std::string& scan_id : coalesce_.end(leader.scan_id, leader.submission)) {
    auto it = open_.find(scan_id);
    if (it == open_.end()) continue;
    if (leader.state == ScanState::done) {
      end_with_result_of(scan_id, leader);
    } else if (leader.state == ScanState::failed) {
      end_without_report(scan_id, ScanState::failed, leader.error_code, leader.error);
    } else if (heir.empty()) {
      heir = scan_id;
      promote(scan_id);
    } else {
      ScanRecord after = it->second;
      after.same_as = heir;
      move(after);
      coalesce_.follow(scan_id, heir);
    }
  }
}

Status Server::cancel(const std::string& scan_id) {
  auto it = open_.find(scan_id);
  if (it == open_.end()) {
    ASSAY_TRY(ScanRecord record, keep_.scan(scan_id));
    return Error{Errc::conflict, "scan " + scan_id + " has ended already: " + to_string(record.state)};
  }
  if (!it->second.same_as.empty()) coalesce_.leave(scan_id, it->second.same_as);
  uint32_t attempt = it->second.attempt;
  if (auto holder = queue_.cancel(scan_id)) (void)tell_agent(*holder, wire::Cancel{scan_id, attempt});
  end_without_report(scan_id, ScanState::cancelled, to_string(Errc::cancelled), "cancelled");
  return Status();
}

Result<ScanRecord> Server::retry(const std::string& scan_id) {
  if (open_.contains(scan_id))
    return Error{Errc::conflict, "scan " + scan_id + " has not ended: " + to_string(open_.at(scan_id).state)};
  ASSAY_TRY(ScanRecord record, keep_.scan(scan_id));
  if (taking_.contains(scan_id))
    return Error{Errc::conflict,
                 "scan " + scan_id + " is being taken away by retention: submit its image again"};
  if (record.state == ScanState::done)
    return Error{Errc::conflict, "scan " + scan_id + " is done; submit its image again, with fresh set"};
  if (record.submission.own_login)
    return Error{Errc::conflict,
                 "scan " + scan_id +
                     " had a login of its own, which went with its end: submit its image again with one"};
  record.state = ScanState::queued;
  record.failures = 0;
  record.same_as.clear();
  record.finished_ns = 0;
  return record;
}

void Server::finished(const ScanRecord& record, const std::string& report) {
  measure_.ended(record);
  auto it = clients_.find(record.scan_id);
  if (it == clients_.end()) return;
  tell_client(it->second,
              wire::Finished{record.scan_id, record.state == ScanState::done, record.error, report});
  clients_.erase(it);
}

}  // namespace assay
