// What workers are given, and what they bring back.
#include <algorithm>
#include <nlohmann/json.hpp>

#include "common/log.h"
#include "common/text.h"
#include "scheduler/ask.h"
#include "scheduler/sweeps/sweeping.h"

namespace assay::sweeps {
namespace {

using std::chrono::milliseconds;

constexpr size_t kRecordsAtOnce = 1000;  // of repositories that were found
constexpr milliseconds kShortestQuiet{200}, kLongestQuiet{24 * 3600 * 1000};
constexpr size_t kMaxPending = 500;  // repositories that are decided on; more wait for these

std::string seconds_text(milliseconds time) {
  return std::to_string(std::chrono::ceil<std::chrono::seconds>(time).count()) + " s";
}

RepositoryRecord waiting_record(const sources::Repository& repository, size_t source) {
  RepositoryRecord out;
  out.host = repository.host;
  out.name = repository.name;
  out.source = source;
  return out;
}

}  // namespace

bool Sweeping::may_list(const ActiveRun& run) const {
  return !run.paused && !run.expired && !run.removed && !run.farm.empty() &&
         run.pending.size() <= kMaxPending;
}

// Runs take turns, so that a small one does not wait for a large one.
void Sweeping::hand_out() {
  size_t none = 0;
  while (none < runs_.size()) {
    auto worker = parts_.workers.idle();
    if (!worker) return;
    auto it = runs_.upper_bound(last_run_);
    if (it == runs_.end()) it = runs_.begin();
    last_run_ = it->first;
    ActiveRun& run = *it->second;
    ++none;
    if (!may_list(run)) continue;
    auto listing = run.list.next(now_, quiet_);
    if (!listing) continue;
    none = 0;
    out_[*worker] = {&run, listing->repository.host, now_, listing->got()};
    parts_.workers.give(*worker,
                        {std::move(*listing), &run.record.spec, run.farm, run.record.started_ns, {}});
  }
}

void Sweeping::call_back(const std::function<bool(const Out&)>& which, Out::Why why) {
  for (size_t i = 0; i < out_.size(); ++i) {
    if (out_[i].run == nullptr || !which(out_[i])) continue;
    out_[i].why = why;
    parts_.workers.call_back(i);
  }
}

// No worker asks this host meanwhile, and no agent pulls from it.
void Sweeping::be_quiet(const Out& out, milliseconds time) {
  quiet_.leave(out.host, now_ + time);
  metrics_.busy.add(out.host);
  spdlog::info("event=sweep_busy registry={} ms={}", printable(out.host, 200), time.count());
  call_back([&](const Out& other) { return other.host == out.host && other.why == Out::Why::none; },
            Out::Why::host_busy);
  parts_.side.ask(ask::kRegistryBusy, nlohmann::json{{"registry", out.host}, {"ms", time.count()}}.dump(),
                  false, [](const wire::Answer&) {});
}

void Sweeping::take_back(size_t worker) {
  auto job = parts_.workers.take(worker);
  if (!job) return;
  Out out = std::exchange(out_[worker], Out());
  ActiveRun& run = *out.run;
  Listing& listing = job->listing;
  if (run.removed) return run.list.done(listing);
  if (listing.is_source) found(run, listing);
  const Status& status = job->ended.status;
  if (status) {
    run.list.done(listing);
    if (!listing.is_source) listed(run, std::move(listing), RepositoryState::done, "");
    return;
  }
  Error why = status.error();
  if (why.code == Errc::busy) {
    auto time = std::clamp(job->ended.busy_for, kShortestQuiet, kLongestQuiet);
    be_quiet(out, time);
    if (run.expired)
      return run.list.done(listing), gave_up(run, std::move(listing), RepositoryState::not_reached,
                                             std::string(kDeadlinePassed) + " while it was listed");
    bool further = listing.got() > out.got;
    Listing copy = listing;
    if (!run.list.busy(std::move(listing), further))
      gave_up(run, std::move(copy), RepositoryState::not_reached,
              "the registry is too busy: " + out.host + " asked to be left alone each time, at last for " +
                  seconds_text(time));
    return;
  }
  if (why.code == Errc::cancelled && run.expired) {
    run.list.done(listing);
    return gave_up(run, std::move(listing), RepositoryState::not_reached,
                   std::string(kDeadlinePassed) + " while it was listed");
  }
  if (why.code == Errc::cancelled && (out.why == Out::Why::host_busy || out.why == Out::Why::paused))
    return run.list.back(std::move(listing));
  if (out.why == Out::Why::limit)
    why = {Errc::timeout, "listing takes too long: " + listing.repository.str() + " was not done within " +
                              seconds_text(config_.repository_limit)};
  Listing copy = listing;
  if (!may_pass(why.code))
    run.list.done(listing);
  else if (run.list.again(std::move(listing), now_))
    return;
  gave_up(run, std::move(copy), RepositoryState::failed, why.what);
}

// Repositories that a source named: on record before they are listed.
void Sweeping::found(ActiveRun& run, Listing& listing) {
  for (const std::string& line : std::exchange(listing.trouble, {})) trouble(run, line);
  auto all = std::exchange(listing.found, {});
  std::vector<StoreOp> ops;
  std::vector<Listing> fresh;
  auto flush = [&] {
    if (ops.empty()) return;
    ++run.asks;
    ++run.finding;
    keep(std::exchange(ops, {}), [this, at = &run, fresh = std::exchange(fresh, {})]() mutable {
      --at->asks;
      --at->finding;
      for (Listing& one : fresh) {
        at->orphans.erase(one.repository.str());
        // It took until after the deadline.
        if (at->expired && !at->list.knows(one.repository.str())) {
          at->list.know(one.repository.str());
          listed(*at, std::move(one), RepositoryState::not_reached,
                 std::string(kDeadlinePassed) + " before it was listed");
        } else {
          at->list.add(std::move(one));
        }
      }
    });
  };
  for (auto& [repository, part] : all) {
    if (!takes_repository(run.record.spec.filter, repository.name) || run.list.knows(repository.str()))
      continue;
    ops.push_back(put(run.record.run_id, waiting_record(repository, listing.source)));
    Listing one;
    one.source = listing.source;
    one.repository = std::move(repository);
    one.part = part;
    fresh.push_back(std::move(one));
    if (ops.size() >= kRecordsAtOnce) flush();
  }
  flush();
}

void Sweeping::gave_up(ActiveRun& run, Listing listing, RepositoryState state, const std::string& reason) {
  spdlog::warn("event=sweep_gave_up sweep={} run={} what={} state={} why=\"{}\"", run.record.sweep,
               run.record.run_id,
               printable(listing.is_source ? listing.repository.host : listing.repository.str(), 300),
               to_string(state), printable(reason, 300));
  if (listing.is_source) return trouble(run, listing.repository.host + ": " + reason);
  listed(run, std::move(listing), state, reason);
}

// What was got of it is scanned, even where not all was; the rest says why.
void Sweeping::listed(ActiveRun& run, Listing listing, RepositoryState state, const std::string& reason) {
  RepositoryRecord record = waiting_record(listing.repository, listing.source);
  record.state = state;
  record.reason = printable(reason, 500);
  record.left_out = listing.left_out;
  record.undated = listing.undated;
  for (size_t i = listing.next_image; state != RepositoryState::done && i < listing.images.size(); ++i) {
    Item item;
    item.tag = printable(listing.images[i].tag, 200);
    item.digest = listing.images[i].digest;
    item.pushed_ns = listing.images[i].pushed_ns;
    item.outcome = state == RepositoryState::failed ? Outcome::failed : Outcome::not_reached;
    item.reason = record.reason;
    listing.items.push_back(std::move(item));
  }
  std::vector<Persona> personas = run.record.spec.personas;
  if (personas.empty()) personas = {run.record.spec.profile.job.persona};
  for (const Item& item : listing.items)
    for (Persona persona : personas) {
      record.items.push_back(item);
      record.items.back().persona = persona;
    }
  uint64_t too_many = listing.too_many;
  if (record.items.size() > kMaxItems) {
    too_many += (record.items.size() - kMaxItems) / personas.size();
    record.items.resize(kMaxItems);
  }
  if (too_many > 0 && state == RepositoryState::done) {
    record.state = RepositoryState::not_reached;
    record.reason = "too many images in one repository: " + std::to_string(too_many) + " are beyond the " +
                    std::to_string(kMaxItems) +
                    " of a run; choose fewer by tags, newest, semver or pushed_since";
  }
  take_images(run, std::move(record));
}

}  // namespace assay::sweeps
