// What becomes of a run when its deadline comes: what has not begun is not reached, what runs may finish.
#include <nlohmann/json.hpp>

#include "common/log.h"
#include "scheduler/ask.h"
#include "scheduler/sweeps/sweeping.h"

namespace assay::sweeps {

void Sweeping::expire(ActiveRun& run) {
  if (run.removed || run.stage == ActiveRun::Stage::ending) return;
  run.expired = run.must_cancel = true;
  spdlog::warn("event=sweep_deadline sweep={} run={} waiting={} scans_open={}", run.record.sweep,
               run.record.run_id, run.list.waiting(), run.open.size());
  call_back([&](const Out& out) { return out.run == &run; }, Out::Why::expired);
  if (run.stage == ActiveRun::Stage::scanning) return cancel_queued(run);
  run.record.listed_all = run.record.listed_all && run.list.sources_open() == 0;
  for (Listing& listing : run.list.drain()) {
    if (listing.is_source)
      trouble(run, listing.repository.host + ": " + kDeadlinePassed + " before it was listed");
    else
      listed(run, std::move(listing), RepositoryState::not_reached,
             std::string(kDeadlinePassed) + " before it was listed");
  }
  for (const auto& [pending, index] : std::exchange(run.to_submit, {}))
    settle(run, {pending, index}, Outcome::not_reached, "",
           std::string(kDeadlinePassed) + " before it was submitted");
}

// The loop knows which have not begun, and takes all of them back at once.
void Sweeping::cancel_queued(ActiveRun& run) {
  ++run.asks;
  parts_.loop.ask(ask::kCancel, nlohmann::json{{"batch_id", run.record.run_id}, {"queued", true}}.dump(),
                  true, [this, at = &run](const wire::Answer&) {
                    --at->asks;
                    at->must_cancel = false;
                    if (!at->removed) rewrite_cancelled(*at);
                  });
}

// Their images say why; a scan that somebody cancelled before the deadline is not among them.
void Sweeping::rewrite_cancelled(ActiveRun& run) {
  std::vector<RepositoryRecord> changed;
  auto was_cancelled = [&](const Item& item) {
    if (item.outcome != Outcome::submitted) return false;
    auto scan = keep_.scan(item.scan_id);
    return scan && scan->state == ScanState::cancelled &&
           scan->finished_ns / 1'000'000'000 >= *run.record.deadline_s;
  };
  Status read = records_.each_repository(run.record.run_id, [&](const RepositoryRecord& repository) {
    RepositoryRecord after = repository;
    bool any = false;
    for (Item& item : after.items) {
      if (!was_cancelled(item)) continue;
      item.outcome = Outcome::not_reached;
      item.reason = std::string(kDeadlinePassed) + " before its scan began";
      --run.images[static_cast<size_t>(Outcome::submitted)];
      ++run.images[static_cast<size_t>(Outcome::not_reached)];
      metrics_.images.add(to_string(Outcome::not_reached));
      any = true;
    }
    if (any) changed.push_back(std::move(after));
    return true;
  });
  if (!read) spdlog::error("event=sweep_records error=\"{}\"", read.error().what);
  for (RepositoryRecord& record : changed) {
    run.pending.push_back({std::move(record), 0, {}, true});
    run.to_record.push_back(&run.pending.back());
  }
}

}  // namespace assay::sweeps
