// How a run goes on from step to step, and ends.
#include <algorithm>
#include <nlohmann/json.hpp>

#include "common/log.h"
#include "common/text.h"
#include "scheduler/ask.h"
#include "scheduler/sweeps/progress.h"
#include "scheduler/sweeps/sweeping.h"

namespace assay::sweeps {
namespace {

using Json = nlohmann::ordered_json;

constexpr size_t kRunsKept = 100;
constexpr size_t kScansLookedAt = 2000;  // in a second, of one run

}  // namespace

void Sweeping::trouble(ActiveRun& run, const std::string& line) {
  if (run.record.trouble.size() < kMaxTrouble) run.record.trouble.push_back(printable(line, 500));
}

// What is next in a run, once nothing of the step before is open.
void Sweeping::advance(ActiveRun& run) {
  using Stage = ActiveRun::Stage;
  if (run.removed) {
    if (run.asks == 0 && run.list.out() == 0) {
      metrics_.runs.add("stopped");
      runs_.erase(run.record.run_id);
    }
    return;
  }
  if (run.stage == Stage::listing) {
    bool named = run.list.sources_open() == 0 && run.finding == 0 && !run.farm.empty();
    if (named && !run.told_sources) {
      run.told_sources = true;
      if (run.record.trouble.empty() && !run.expired && !run.record.listed_all) {
        run.record.listed_all = true;
        keep_run(run);
      }
      for (auto& [name, orphan] : std::exchange(run.orphans, {})) {
        orphan.state = run.expired ? RepositoryState::not_reached : RepositoryState::failed;
        orphan.reason = run.expired ? kDeadlinePassed : "its source names it no more";
        take_images(run, std::move(orphan));
      }
    }
    if (named && run.list.finished() && run.pending.empty() && run.asks == 0) end_listing(run);
  } else if (run.stage == Stage::scanning && run.asks == 0 && run.open.empty() && run.pending.empty() &&
             !run.must_cancel) {
    run.stage = Stage::ending;
    end_run(run);
  }
}

void Sweeping::keep_run(ActiveRun& run) {
  ++run.asks;
  keep({put(run.record)}, [at = &run] { --at->asks; });
}

void Sweeping::end_listing(ActiveRun& run) {
  run.record.state = RunState::scanning;
  run.record.listed_ns = now_ns_;
  run.stage = ActiveRun::Stage::scanning;
  keep_run(run);
  spdlog::info("event=sweep_listed sweep={} run={} repositories={} failed={} not_reached={} scans={}",
               run.record.sweep, run.record.run_id,
               run.repositories[static_cast<size_t>(RepositoryState::done)],
               run.repositories[static_cast<size_t>(RepositoryState::failed)],
               run.repositories[static_cast<size_t>(RepositoryState::not_reached)], run.submitted);
  if (run.expired) return cancel_queued(run);
  if (run.record.deadline_s) tell_capacity(run);
}

// Whether the farm is large enough, while there is time to do something about it.
void Sweeping::tell_capacity(ActiveRun& run) {
  int64_t left = std::max<int64_t>(1, *run.record.deadline_s - now_s());
  parts_.side.ask(ask::kCapacity, Json{{"seconds", left}}.dump(), false,
                  [this, id = run.record.run_id](const wire::Answer& farm) {
                    auto at = runs_.find(id);
                    if (at == runs_.end()) return;
                    spdlog::info("event=sweep_capacity sweep={} run={} {}", at->second->record.sweep, id,
                                 capacity_json(*at->second, now_s(), farm.body));
                  });
}

// Some of its scans at a time: those that have ended are waited for no more.
void Sweeping::look_at_scans(ActiveRun& run) {
  for (size_t i = 0; i < kScansLookedAt && !run.open.empty(); ++i) {
    if (run.look_at >= run.open.size()) {
      run.look_at = 0;
      if (i > 0) return;  // once round is enough
    }
    auto scan = keep_.scan(run.open[run.look_at]);
    bool ended = scan ? !is_open(scan->state) : scan.error().code == Errc::not_found;
    if (!ended) {
      ++run.look_at;
      continue;
    }
    run.open[run.look_at] = std::move(run.open.back());
    run.open.pop_back();
  }
}

std::vector<StoreOp> Sweeping::old_runs(const std::string& sweep) const {
  std::vector<StoreOp> ops;
  size_t seen = 0;
  (void)records_.each_run(sweep, [&](const RunRecord& run) {
    if (++seen > kRunsKept) std::ranges::move(remove_run(sweep, run.run_id), std::back_inserter(ops));
    return true;
  });
  return ops;
}

void Sweeping::end_run(ActiveRun& ending) {
  change([this, id = ending.record.run_id] {
    auto at = runs_.find(id);
    if (at == runs_.end() || at->second->removed) return changed();
    ActiveRun& run = *at->second;
    SweepRecord sweep = sweeps_[run.record.sweep].record;
    sweep.running.clear();
    run.record.state = RunState::done;
    run.record.ended_ns = now_ns_;
    std::vector<StoreOp> ops = old_runs(run.record.sweep);
    ops.push_back(put(run.record));
    ops.push_back(put(sweep));
    ++run.asks;
    keep(std::move(ops), [this, id, sweep] {
      const RunRecord& record = runs_[id]->record;
      spdlog::info("event=sweep_done sweep={} run={} seconds={}", record.sweep, id,
                   (record.ended_ns - record.started_ns) / 1'000'000'000);
      metrics_.runs.add("done");
      if (auto it = sweeps_.find(record.sweep); it != sweeps_.end()) it->second.record = sweep;
      runs_.erase(id);
      changed();
    });
  });
}

}  // namespace assay::sweeps
