// Questions and orders of the API (scheduler/ask.h), JSON both ways. Questions are answered from memory;
// orders once they are on disk.
#include <nlohmann/json.hpp>

#include "common/clock.h"
#include "common/log.h"
#include "common/text.h"
#include "scheduler/ask.h"
#include "scheduler/server_loop.h"

namespace assay {

namespace {

using nlohmann::json;

uint32_t http_status(Errc code) {
  switch (code) {
    case Errc::invalid:
      return 400;
    case Errc::denied:
      return 403;
    case Errc::not_found:
      return 404;
    case Errc::conflict:
      return 409;
    case Errc::limit:
      return 429;
    case Errc::no_space:
      return 507;
    default:
      return 500;
  }
}

wire::Answer wrong(const Error& error) {
  return {http_status(error.code),
          json{{"error", {{"code", to_string(error.code)}, {"message", error.what}}}}.dump(
              -1, ' ', false, json::error_handler_t::replace)};
}

wire::Answer right(const json& body) {
  return {200, body.dump(-1, ' ', false, json::error_handler_t::replace)};
}

std::string text(const json& body, const char* name) {
  auto it = body.find(name);
  return it != body.end() && it->is_string() ? it->get<std::string>() : std::string();
}

json as_json(const Agents::View& view, std::chrono::steady_clock::time_point now) {
  double silent = std::chrono::duration<double>(now - view.last_seen).count();
  return {{"name", view.name},
          {"mode", to_string(view.mode)},
          {"connected", view.connected},
          {"slots", view.capacity.slots},
          {"cpu_millis", view.capacity.cpu_millis},
          {"memory_bytes", view.capacity.memory_bytes},
          {"credit", view.credit},
          {"free_cpu_millis", view.cpu_millis},
          {"free_memory_bytes", view.memory_bytes},
          {"why", view.why},
          {"leases", view.leases},
          {"last_seen_s", view.last_seen == Agents::View().last_seen ? json() : json(silent)}};
}

std::optional<Agents::Mode> parse_mode(const std::string& name) {
  for (auto mode : {Agents::Mode::active, Agents::Mode::draining, Agents::Mode::fenced})
    if (name == to_string(mode)) return mode;
  return std::nullopt;
}

}  // namespace

std::optional<wire::Answer> Server::answer(const std::string& client, const wire::Ask& m) {
  json body = json::parse(m.body.empty() ? "{}" : m.body, nullptr, false);
  if (!body.is_object()) return wrong({Errc::invalid, "the question is no JSON object"});
  if (m.op == ask::kAgents) return describe_agents();
  if (m.op == ask::kQueue) return describe_queue();
  if (m.op == ask::kCapacity) return describe_capacity(m);
  if (m.op == ask::kExplain) return right({{"waits", explain(text(body, "scan_id"))}});
  if (m.op == ask::kAgentMode) return set_agent_mode(text(body, "name"), text(body, "mode"));
  if (m.op == ask::kReload) {
    Status done = reload();
    return done ? right(json::object()) : wrong(done.error());
  }
  // What follows is written.
  if (no_room()) return wrong({Errc::no_space, "the scheduler's disk is full: make room, then try again"});
  if (m.op == ask::kCancel) return order_cancel(client, text(body, "scan_id"), text(body, "batch_id"));
  if (m.op == ask::kRetry) return order_retry(client, text(body, "scan_id"));
  if (m.op == ask::kBatchPut) return order_batch(client, m);
  return wrong({Errc::not_found, "no operation '" + printable(m.op, 64) + "'"});
}

std::string Server::explain(const std::string& scan_id) const {
  auto it = open_.find(scan_id);
  if (it == open_.end()) return "";
  const ScanRecord& record = it->second;
  if (record.state == ScanState::shipped) return "waits to be scored";
  if (!record.same_as.empty()) return "waits for scan " + record.same_as + ", an equal job";
  if (no_room()) return "the scheduler's disk is full";
  return queue_.explain(scan_id, now_);
}

wire::Answer Server::describe_agents() const {
  json list = json::array();
  for (const auto& view : agents_.list(queue_)) list.push_back(as_json(view, now_));
  return right({{"agents", std::move(list)}});
}

wire::Answer Server::describe_queue() const {
  json lanes = json::object(), tenants = json::object();
  auto stats = queue_.lanes(now_);
  for (size_t i = 0; i < kLanes; ++i)
    lanes[to_string(static_cast<Lane>(i))] = {
        {"ready", stats[i].ready},
        {"delayed", stats[i].delayed},
        {"leased", stats[i].leased},
        {"oldest_wait_s", std::chrono::duration<double>(stats[i].oldest_wait).count()}};
  for (const auto& [tenant, count] : queue_.tenants())
    tenants[tenant] = {{"waiting", count.waiting}, {"leased", count.leased}};
  auto measured = rate_.measure(now_);
  return right({{"lanes", std::move(lanes)},
                {"tenants", std::move(tenants)},
                {"open", open_.size()},
                {"scoring", to_score_.size() + scoring_->waiting()},
                {"agents", sessions_.size()},
                {"finished_per_min", measured.per_second() * 60},
                {"service_s", measured.mean_seconds},
                {"free_bytes", free_bytes_},
                {"accepting", !no_room()}});
}

wire::Answer Server::describe_capacity(const wire::Ask& m) const {
  json body = json::parse(m.body, nullptr, false);
  CapacityInput input;
  auto stats = queue_.lanes(now_);
  json lanes = json::object();
  for (size_t i = 0; i < kLanes; ++i) {
    input.waiting[i] = stats[i].ready + stats[i].delayed;
    input.leased += stats[i].leased;
    lanes[to_string(static_cast<Lane>(i))] = input.waiting[i];
  }
  for (const auto& view : agents_.list(queue_)) {
    if (!view.connected || view.mode != Agents::Mode::active) continue;
    ++input.agents;
    input.slots += view.capacity.slots;
  }
  input.measured = rate_.measure(now_);
  if (auto it = body.find("seconds"); it != body.end() && it->is_number())
    input.finish_in_seconds = it->get<double>();
  CapacityAnswer answer = capacity(input);
  auto number = [](const auto& value) { return value ? json(*value) : json(); };
  return right({{"backlog", std::move(lanes)},
                {"leased", input.leased},
                {"slots", input.slots},
                {"agents_now", input.agents},
                {"agents_needed", number(answer.agents_needed)},
                {"service_s", input.measured.mean_seconds},
                {"rate_per_min", input.measured.per_second() * 60},
                {"finish_s", number(answer.seconds)},
                {"basis", answer.basis}});
}

wire::Answer Server::set_agent_mode(const std::string& name, const std::string& mode_name) {
  auto mode = parse_mode(mode_name);
  if (!mode)
    return wrong({Errc::invalid, "'" + printable(mode_name, 64) + "' is none of active, draining, fenced"});
  if (!agents_.knows(name))
    return wrong({Errc::not_found, "no agent '" + printable(name, 64) + "' has been here"});
  agents_.set_mode(name, *mode);
  spdlog::warn("event=agent_mode agent={} mode={}", printable(name, 64), to_string(*mode));
  // A fenced agent is not trusted any more: what it runs is run elsewhere, what it says of it is refused.
  if (*mode == Agents::Mode::fenced)
    for (const Lapse& lost : queue_.release(name, {}, now_)) {
      (void)tell_agent(name, wire::Cancel{lost.scan_id, lost.attempt});
      lapse(lost, to_string(Errc::denied), "its agent " + name + " was fenced");
    }
  return right({{"name", name}, {"mode", mode_name}});
}

std::optional<wire::Answer> Server::order_cancel(const std::string& client, const std::string& scan_id,
                                                 const std::string& batch_id) {
  uint64_t cancelled = 0;
  if (!batch_id.empty()) {
    std::vector<std::string> members;
    Status read = keep_.each_member(batch_id, [&](const std::string& id) {
      if (open_.contains(id)) members.push_back(id);
      return true;
    });
    if (!read) return wrong(read.error());
    for (const std::string& id : members) cancelled += cancel(id) ? 1 : 0;
  } else {
    if (Status done = cancel(scan_id); !done) return wrong(done.error());
    cancelled = 1;
  }
  stage_.add({}, [this, client, answer = right({{"cancelled", cancelled}})] { tell_client(client, answer); });
  return std::nullopt;
}

std::optional<wire::Answer> Server::order_retry(const std::string& client, const std::string& scan_id) {
  auto record = retry(scan_id);
  if (!record) return wrong(record.error());
  stage_.add(
      Keep::reopened(*record),
      [this, client, record = *record] {
        tell_client(client, right({{"scan_id", record.scan_id}}));
        notify(record);
        attach(record);
      },
      [this, client](const Error& error) { tell_client(client, wrong(error)); });
  return std::nullopt;
}

std::optional<wire::Answer> Server::order_batch(const std::string& client, const wire::Ask& m) {
  json body = json::parse(m.body, nullptr, false);
  BatchRecord batch;
  batch.batch_id = ids_.next(std::chrono::system_clock::now());
  batch.name = text(body, "name");
  batch.tenant = text(body, "tenant");
  batch.manifest = text(body, "manifest");
  batch.created_ns = wall_ns();
  if (auto labels = body.find("labels"); labels != body.end() && labels->is_object())
    for (const auto& [name, value] : labels->items())
      if (value.is_string() && batch.labels.size() < kMaxLabels)
        batch.labels.emplace_back(name, value.get<std::string>());
  stage_.add(
      Keep::batch(batch),
      [this, client, id = batch.batch_id] {
        tell_client(client, right({{"batch_id", id}}));
      },
      [this, client](const Error& error) { tell_client(client, wrong(error)); });
  return std::nullopt;
}

}  // namespace assay
