// How a run begins, and is taken up again after the scheduler has ended.
#include <algorithm>
#include <nlohmann/json.hpp>

#include "common/ids.h"
#include "common/log.h"
#include "common/text.h"
#include "scheduler/ask.h"
#include "scheduler/sweeps/deciding.h"
#include "scheduler/sweeps/progress.h"
#include "scheduler/sweeps/sweeping.h"

namespace assay::sweeps {
namespace {

using Json = nlohmann::ordered_json;

constexpr const char* kDefaultPlatform = "linux/amd64";  // as long as no agent has said what it can run

Tries tries_of(const SweeperConfig& config) { return {3, config.retry_delay, 20}; }

Listing source_listing(const Spec& spec, size_t source) {
  Listing out;
  out.is_source = true;
  out.source = source;
  const auto& of = spec.sources[source];
  out.repository.host = of.kind == sources::SourceSpec::Kind::registry ? of.host : of.str();
  return out;
}

// More than one account or region: which of them has a repository is not on record.
bool has_parts(const sources::SourceSpec& spec) { return spec.kind == sources::SourceSpec::Kind::ecr; }

std::string batch_body(const RunRecord& run) {
  return Json{
      {"batch_id", run.run_id},       {"name", "sweep " + run.sweep},
      {"tenant", run.tenant},         {"labels", {{"sweep", run.sweep}}},
      {"created_ns", run.started_ns}, {"manifest", Json{{"sweep", run.sweep}, {"run", run.run_id}}.dump()}}
      .dump();
}

}  // namespace

void Sweeping::ask_farm(std::function<void(const std::string&, std::vector<std::string>)> then,
                        std::function<void(const wire::Answer&)> otherwise) {
  parts_.loop.ask(
      ask::kFarm, "{}", true,
      [this, then = std::move(then), otherwise = std::move(otherwise)](const wire::Answer& answer) {
        Json farm = Json::parse(answer.body, nullptr, false);
        if (answer.status != 200 || !farm.is_object() || !farm["rules_version"].is_string())
          return otherwise(answer);
        rules_version_ = farm["rules_version"].get<std::string>();
        std::vector<std::string> platforms;
        for (const Json& one : farm["platforms"])
          if (one.is_string()) platforms.push_back(one.get<std::string>());
        if (!platforms.empty()) platforms_ = platforms;
        if (platforms_.empty()) platforms_ = {kDefaultPlatform};
        then(rules_version_, platforms_);
      });
}

void Sweeping::begin_run(const std::string& name, const std::string& why, std::optional<int64_t> due_s,
                         const std::string& client) {
  sweeps_[name].beginning = true;
  change([this, name, why, due_s, client] {
    auto refuse = [this, client, name](const wire::Answer& answer_to) {
      if (auto it = sweeps_.find(name); it != sweeps_.end()) it->second.beginning = false;
      answer(client, answer_to);
      changed();
    };
    auto it = sweeps_.find(name);
    if (it == sweeps_.end()) return refuse(ask::refusal({Errc::not_found, "sweep " + name + " was removed"}));
    SweepRecord sweep = it->second.record;
    if (due_s) sweep.last_due_s = *due_s;
    if (client.empty() && !sweep.running.empty()) {
      spdlog::warn("event=sweep_skipped sweep={} run={} why=\"the last run has not ended\"", name,
                   sweep.running);
      return keep({put(sweep)}, [this, name, sweep] {
        sweeps_[name].record = sweep;
        sweeps_[name].beginning = false;
        changed();
      });
    }
    if (!sweep.running.empty())
      return refuse(
          ask::refusal({Errc::conflict, "run " + sweep.running + " of sweep " + name + " is under way"}));
    if (sweep.paused)
      return refuse(ask::refusal({Errc::conflict, "sweep " + name + " is paused: resume it first"}));
    ask_farm(
        [this, sweep, why, client](const std::string& rules, std::vector<std::string> platforms) {
          RunRecord run;
          run.run_id = make_scan_id(std::chrono::system_clock::now());
          run.sweep = sweep.spec.name;
          run.tenant = sweep.tenant;
          run.spec = sweep.spec;
          run.rules_version = rules;
          run.why = why;
          run.started_ns = now_ns_;
          run.deadline_s = deadline_of(run.spec, now_s());
          begin_now(sweep, std::move(run), std::move(platforms), client);
        },
        refuse);
  });
}

// It is on record first, then it runs, and then whoever asked is told.
void Sweeping::begin_now(SweepRecord sweep, RunRecord run, std::vector<std::string> platforms,
                         const std::string& client) {
  sweep.running = run.run_id;
  keep({put(run), put(sweep)}, [this, sweep, run, platforms = std::move(platforms), client] {
    Sweep& at = sweeps_[run.sweep];
    at.record = sweep;
    at.beginning = false;
    ActiveRun& active = start_run(run);
    active.farm = platforms;
    list_sources(active);
    answer(client, {200, Json{{"name", run.sweep}, {"run_id", run.run_id}}.dump()});
    changed();
  });
}

ActiveRun& Sweeping::start_run(RunRecord record) {
  auto made = std::make_unique<ActiveRun>(std::move(record), tries_of(config_));
  ActiveRun& run = *made;
  runs_[run.record.run_id] = std::move(made);
  spdlog::info("event=sweep_run sweep={} run={} state={} why=\"{}\" deadline_s={}", run.record.sweep,
               run.record.run_id, to_string(run.record.state), run.record.why,
               run.record.deadline_s.value_or(0));
  ++run.asks;
  parts_.loop.ask(ask::kBatchPut, batch_body(run.record), true,
                  [at = &run](const wire::Answer&) { --at->asks; });  // 409: it is there
  return run;
}

void Sweeping::list_sources(ActiveRun& run) {
  for (size_t i = 0; i < run.record.spec.sources.size(); ++i)
    run.list.add(source_listing(run.record.spec, i));
}

// As it was when the last scheduler ended: what is on record is done, the rest is to be done again.
Status Sweeping::resume_run(const Sweep& sweep) {
  ASSAY_TRY(RunRecord record, records_.run(sweep.record.spec.name, sweep.record.running));
  ActiveRun& run = start_run(std::move(record));
  run.paused = sweep.record.paused;
  bool listing = run.record.state == RunState::listing;
  bool all_named = run.record.listed_all;
  if (listing && !all_named) run.record.trouble.clear();  // its sources are listed again, and say so again
  Status read = records_.each_repository(run.record.run_id, [&](const RepositoryRecord& repository) {
    if (repository.state == RepositoryState::waiting)
      take_up(run, repository);
    else
      recall(run, repository);
    return true;
  });
  if (!read && read.error().code != Errc::corrupt) return read;
  if (!listing) {
    run.stage = ActiveRun::Stage::scanning;
    return Status();
  }
  bool parts = std::ranges::any_of(run.record.spec.sources, has_parts);
  if (!all_named || parts) list_sources(run);
  ++run.asks;
  auto done = [at = &run] { --at->asks; };
  ask_farm(
      [at = &run, done](const std::string&, std::vector<std::string> platforms) {
        at->farm = std::move(platforms);
        done();
      },
      [done](const wire::Answer&) { done(); });
  return Status();
}

// A repository that was to be listed still.
void Sweeping::take_up(ActiveRun& run, const RepositoryRecord& repository) {
  bool known = repository.source < run.record.spec.sources.size();
  if (!known || has_parts(run.record.spec.sources[repository.source])) {
    run.orphans[repository.host + "/" + repository.name] = repository;
    return;
  }
  Listing listing;
  listing.source = repository.source;
  listing.repository = {repository.host, repository.name};
  run.list.add(std::move(listing));
}

// One that was done with.
void Sweeping::recall(ActiveRun& run, const RepositoryRecord& repository) {
  run.list.know(repository.host + "/" + repository.name);
  ++run.repositories[static_cast<size_t>(repository.state)];
  for (const Item& item : repository.items) {
    ++run.images[static_cast<size_t>(item.outcome)];
    if (item.outcome == Outcome::same || item.digest.empty()) continue;
    if (!item.scan_id.empty()) run.fates[image_key(item)] = {true, item.outcome, item.scan_id, item.reason};
    if (item.outcome != Outcome::submitted) continue;
    ++run.submitted;
    run.open.push_back(item.scan_id);
  }
}

}  // namespace assay::sweeps
