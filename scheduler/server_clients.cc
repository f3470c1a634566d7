// What clients say beside submissions (server_submit.cc): orders and questions. Clients are this program's
// own threads (the API, the embedded farm); what a stranger may ask for has been decided before.
#include "common/digest.h"
#include "common/image_ref.h"
#include "common/log.h"
#include "common/platform.h"
#include "common/text.h"
#include "common/version.h"
#include "scheduler/server_loop.h"

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
