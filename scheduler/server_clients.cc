// What clients say: submissions, orders and questions. Clients are this program's own threads (the API, the
// embedded farm); what a stranger may ask for has been decided before.
#include "common/clock.h"
#include "common/digest.h"
#include "common/image_ref.h"
#include "common/log.h"
#include "common/platform.h"
#include "common/text.h"
#include "common/version.h"
#include "scheduler/server_loop.h"
#include "scheduler/submit.h"

namespace assay {

void Server::from_client(const std::string& client, wire::Message& message) {
  std::visit(
      [&](auto& m) {
        if constexpr (requires { on_client(client, m); })
          on_client(client, m);
        else
          refuse({client, "", ""}, "not_a_clients", "a message that no client may send");
      },
      message);
}

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

// All of it is one batch: a client that gets no answer finds all or nothing of it.
void Server::on_client(const std::string& client, wire::Submit& m) {
  if (auto why = why_not_submit(m))
    return tell_client(client, wire::Refused{to_string(why->code), why->what});
  StoreBatch batch;
  std::vector<ScanRecord> records;
  wire::Accepted accepted;
  for (Submission& submission : m.submissions) {
    records.push_back(new_record(std::move(submission)));
    accepted.scan_ids.push_back(records.back().scan_id);
    StoreBatch one = Keep::submitted(records.back());
    std::move(one.expect.begin(), one.expect.end(), std::back_inserter(batch.expect));
    std::move(one.ops.begin(), one.ops.end(), std::back_inserter(batch.ops));
  }
  auto refused = [this, client, records](const Error& error) {
    for (const ScanRecord& record : records)
      for (const std::string& follower : coalesce_.end(record.scan_id, record.submission)) promote(follower);
    tell_client(client, wire::Refused{to_string(error.code), error.what});
  };
  auto kept = [this, client, follow = m.follow, records, accepted] {
    stats_.submitted += records.size();
    measure_.submitted(records.size());
    for (const ScanRecord& record : records) {
      if (follow) clients_[record.scan_id] = client;
      spdlog::debug("event=queued scan={} ref={}", record.scan_id, record.submission.job.ref);
      notify(record);
    }
    tell_client(client, accepted);
    for (const ScanRecord& record : records) take_up(record);
  };
  stage_.add(std::move(batch), std::move(kept), std::move(refused));
}

// The scan that has a result for such a submission already, where its image is the one with this digest.
std::optional<ScanRecord> Server::result_for(const Submission& submission, const std::string& digest) const {
  auto ref = ImageRef::parse(submission.job.ref);
  auto parsed = Digest::parse(digest);
  if (submission.fresh || !ref || ref->kind != ImageRef::Kind::registry || !parsed) return std::nullopt;
  auto known = keep_.result(result_key(parsed->str(), submission.job, kVersion));
  if (!known || taking_.contains(*known)) return std::nullopt;
  auto other = keep_.scan(*known);
  if (!other || other->state != ScanState::done || other->pruned & kReportPruned) return std::nullopt;
  // A manifest is one platform's: but a digest that was named for one is not what was found for another.
  const std::string asked = platform_key(submission.job.platform),
                    run = platform_key(other->submission.job.platform);
  if (!asked.empty() && !run.empty() && asked != run) return std::nullopt;
  return *other;
}

// What names an image by digest may have a result already.
void Server::take_up(const ScanRecord& record) {
  auto ref = ImageRef::parse(record.submission.job.ref);
  if (ref && !ref->digest.empty() && record.same_as.empty()) {
    if (auto other = result_for(record.submission, ref->digest)) {
      open_[record.scan_id] = record;
      return end_with_result_of(record.scan_id, *other);
    }
  }
  attach(record);
}

void Server::on_client(const std::string& client, wire::Watch& m) {
  if (!watchers_.add(client, m))
    tell_client(client, wire::Refused{to_string(Errc::limit), "too many watch already: try again later"});
}

// The embedded farm's; the API asks.
void Server::on_client(const std::string&, wire::Cancel& m) {
  // Unknown, or ended: it stays as it is.
  if (open_.contains(m.scan_id) && !stalled_) (void)cancel(m.scan_id);
}

void Server::on_client(const std::string& client, wire::Ask& m) {
  if (auto now = answer(client, m)) tell_client(client, *now);
}

void Server::tell_client(const std::string& client, const wire::Message& message) {
  (void)clients_socket_.send_frames({client, wire::encode(message)});
}

void Server::notify(const ScanRecord& record) {
  if (watchers_.empty()) return;
  notify(wire::Notice{record.scan_id, record.submission.batch, to_string(record.state), "", record.verdict,
                      record.score, record.error, 0});
}

void Server::notify(wire::Notice notice) {
  watchers_.tell(std::move(notice), [this](const std::string& client, const wire::Notice& m) {
    Status sent = clients_socket_.send_frames({client, wire::encode(m)});
    if (sent) return Watchers::Sent::yes;
    return sent.error().code == Errc::limit ? Watchers::Sent::full : Watchers::Sent::gone;
  });
}

}  // namespace assay
