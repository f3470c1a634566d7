// The farm as a whole, in words and tables: assay status without a scan, and assay capacity.
#include <cmath>
#include <cstdio>

#include "cli/farm_text.h"
#include "cli/table.h"
#include "common/text.h"
#include "scheduler/score/text_layout.h"

namespace assay::cli {
namespace {

using layout::count_text;
using layout::plural;

constexpr size_t kMaxTenants = 10;
constexpr double kEndlessSeconds = 1e9;  // longer than that is as good as never

std::string seconds_text(std::optional<double> seconds) {
  if (!seconds || !(*seconds >= 0 && *seconds < kEndlessSeconds)) return "not known";
  return duration_text(bounded_seconds(*seconds));
}

std::string age(double ms) { return ms < 1 ? "-" : duration_text(bounded_seconds(ms / 1000)); }

std::string pace(const CapacityView& capacity) {
  char text[64];
  std::snprintf(text, sizeof text, "%.3g scans a minute", capacity.rate_per_s.value_or(0) * 60);
  return std::string(text) + (capacity.service_s ? ", " + seconds_text(capacity.service_s) + " each" : "");
}

std::string field(const char* label, const std::string& text) {
  return layout::pad(label, 10) + " " + text + "\n";
}

std::string agents_line(const std::vector<AgentView>& agents) {
  uint64_t connected = 0, slots = 0, leases = 0;
  Counts modes;
  for (const AgentView& agent : agents) {
    connected += agent.connected;
    slots += agent.connected ? agent.slots : 0;
    leases += agent.leases;
    if (agent.mode != "active") ++modes[agent.mode];
  }
  std::string out = count_text(connected) + " of " + count_text(agents.size()) + " connected, " +
                    count_text(leases) + " of " + plural(slots, "slot") + " taken";
  return out + (modes.empty() ? "" : ", " + counts_text(modes));
}

}  // namespace

std::string farm_text(const QueueView& queue, const std::vector<AgentView>& agents,
                      const CapacityView& capacity, unsigned width) {
  std::string out;
  if (queue.stalled) out += "STALLED: the scheduler's disk is full; nothing moves until there is room\n\n";
  Table lanes({{"LANE"}, {"QUEUED", true}, {"RUNNING", true}, {"OLDEST", true}});
  for (const auto& lane : queue.lanes)
    lanes.row({lane.name, count_text(lane.queued), count_text(lane.leased), age(lane.oldest_ms)});
  out += lanes.str(width) + "\n";
  if (queue.tenants.size() > 1) {
    Table tenants({{"TENANT"}, {"QUEUED", true}, {"RUNNING", true}});
    for (size_t i = 0; i < std::min(queue.tenants.size(), kMaxTenants); ++i)
      tenants.row(
          {queue.tenants[i].name, count_text(queue.tenants[i].queued), count_text(queue.tenants[i].leased)});
    out += tenants.str(width);
    if (queue.tenants.size() > kMaxTenants)
      out += "... and " + count_text(queue.tenants.size() - kMaxTenants) + " more\n";
    out += "\n";
  }
  out += field("agents", agents_line(agents));
  out += field("pace", pace(capacity));
  if (capacity.backlog > 0)
    out +=
        field("backlog", plural(capacity.backlog, "scan") + ", done in: " + seconds_text(capacity.finish_s));
  if (queue.delayed > 0) out += field("delayed", count_text(queue.delayed) + " wait after a failure");
  if (queue.scoring > 0) out += field("scoring", count_text(queue.scoring));
  for (const auto& registry : queue.registries)
    if (registry.wait_ms > 0)
      out +=
          field("registry", still_printable(registry.name, 200) + " is left alone for " +
                                age(registry.wait_ms) + ", " + count_text(registry.queued) + " wait for it");
  if (queue.store_bytes)
    out += field("store", layout::size_text(*queue.store_bytes) +
                              (queue.store_budget_bytes.value_or(0) > 0
                                   ? " of at most " + layout::size_text(*queue.store_budget_bytes)
                                   : ""));
  if (queue.free_bytes) out += field("disk", layout::size_text(*queue.free_bytes) + " free");
  return out;
}

std::string capacity_text(const CapacityView& capacity, const std::string& by) {
  std::string out = field("backlog", plural(capacity.backlog, "scan"));
  out += field("agents", count_text(capacity.agents) + " with " + plural(capacity.slots, "slot"));
  out += field("pace", pace(capacity));
  out += field("done in", capacity.backlog == 0 ? "nothing is left to do" : seconds_text(capacity.finish_s));
  std::string goal = by.empty() ? "in " + seconds_text(capacity.seconds) : "by " + printable(by, 64);
  if (!capacity.agents_needed && capacity.slots_needed)
    return out + field("needed", plural(*capacity.slots_needed, "slot") + " to be done " + goal);
  if (!capacity.agents_needed) return out + field("needed", "not known: there is nothing to measure by yet");
  out +=
      field("needed", plural(*capacity.agents_needed, "agent") +
                          (capacity.slots_needed ? " (" + plural(*capacity.slots_needed, "slot") + ")" : "") +
                          " to be done " + goal);
  if (*capacity.agents_needed > capacity.agents)
    out += field("", "that is " + count_text(*capacity.agents_needed - capacity.agents) + " more than now");
  return out;
}

}  // namespace assay::cli
