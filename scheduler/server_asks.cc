// Questions and orders of the API (scheduler/ask.h), JSON both ways. Questions are answered from memory;
// orders once they are on disk.
#include <nlohmann/json.hpp>

#include "common/clock.h"
#include "common/json_parts.h"
#include "common/log.h"
#include "common/text.h"
#include "scheduler/ask.h"
#include "scheduler/server_loop.h"

namespace assay {

namespace {

using nlohmann::json;

constexpr size_t kMaxTenants = 100;
constexpr size_t kMaxRegistryBytes = 300;
constexpr uint64_t kLongestPauseMs = 24 * 3600 * 1000;  // leave_alone() has a bound of its own

wire::Answer right(const json& body) {
  return {200, body.dump(-1, ' ', false, json::error_handler_t::replace)};
}

double ms(std::chrono::steady_clock::duration time) {
  return std::chrono::duration<double, std::milli>(time).count();
}

// A batch to be kept, as the API made it.
BatchRecord read_batch(const json& body) {
  BatchRecord batch;
  batch.batch_id = text_of(body, "batch_id");
  batch.name = text_of(body, "name");
  batch.tenant = text_of(body, "tenant");
  batch.manifest = text_of(body, "manifest");
  batch.created_ns = wall_ns();
  if (auto labels = body.find("labels"); labels != body.end() && labels->is_object())
    for (const auto& [name, value] : labels->items())
      if (value.is_string() && batch.labels.size() < kMaxLabels)
        batch.labels.emplace_back(name, value.get<std::string>());
  return batch;
}

ask::CapacityQuestion read_capacity_question(const json& body) {
  auto number = [&](const char* name) {
    auto found = body.find(name);
    bool there = found != body.end() && found->is_number_unsigned();
    return there ? std::optional(found->get<uint64_t>()) : std::nullopt;
  };
  ask::CapacityQuestion out;
  out.seconds = number("seconds");
  out.least = number("min").value_or(out.least);
  out.most = number("max").value_or(out.most);
  return out;
}

json fenced_by(const Agents::Fencing& fencing) {
  if (fencing.scan_id.empty()) return nullptr;
  return {{"scan_id", fencing.scan_id}, {"attempt", fencing.attempt}, {"reason", fencing.reason}};
}

}  // namespace

std::optional<wire::Answer> Server::answer(const std::string& client, const wire::Ask& m) {
  json body = json::parse(m.body.empty() ? "{}" : m.body, nullptr, false);
  if (!body.is_object()) return ask::refusal({Errc::invalid, "the question is no JSON object"});
  if (m.op == ask::kAgents) return describe_agents();
  if (m.op == ask::kQueue) return describe_queue();
  if (m.op == ask::kCapacity) return describe_capacity(read_capacity_question(body));
  if (m.op == ask::kAgentForget)
    return forget_agent(text_of(body, "name"), body.value("fenced", json()) == true);
  if (m.op == ask::kExplain) return explain(text_of(body, "scan_id"));
  if (m.op == ask::kFarm)
    return right({{"rules_version", scoring_->rules_version()}, {"platforms", agents_.platforms()}});
  if (m.op == ask::kRegistryBusy) {
    auto pause = body.find("ms");
    if (pause == body.end() || !pause->is_number_unsigned())
      return ask::refusal({Errc::invalid, "'ms' is a whole number, not negative"});
    return order_left_alone(text_of(body, "registry"), pause->get<uint64_t>());
  }
  if (m.op == ask::kAgentMode) return set_agent_mode(text_of(body, "name"), text_of(body, "mode"));
  if (m.op == ask::kReload) {
    want_reload(client);
    return std::nullopt;
  }
  if (m.op == ask::kRescore) {
    auto apply = body.find("apply");
    return order_rescore(client, text_of(body, "scan_id"),
                         apply != body.end() && apply->is_boolean() && apply->get<bool>());
  }
  if (m.op == ask::kPrune) return order_prune(client, body.value("dry_run", json()) != false);
  // What follows is written.
  if (no_room())
    return ask::refusal({Errc::no_space, "the scheduler's disk is full: make room, then try again"});
  if (m.op == ask::kCancel)
    return order_cancel(client, text_of(body, "scan_id"), text_of(body, "batch_id"),
                        body.value("queued", json()) == true);
  if (m.op == ask::kRetry) return order_retry(client, text_of(body, "scan_id"));
  if (m.op == ask::kPin) return order_pin(client, text_of(body, "scan_id"), text_of(body, "reason"));
  if (m.op == ask::kBatchPut) return order_batch(client, read_batch(body));
  if (m.op == ask::kSweepRecords) return order_sweep_records(client, m.body);
  return ask::refusal({Errc::not_found, "no operation '" + printable(m.op, 64) + "'"});
}

wire::Answer Server::explain(const std::string& scan_id) const {
  auto it = open_.find(scan_id);
  if (it == open_.end())
    return ask::refusal({Errc::not_found, "scan " + printable(scan_id, 64) + " is not open"});
  const ScanRecord& record = it->second;
  json waits = json::array();
  auto why = [&](const char* code, const std::string& words) {
    waits.push_back({{"code", code}, {"text", words}});
  };
  if (no_room()) why("no_space", "the scheduler's disk is full");
  if (record.state == ScanState::shipped) why("scoring", "its trace is whole and waits to be scored");
  if (!record.same_as.empty()) why("follows", "scan " + record.same_as + ", an equal job, runs for both");
  if (record.state == ScanState::queued && record.same_as.empty())
    why("queue", queue_.explain(scan_id, now_));
  return right({{"scan_id", scan_id}, {"waits", std::move(waits)}});
}

wire::Answer Server::describe_agents() const {
  std::unordered_map<std::string, json> leases;
  int64_t wall = wall_ns();
  for (const auto& [scan_id, record] : open_) {
    if (record.state != ScanState::leased) continue;
    auto phase = phases_.find(scan_id);
    auto [it, fresh] = leases.try_emplace(record.agent, json::array());
    it->second.push_back({{"scan_id", scan_id},
                          {"attempt", record.attempt},
                          {"phase", phase == phases_.end() ? "" : phase->second},
                          {"age_ms", (wall - record.leased_ns) / 1'000'000}});
  }
  json list = json::array();
  for (const auto& view : agents_.list(queue_)) {
    auto held = leases.find(view.name);
    bool never = view.last_seen == QueueTime();
    list.push_back({{"name", view.name},
                    {"mode", to_string(view.mode)},
                    {"fenced_by", fenced_by(view.fencing)},
                    {"connected", view.connected},
                    {"version", sessions_.version_of(view.name)},
                    {"wire", sessions_.wire_of(view.name)},
                    {"platforms", view.platforms},
                    {"slots", view.capacity.slots},
                    {"cpu_millis", view.capacity.cpu_millis},
                    {"memory_bytes", view.capacity.memory_bytes},
                    {"credit", view.credit},
                    {"why", view.why},
                    {"seen_ms", never ? json() : json(ms(now_ - view.last_seen))},
                    {"cached", view.cached},
                    {"leases", held == leases.end() ? json::array() : held->second}});
  }
  return right({{"agents", std::move(list)}});
}

wire::Answer Server::describe_queue() const {
  json lanes = json::array(), tenants = json::array();
  auto stats = queue_.lanes(now_);
  for (size_t i = 0; i < kLanes; ++i)
    lanes.push_back({{"lane", to_string(static_cast<Lane>(i))},
                     {"queued", stats[i].ready + stats[i].delayed},
                     {"leased", stats[i].leased},
                     {"oldest_ms", ms(stats[i].oldest_wait)}});
  for (const auto& [tenant, count] : queue_.tenants())
    if (tenants.size() < kMaxTenants)
      tenants.push_back({{"tenant", tenant}, {"queued", count.waiting}, {"leased", count.leased}});
  return right({{"lanes", std::move(lanes)},
                {"tenants", std::move(tenants)},
                {"delayed", queue_.delayed()},
                {"scoring", scoring_->pending()},
                {"stalled", no_room()},
                {"free_bytes", free_bytes_},
                {"store_bytes", used_bytes_ > 0 ? json(used_bytes_) : json()},
                {"store_budget_bytes", config_.retention.budget_bytes}});
}

wire::Answer Server::describe_capacity(const ask::CapacityQuestion& question) const {
  CapacityInput input;
  auto stats = queue_.lanes(now_);
  for (size_t i = 0; i < kLanes; ++i) {
    input.waiting[i] = stats[i].ready + stats[i].delayed;
    input.leased += stats[i].leased;
  }
  for (const auto& view : agents_.list(queue_)) {
    if (!view.connected || view.mode != Agents::Mode::active) continue;
    ++input.agents;
    input.slots += view.capacity.slots;
  }
  input.measured = rate_.measure(now_);
  if (question.seconds) input.finish_in_seconds = static_cast<double>(*question.seconds);
  CapacityAnswer answer = capacity(input);
  auto number = [](const auto& value) { return value ? json(*value) : json(); };
  return right({{"seconds", number(question.seconds)},
                {"backlog", queue_.ready() + queue_.delayed() + input.leased},
                {"agents", input.agents},
                {"slots", input.slots},
                {"service_s", input.measured.finished > 0 ? json(input.measured.mean_seconds) : json()},
                {"rate_per_s", input.measured.per_second()},
                {"finish_s", number(answer.seconds)},
                {"agents_needed", number(answer.agents_needed)},
                {"needed_agents", agents_to_have(input, answer, question.least, question.most)},
                {"basis", answer.basis}});
}

// What a sweep was told counts for the agents, too.
wire::Answer Server::order_left_alone(const std::string& registry, uint64_t pause_ms) {
  if (registry.empty() || registry.size() > kMaxRegistryBytes)
    return ask::refusal({Errc::invalid, "'registry' is a host, as in registry.example:5000"});
  pause_ms = std::min(pause_ms, kLongestPauseMs);
  spdlog::info("event=registry_busy registry={} pause_ms={}", printable(registry, 200), pause_ms);
  leave_alone(registry, std::chrono::milliseconds(pause_ms));
  return right(json::object());
}

std::optional<wire::Answer> Server::order_cancel(const std::string& client, const std::string& scan_id,
                                                 const std::string& batch_id, bool queued_only) {
  uint64_t cancelled = 0;
  if (!batch_id.empty()) {
    std::vector<std::string> members;
    Status read = keep_.each_member(batch_id, [&](const std::string& id) {
      auto it = open_.find(id);
      if (it != open_.end() && !(queued_only && has_begun(it->second))) members.push_back(id);
      return true;
    });
    if (!read) return ask::refusal(read.error());
    for (const std::string& id : members) cancelled += cancel(id) ? 1 : 0;
  } else {
    if (Status done = cancel(scan_id); !done) return ask::refusal(done.error());
    cancelled = 1;
  }
  stage_.add({},
             [this, client, answer = right(json{{"cancelled", cancelled}})] { tell_client(client, answer); });
  return std::nullopt;
}

std::optional<wire::Answer> Server::order_retry(const std::string& client, const std::string& scan_id) {
  auto record = retry(scan_id);
  if (!record) return ask::refusal(record.error());
  stage_.add(
      Keep::reopened(*record),
      [this, client, record = *record] {
        tell_client(client, right({{"scan_id", record.scan_id}}));
        notify(record);
        attach(record);
      },
      [this, client](const Error& error) { tell_client(client, ask::refusal(error)); });
  return std::nullopt;
}

std::optional<wire::Answer> Server::order_batch(const std::string& client, const BatchRecord& batch) {
  if (!is_scan_id(batch.batch_id)) return ask::refusal({Errc::invalid, "no batch id"});
  stage_.add(
      Keep::batch(batch),
      [this, client, id = batch.batch_id] {
        tell_client(client, right({{"batch_id", id}}));
      },
      [this, client](const Error& error) { tell_client(client, ask::refusal(error)); });
  return std::nullopt;
}

}  // namespace assay
