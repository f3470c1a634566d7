// What the scheduler says of itself: agents, queue, capacity (scheduler/ask.h).
#include "cli/answers.h"
#include "cli/json_fields.h"

namespace assay::cli {
namespace {

Result<AgentView> agent_of(const Json& json) {
  Fields fields(json, "agent");
  AgentView agent;
  agent.name = fields.text("name");
  agent.mode = fields.text("mode");
  agent.connected = fields.flag("connected");
  agent.version = fields.text("version");
  agent.slots = fields.number<uint32_t>("slots");
  agent.cpu_millis = fields.number<uint32_t>("cpu_millis");
  agent.memory_bytes = fields.number<uint64_t>("memory_bytes");
  agent.credit = fields.number<uint32_t>("credit");
  agent.why = fields.text("why");
  agent.seen_ms = fields.maybe_real("seen_ms");
  if (const Json* leases = fields.list("leases"); leases != nullptr) agent.leases = leases->size();
  if (const Json* by = fields.object("fenced_by"); by != nullptr) {
    Fields hit(*by, "agent's fencing");
    agent.fenced_by = hit.text("scan_id");
    agent.fenced_why = hit.text("reason");
    ASSAY_CHECK(hit.status());
  }
  ASSAY_CHECK(fields.status());
  return agent;
}

Result<QueueView::Lane> lane_of(const Json& json) {
  Fields fields(json, "lane");
  QueueView::Lane lane{fields.text("lane"), fields.number<uint64_t>("queued"),
                       fields.number<uint64_t>("leased"), fields.real("oldest_ms")};
  ASSAY_CHECK(fields.status());
  return lane;
}

Result<QueueView::Tenant> tenant_of(const Json& json) {
  Fields fields(json, "tenant");
  QueueView::Tenant tenant{fields.text("tenant"), fields.number<uint64_t>("queued"),
                           fields.number<uint64_t>("leased")};
  ASSAY_CHECK(fields.status());
  return tenant;
}

Result<QueueView::Registry> registry_of(const Json& json) {
  Fields fields(json, "registry");
  QueueView::Registry registry{fields.text("registry"), fields.number<uint64_t>("queued"),
                               fields.real("wait_ms")};
  ASSAY_CHECK(fields.status());
  return registry;
}

}  // namespace

Result<std::vector<AgentView>> read_agents(std::string_view text) {
  return list_of<AgentView>(text, "agents", agent_of);
}

Result<QueueView> read_queue(std::string_view text) {
  ASSAY_TRY(Json json, parse_object(text, "the server's answer"));
  QueueView queue;
  ASSAY_TRY(queue.lanes, list_of<QueueView::Lane>(json, "lanes", lane_of));
  ASSAY_TRY(queue.tenants, list_of<QueueView::Tenant>(json, "tenants", tenant_of));
  Fields fields(json, "queue");
  if (fields.has("registries")) {
    ASSAY_TRY(queue.registries, list_of<QueueView::Registry>(json, "registries", registry_of));
  }
  queue.delayed = fields.number<uint64_t>("delayed");
  queue.scoring = fields.number<uint64_t>("scoring");
  queue.stalled = fields.flag("stalled");
  queue.free_bytes = fields.maybe_number("free_bytes");
  if (fields.has("store_bytes")) queue.store_bytes = fields.maybe_number("store_bytes");
  if (fields.has("store_budget_bytes")) queue.store_budget_bytes = fields.maybe_number("store_budget_bytes");
  ASSAY_CHECK(fields.status());
  return queue;
}

Result<CapacityView> read_capacity(std::string_view text) {
  ASSAY_TRY(Json json, parse_object(text, "the server's answer"));
  Fields fields(json, "capacity");
  CapacityView out;
  out.seconds = fields.real("seconds");
  out.backlog = fields.number<uint64_t>("backlog");
  out.agents = fields.number<uint64_t>("agents");
  out.slots = fields.number<uint64_t>("slots");
  out.service_s = fields.maybe_real("service_s");
  out.rate_per_s = fields.maybe_real("rate_per_s");
  out.finish_s = fields.maybe_real("finish_s");
  out.slots_needed = fields.maybe_number("slots_needed");
  out.agents_needed = fields.maybe_number("agents_needed");
  ASSAY_CHECK(fields.status());
  return out;
}

}  // namespace assay::cli
