// What the API orders (orders.h).
#include <nlohmann/json.hpp>

#include "common/json_parts.h"
#include "common/log.h"
#include "common/text.h"
#include "scheduler/ask.h"
#include "scheduler/sweeps/due.h"
#include "scheduler/sweeps/orders.h"
#include "scheduler/sweeps/progress.h"
#include "scheduler/sweeps/sweeping.h"

namespace assay::sweeps {
namespace {

using Json = nlohmann::ordered_json;

constexpr int kOrdersPerTurn = 64;

wire::Answer right(const Json& body) {
  return {200, body.dump(-1, ' ', false, Json::error_handler_t::replace)};
}

Error no_sweep(const std::string& name) {
  return {Errc::not_found, "there is no sweep '" + printable(name, 64) + "'"};
}

}  // namespace

void Sweeping::take_orders() {
  for (int i = 0; i < kOrdersPerTurn; ++i) {
    auto frames = parts_.orders.receive();
    if (!frames || !*frames) return;
    auto message = wire::decode((*frames)->back());
    const wire::Ask* ask = message ? std::get_if<wire::Ask>(&*message) : nullptr;
    if (ask != nullptr) order((*frames)->front(), *ask);
  }
}

void Sweeping::answer(const std::string& client, const wire::Answer& answer) {
  if (!client.empty()) (void)parts_.orders.send_frames({client, wire::encode(answer)});
}

void Sweeping::order(const std::string& client, const wire::Ask& ask) {
  Json body = Json::parse(ask.body, nullptr, false);
  if (!body.is_object()) return answer(client, ask::refusal({Errc::invalid, "the order is no JSON object"}));
  std::string name = text_of(body, "name");
  if (ask.op == kStatus) return answer_status(client, name);
  if (!parts_.loop.stuck().empty())
    return answer(client, ask::refusal({Errc::no_space, "the scheduler takes nothing more on its disk now"}));
  if (ask.op == kPut) return change([this, client, body = ask.body] { order_put(client, body); });
  if (!sweeps_.contains(name)) return answer(client, ask::refusal(no_sweep(name)));
  if (ask.op == kRun)
    begin_run(name, "by hand", std::nullopt, client);
  else if (ask.op == kRemove)
    change([this, client, name] { order_remove(client, name); });
  else if (ask.op == kPause)
    change([this, client, name, paused = body.value("paused", Json()) == true] {
      order_pause(client, name, paused);
    });
  else
    answer(client, ask::refusal({Errc::not_found, "no order '" + printable(ask.op, 64) + "'"}));
}

void Sweeping::answer_status(const std::string& client, const std::string& name) {
  auto it = sweeps_.find(name);
  if (it == sweeps_.end()) return answer(client, ask::refusal(no_sweep(name)));
  const Sweep& sweep = it->second;
  Json out = {{"name", name},
              {"next_due_s", sweep.next_due_s && !sweep.record.paused ? Json(*sweep.next_due_s) : Json()},
              {"run", nullptr}};
  auto run = runs_.find(sweep.record.running);
  if (run == runs_.end()) return answer(client, right(out));
  int64_t left = std::max<int64_t>(1, run->second->record.deadline_s.value_or(0) - now_s());
  parts_.side.ask(ask::kCapacity, Json{{"seconds", left}}.dump(), false,
                  [this, client, out, id = sweep.record.running](const wire::Answer& farm) mutable {
                    if (auto at = runs_.find(id); at != runs_.end())
                      out["run"] =
                          Json::parse(progress_json(*at->second, quiet_.all(now_), now_, now_s(), farm.body),
                                      nullptr, false);
                    answer(client, right(out));
                  });
}

void Sweeping::keep_order(const std::string& client, std::vector<StoreOp> ops, const std::string& right,
                          std::function<void()> then) {
  parts_.loop.ask(ask::kSweepRecords, records_body(ops), false,
                  [this, client, right, then = std::move(then)](const wire::Answer& kept) {
                    if (kept.status == 200) then();
                    answer(client, kept.status == 200 ? wire::Answer{200, right} : kept);
                    changed();
                  });
}

// When it is due next; what was due while nobody looked is found by each_second().
void Sweeping::schedule(Sweep& sweep) {
  sweep.cron.reset();
  sweep.next_due_s.reset();
  if (sweep.record.spec.schedule.empty()) return;
  auto cron = Cron::parse(sweep.record.spec.schedule, sweep.record.spec.time_zone);
  if (!cron) {
    spdlog::error("event=sweep_schedule sweep={} error=\"{}\"", sweep.record.spec.name,
                  printable(cron.error().what, 300));
    return;
  }
  sweep.cron.emplace(*cron);
  Due is = due(*cron, std::max(sweep.record.last_due_s, sweep.record.created_ns / 1'000'000'000), now_s());
  sweep.next_due_s = is.now ? is.now : is.next;
}

void Sweeping::order_put(const std::string& client, const std::string& body) {
  auto refuse = [&](const Error& error) {
    answer(client, ask::refusal(error));
    changed();
  };
  Json order = Json::parse(body, nullptr, false);
  auto spec = read_spec(order.value("spec", Json()).dump());
  if (!spec) return refuse(spec.error());
  bool replace = order.value("replace", Json()) == true;
  auto old = sweeps_.find(spec->name);
  if (replace && old == sweeps_.end()) return refuse(no_sweep(spec->name));
  if (!replace && old != sweeps_.end())
    return refuse({Errc::conflict, "there is a sweep '" + spec->name + "' already: change or remove it"});
  if (!replace && sweeps_.size() >= kMaxSweeps)
    return refuse(
        {Errc::limit, "there are " + std::to_string(kMaxSweeps) + " sweeps, and at most so many may be"});
  SweepRecord record;
  if (replace) record = old->second.record;
  record.spec = std::move(*spec);
  if (!replace) {
    record.tenant = text_of(order, "tenant");
    record.created_ns = now_ns_;
  }
  record.last_due_s = now_s();  // a new schedule begins now
  keep_order(client, {put(record)}, Json{{"name", record.spec.name}}.dump(), [this, record] {
    Sweep& sweep = sweeps_[record.spec.name];
    sweep.record = record;
    schedule(sweep);
    spdlog::info("event=sweep_kept sweep={} tenant={} schedule=\"{}\"", record.spec.name, record.tenant,
                 printable(record.spec.schedule, 100));
  });
}

void Sweeping::order_remove(const std::string& client, const std::string& name) {
  auto refuse = [&](const Error& error) {
    answer(client, ask::refusal(error));
    changed();
  };
  auto it = sweeps_.find(name);
  if (it == sweeps_.end()) return refuse(no_sweep(name));
  std::vector<StoreOp> ops = {remove_sweep(name)};
  Status read = records_.each_run(name, [&](const RunRecord& run) {
    std::ranges::move(remove_run(name, run.run_id), std::back_inserter(ops));
    return true;
  });
  if (!read && read.error().code != Errc::corrupt) return refuse(read.error());
  if (auto run = runs_.find(it->second.record.running); run != runs_.end()) {
    run->second->removed = true;
    call_back([&](const Out& out) { return out.run == run->second.get(); }, Out::Why::removed);
  }
  // Nothing of the run is written behind this.
  keep(std::move(ops), [this, client, name] {
    sweeps_.erase(name);
    spdlog::info("event=sweep_removed sweep={}", name);
    answer(client, right(Json{{"name", name}}));
    changed();
  });
}

void Sweeping::order_pause(const std::string& client, const std::string& name, bool paused) {
  auto it = sweeps_.find(name);
  if (it == sweeps_.end()) {
    answer(client, ask::refusal(no_sweep(name)));
    return changed();
  }
  SweepRecord record = it->second.record;
  // What was due meanwhile is not made up for.
  if (record.paused && !paused) record.last_due_s = now_s();
  record.paused = paused;
  keep_order(client, {put(record)}, Json{{"name", name}, {"paused", paused}}.dump(), [this, record, paused] {
    Sweep& sweep = sweeps_[record.spec.name];
    sweep.record = record;
    schedule(sweep);
    auto run = runs_.find(record.running);
    if (run == runs_.end()) return;
    run->second->paused = paused;
    if (paused) call_back([&](const Out& out) { return out.run == run->second.get(); }, Out::Why::paused);
  });
}

}  // namespace assay::sweeps
