// The worker's thread.
#include "agent/worker.h"

#include "common/log.h"
#include "common/text.h"

namespace assay {
namespace {

struct Work {
  ScanPlace place;
  ScanLimits limits;
  std::filesystem::path spool;
  uint64_t reserve_bytes;
  int cancel_fd, end_fd;
};

// Until its end is in the spool, or it was cancelled: whoever cancelled it knows.
void run_lease(Socket& link, const wire::Lease& lease, const Work& work) {
  AttemptKey key{lease.scan_id, lease.attempt};
  spdlog::info("event=scan_start scan={} attempt={} ref={}", lease.scan_id, lease.attempt,
               printable(lease.job.ref, 200));
  LinkNote dropped{.kind = LinkNote::Kind::dropped};
  auto spool = SpoolWriter::create(work.spool, key, work.reserve_bytes);
  if (!spool) {
    // The lease lapses, and the job goes elsewhere: there is no place to keep even a failure.
    spdlog::error("event=scan_lost scan={} why=\"{}\"", lease.scan_id, printable(spool.error().what, 400));
    (void)tell(link, dropped);
    return;
  }
  Ship ship(link, std::move(*spool), key, work.cancel_fd);
  Status done = scan(lease, work.place, work.limits, work.cancel_fd, ship);
  dropped.stats = ship.stats;
  if (done) {
    spdlog::info("event=scan_end scan={} events={}", lease.scan_id, ship.events());
    return;
  }
  spdlog::info("event=scan_failed scan={} code={} why=\"{}\"", lease.scan_id, to_string(done.error().code),
               printable(done.error().what, 400));
  if (done.error().code == Errc::cancelled) return (void)tell(link, dropped);
  Status told = ship.failed(done.error());
  if (told) return;
  spdlog::error("event=scan_lost scan={} why=\"{}\"", lease.scan_id, printable(told.error().what, 400));
  (void)tell(link, dropped);
}

void worker_thread(Socket link, Work work) {
  PullLogins logins(work.place.registries, work.cancel_fd);
  work.place.logins = &logins;
  for (;;) {
    std::vector<WaitFor> items{link, WaitFor(work.end_fd)};
    if (!wait(items, std::chrono::milliseconds(-1)) || items[1].ready) return;
    auto note = hear(link);
    // What else comes here was meant for a scan that has ended.
    if (!note || !*note || (*note)->kind != LinkNote::Kind::lease) continue;
    auto message = wire::decode((*note)->frame);
    auto* lease = message ? std::get_if<wire::Lease>(&*message) : nullptr;
    if (lease) run_lease(link, *lease, work);
    (void)tell(link, {.kind = LinkNote::Kind::free});
  }
}

}  // namespace

Result<Worker> Worker::start(const Context& context, unsigned number, const ScanPlace& place,
                             const ScanLimits& limits, const std::filesystem::path& spool,
                             uint64_t reserve_bytes) {
  ASSAY_TRY(Socket link, Socket::open(context, Socket::Type::pair));
  ASSAY_TRY(Socket end, Socket::open(context, Socket::Type::pair));
  std::string endpoint = "inproc://worker-" + place.instance + "-" + std::to_string(number);
  ASSAY_CHECK(link.bind(endpoint));
  ASSAY_CHECK(end.connect(endpoint));
  ASSAY_TRY(Fd cancel, make_event());
  ASSAY_TRY(Fd ending, make_event());
  Work work{place, limits, spool, reserve_bytes, cancel.get(), ending.get()};
  std::thread thread(worker_thread, std::move(end), std::move(work));
  return Worker(std::move(link), std::move(cancel), std::move(ending), std::move(thread));
}

Worker::~Worker() {
  if (!thread_.joinable()) return;
  raise_event(end_.get());
  cancel();
  thread_.join();
}

Status Worker::begin(const wire::Lease& lease) {
  clear_event(cancel_.get());
  return tell(link_, {.kind = LinkNote::Kind::lease, .frame = wire::encode(lease)});
}

void Worker::cancel() { raise_event(cancel_.get()); }

}  // namespace assay
