// Submissions: taken whole or not at all, and each key (Submission::once) once.
#include "common/clock.h"
#include "common/log.h"
#include "scheduler/keep_keys.h"
#include "scheduler/server_loop.h"
#include "scheduler/submit.h"

namespace assay {

using keep_keys::once_key;

std::optional<Error> Server::why_not_submit(const wire::Submit& m) const {
  if (no_room())
    return Error{Errc::no_space, "the scheduler's disk is full (" + std::to_string(free_bytes_ >> 20) +
                                     " MiB left): make room, then submit again"};
  if (open_.size() + m.submissions.size() > config_.open_limit)
    return Error{Errc::limit, std::to_string(open_.size()) + " scans are under way, and at most " +
                                  std::to_string(config_.open_limit) + " may be: submit again later"};
  for (size_t i = 0; i < m.submissions.size(); ++i)
    if (Status ok = check_submission(m.submissions[i]); !ok)
      return m.submissions.size() == 1 ? ok.error() : ok.error().context("scan " + std::to_string(i));
  return std::nullopt;
}

ScanRecord Server::new_record(Submission submission) {
  ScanRecord record;
  record.scan_id = ids_.next(std::chrono::system_clock::now());
  record.submission = std::move(submission);
  record.submitted_ns = wall_ns();
  if (auto leader = coalesce_.leader_of(record.submission)) record.same_as = *leader;
  // Others of the same message may follow this one.
  if (record.same_as.empty()) coalesce_.lead(record.scan_id, record.submission);
  return record;
}

// The scan that was submitted with this key: staged, or on disk. Errc::not_found.
Result<std::string> Server::scan_with_key(const Submission& submission) const {
  if (submission.once.empty()) return Error{Errc::not_found, "it has no key"};
  auto staged = once_.find(once_key(submission));
  if (staged != once_.end()) return staged->second;
  return keep_.once(submission);
}

// A new scan, or the one that was submitted with its key. Should that one's own batch fail, or retention take
// it in this very turn, the precondition does not hold; within one message there is nothing to expect.
Status Server::take(Submission submission, Taking& into) {
  auto known = scan_with_key(submission);
  if (!known && known.error().code != Errc::not_found) return known.error();
  StoreBatch one;
  if (known) {
    bool here = std::any_of(into.records.begin(), into.records.end(),
                            [&](const ScanRecord& record) { return record.scan_id == *known; });
    if (!here) one = Keep::taken_before(submission, *known);
    into.accepted.taken.push_back(static_cast<uint32_t>(into.accepted.scan_ids.size()));
    into.accepted.scan_ids.push_back(*known);
  } else {
    const ScanRecord& record = into.records.emplace_back(new_record(std::move(submission)));
    if (!record.submission.once.empty()) once_[once_key(record.submission)] = record.scan_id;
    into.accepted.scan_ids.push_back(record.scan_id);
    ASSAY_TRY(std::string login, sealed_login(record));
    one = Keep::submitted(record, login);
  }
  std::move(one.expect.begin(), one.expect.end(), std::back_inserter(into.batch.expect));
  std::move(one.ops.begin(), one.ops.end(), std::back_inserter(into.batch.ops));
  return Status();
}

void Server::withdraw(const std::vector<ScanRecord>& records) {
  for (const ScanRecord& record : records) {
    once_.erase(once_key(record.submission));
    for (const std::string& follower : coalesce_.end(record.scan_id, record.submission)) promote(follower);
  }
}

// All of it is one batch: a client that gets no answer finds all or nothing of it.
void Server::on_client(const std::string& client, wire::Submit& m) {
  if (auto why = why_not_submit(m))
    return tell_client(client, wire::Refused{to_string(why->code), why->what});
  Taking taking;
  for (Submission& submission : m.submissions) {
    if (Status ok = take(std::move(submission), taking); !ok) {
      withdraw(taking.records);
      return tell_client(client, wire::Refused{to_string(ok.error().code), ok.error().what});
    }
  }
  auto refused = [this, client, records = taking.records](const Error& error) {
    withdraw(records);
    tell_client(client, wire::Refused{to_string(error.code), error.what});
  };
  StoreBatch batch = std::move(taking.batch);
  auto kept = [this, client, follow = m.follow, taken = std::move(taking)] {
    stats_.submitted += taken.records.size();
    measure_.submitted(taken.records.size());
    for (const ScanRecord& record : taken.records) {
      once_.erase(once_key(record.submission));
      if (follow) clients_[record.scan_id] = client;
      spdlog::debug("event=queued scan={} ref={}", record.scan_id, record.submission.job.ref);
      notify(record);
    }
    tell_client(client, taken.accepted);
    for (const ScanRecord& record : taken.records) take_up(record);
    if (!follow) return;
    for (uint32_t place : taken.accepted.taken) follow_taken(client, taken.accepted.scan_ids[place]);
  };
  stage_.add(std::move(batch), std::move(kept), std::move(refused));
}

// Whoever follows it already goes on to. One that has ended is told of at once.
void Server::follow_taken(const std::string& client, const std::string& scan_id) {
  if (open_.contains(scan_id)) {
    clients_.try_emplace(scan_id, client);
    return;
  }
  auto record = keep_.scan(scan_id);
  if (!record || is_open(record->state)) return;
  bool done = record->state == ScanState::done;
  auto report = done ? keep_.report(scan_id) : Result<std::string>("");
  tell_client(client, wire::Finished{scan_id, done, record->error, report ? *report : ""});
}

}  // namespace assay
