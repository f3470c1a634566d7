// The slot's thread.
#include "agent/slot.h"

#include "common/log.h"
#include "common/text.h"

namespace assay {
namespace {

void run_lease(Socket& link, const wire::Lease& lease, const ScanPlace& place, const ScanLimits& limits,
               int cancel_fd) {
  spdlog::info("event=scan_start scan={} attempt={} ref={}", lease.scan_id, lease.attempt,
               printable(lease.job.ref, 200));
  Ship ship(link, lease.scan_id, lease.attempt, cancel_fd);
  Status done = scan(lease, place, limits, cancel_fd, ship);
  if (done) {
    spdlog::info("event=scan_end scan={} events={}", lease.scan_id, ship.events());
    return;
  }
  spdlog::info("event=scan_failed scan={} code={} why=\"{}\"", lease.scan_id, to_string(done.error().code),
               printable(done.error().what, 400));
  if (done.error().code == Errc::cancelled) return;  // whoever cancelled it knows
  Status told = ship.failed(done.error());
  if (!told && told.error().code != Errc::cancelled)
    spdlog::warn("event=untold scan={} why=\"{}\"", lease.scan_id, printable(told.error().what, 400));
}

void slot_thread(Socket link, int cancel_fd, int end_fd, ScanPlace place, ScanLimits limits) {
  for (;;) {
    std::vector<WaitFor> items{link, WaitFor(end_fd)};
    if (!wait(items, std::chrono::milliseconds(-1)) || items[1].ready) return;
    auto frames = link.receive();
    if (!frames || !*frames) continue;
    auto message = wire::decode((**frames)[0]);
    auto* lease = message ? std::get_if<wire::Lease>(&*message) : nullptr;
    if (lease == nullptr) continue;  // an answer that came after its scan had ended
    run_lease(link, *lease, place, limits, cancel_fd);
    (void)link.send("");
  }
}

}  // namespace

Result<Slot> Slot::start(const Context& context, unsigned number, const ScanPlace& place,
                         const ScanLimits& limits) {
  ASSAY_TRY(Socket link, Socket::open(context, Socket::Type::pair));
  ASSAY_TRY(Socket end, Socket::open(context, Socket::Type::pair));
  std::string endpoint = "inproc://slot-" + place.instance + "-" + std::to_string(number);
  ASSAY_CHECK(link.bind(endpoint));
  ASSAY_CHECK(end.connect(endpoint));
  ASSAY_TRY(Fd cancel, make_event());
  ASSAY_TRY(Fd ending, make_event());
  std::thread thread(slot_thread, std::move(end), cancel.get(), ending.get(), place, limits);
  return Slot(std::move(link), std::move(cancel), std::move(ending), std::move(thread));
}

Slot::~Slot() {
  if (!thread_.joinable()) return;
  raise_event(end_.get());
  cancel();
  thread_.join();
}

void Slot::cancel() { raise_event(cancel_.get()); }

void Slot::clear_cancel() { clear_event(cancel_.get()); }

}  // namespace assay
