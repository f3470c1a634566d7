// Desks: what lies on one belongs to whoever was told last.
#include "scheduler/sweeps/workers.h"

#include <cassert>
#include <utility>

#include "common/loop.h"

namespace assay::sweeps {
namespace {

bool is_raised(int fd, std::chrono::milliseconds timeout) {
  std::vector<WaitFor> items = {WaitFor(fd)};
  Status waited = wait(items, timeout);
  return waited && items[0].ready;
}

}  // namespace

Result<Workers> Workers::start(const sources::PlaceFiles& places, unsigned count) {
  Workers workers;
  for (unsigned i = 0; i < count; ++i) {
    auto desk = std::make_unique<Desk>();
    ASSAY_TRY(desk->go, make_event());
    ASSAY_TRY(desk->done, make_event());
    ASSAY_TRY(desk->stop, make_event());
    desk->thread = std::thread([at = desk.get(), places] { work(*at, places); });
    workers.desks_.push_back(std::move(desk));
  }
  return workers;
}

void Workers::work(Desk& desk, const sources::PlaceFiles& places) {
  Lister lister(places, desk.stop.get());
  for (;;) {
    if (!is_raised(desk.go.get(), std::chrono::milliseconds(-1))) continue;
    clear_event(desk.go.get());
    if (desk.leave) return;
    Job& job = desk.job;
    job.ended = lister.work(job.listing, *job.spec, job.farm, job.now_ns);
    raise_event(desk.done.get());
  }
}

Workers::~Workers() {
  for (auto& desk : desks_)
    if (desk->at_work) raise_event(desk->stop.get());
  for (auto& desk : desks_) {
    while (desk->at_work && !is_raised(desk->done.get(), std::chrono::milliseconds(-1))) {
    }
    desk->leave = true;
    raise_event(desk->go.get());
    desk->thread.join();
  }
}

std::optional<size_t> Workers::idle() const {
  for (size_t i = 0; i < desks_.size(); ++i)
    if (!desks_[i]->at_work) return i;
  return std::nullopt;
}

void Workers::give(size_t worker, Job job) {
  Desk& desk = *desks_[worker];
  assert(!desk.at_work);
  clear_event(desk.stop.get());
  desk.job = std::move(job);
  desk.at_work = true;
  raise_event(desk.go.get());
}

void Workers::call_back(size_t worker) {
  if (desks_[worker]->at_work) raise_event(desks_[worker]->stop.get());
}

std::optional<Workers::Job> Workers::take(size_t worker) {
  Desk& desk = *desks_[worker];
  if (!desk.at_work || !is_raised(desk.done.get(), std::chrono::milliseconds(0))) return std::nullopt;
  clear_event(desk.done.get());
  desk.at_work = false;
  return std::exchange(desk.job, Job());
}

}  // namespace assay::sweeps
