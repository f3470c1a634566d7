// The names of the scheduler's metrics.
#include "scheduler/metrics.h"

#include "common/event.h"
#include "common/result.h"

namespace assay {
namespace {

// One handle a lane, in the lanes' order.
template <class Make>
auto by_lane(Make make) {
  auto one = [&](Lane lane) { return make(MetricLabels{{"lane", to_string(lane)}}); };
  return std::array{one(Lane::gate), one(Lane::interactive), one(Lane::batch), one(Lane::sweep)};
}

std::array<Gauge, 3> by_mode(Metrics& metrics) {
  auto one = [&](const char* mode) {
    return metrics.gauge("assay_agents", "Connected agents.", {{"mode", mode}});
  };
  return {one("active"), one("draining"), one("fenced")};
}

std::array<Counter, 4> by_status(Metrics& metrics) {
  auto one = [&](const char* code) {
    return metrics.counter("assay_http_requests_total", "HTTP requests answered.", {{"code", code}});
  };
  return {one("2xx"), one("3xx"), one("4xx"), one("5xx")};
}

std::array<Gauge, 6> store_by_kind(Metrics& metrics) {
  auto one = [&](const char* kind) {
    return metrics.gauge("assay_store_bytes", "What the store has on disk.", {{"kind", kind}});
  };
  return {one("artifacts"), one("traces"), one("reports"), one("records"), one("index"), one("other")};
}

std::array<Counter, 4> by_kind(Metrics& metrics, const char* name, const char* help) {
  auto one = [&](const char* kind) { return metrics.counter(name, help, {{"kind", kind}}); };
  return {one("artifacts"), one("traces"), one("reports"), one("records")};
}

std::vector<double> group_bounds() { return {1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000}; }

}  // namespace

SchedulerMetrics::SchedulerMetrics(Metrics& m)
    : submissions(m.counter("assay_submissions_total", "Scans accepted, on disk.")),
      refusals(m.counter_by("assay_refusals_total", "Messages and submissions refused.", "reason")),
      queued(by_lane([&](const MetricLabels& labels) {
        return m.gauge("assay_queued_scans", "Scans that wait, delayed ones included.", labels);
      })),
      oldest_wait(by_lane([&](const MetricLabels& labels) {
        return m.gauge("assay_oldest_wait_seconds", "For so long the oldest scan that is ready has waited.",
                       labels);
      })),
      wait(by_lane([&](const MetricLabels& labels) {
        return m.histogram("assay_wait_seconds", "From submission to lease.", duration_bounds(), labels);
      })),
      service(by_lane([&](const MetricLabels& labels) {
        return m.histogram("assay_service_seconds", "From lease to end.", duration_bounds(), labels);
      })),
      leased(m.gauge("assay_leased_scans", "Scans under way at agents.")),
      leases(m.counter("assay_leases_total", "Leases made.")),
      redeliveries(m.counter_by("assay_redeliveries_total", "Leases that ended without a result.", "why")),
      stale_messages(m.counter("assay_stale_messages_total", "Messages of attempts no longer held.")),
      ended(m.counter_by("assay_scans_ended_total", "Scans by the state they ended in.", "state")),
      verdicts(m.counter_by("assay_verdicts_total", "Verdicts given.", "verdict")),
      coalesced(m.counter("assay_coalesced_total", "Scans that took the result of an equal one in flight.")),
      reused(m.counter("assay_reused_total", "Scans that took a stored result.")),
      pulls(m.counter_by("assay_pulls_total", "Leases by the registry that is pulled from.", "registry")),
      registry_blocked(m.counter_by("assay_registry_blocked_seconds_total",
                                    "Time for which a registry was left alone, as it had asked.",
                                    "registry")),
      scoring(m.gauge("assay_scoring_scans", "Whole traces that wait for their report.")),
      affinity_hits(m.counter("assay_affinity_total", "Leases, by whether the agent had layers of it.",
                              {{"cached", "yes"}})),
      affinity_misses(m.counter("assay_affinity_total", "Leases, by whether the agent had layers of it.",
                                {{"cached", "no"}})),
      events(m.counter("assay_events_total", "Events of whole traces.")),
      lost(m.counter_by("assay_events_lost_total", "Events lost, as their sources counted.", "source")),
      chunks(m.counter("assay_chunks_total", "Chunks kept.")),
      chunk_bytes(m.counter("assay_chunk_bytes_total", "Bytes of the chunks kept, compressed.")),
      commit(m.histogram("assay_commit_seconds", "Time of one group commit.", duration_bounds())),
      commit_group(m.histogram("assay_commit_batches", "Batches in one group commit.", group_bounds())),
      commit_failures(m.counter("assay_commit_failures_total", "Group commits that failed.")),
      free_bytes(m.gauge("assay_store_free_bytes", "Room left where the store writes.")),
      reserve_bytes(m.gauge("assay_store_reserve_bytes", "With less room left submissions are refused.")),
      last_backup(m.gauge("assay_last_backup_timestamp_seconds",
                          "Unix time of the last backup beside a running scheduler; 0: none.")),
      stalled(m.gauge("assay_stalled", "1 while nothing can be committed.")),
      store_bytes(store_by_kind(m)),
      store_budget(m.gauge("assay_store_budget_bytes", "What the store may have on disk; 0: no limit.")),
      pinned(m.gauge("assay_pinned_scans", "Scans that retention leaves alone.")),
      pruned(by_kind(m, "assay_pruned_total", "Scans of which retention took something.")),
      pruned_bytes(by_kind(m, "assay_pruned_bytes_total", "About how much that was on disk.")),
      agents(by_mode(m)),
      absent(m.gauge("assay_agents_absent", "Agents not connected, though neither drained nor fenced.")),
      slots(m.gauge("assay_slots", "Slots of connected agents.")),
      credit(m.gauge("assay_credit", "Leases that the agents would take now.")),
      agents_forgotten(m.counter("assay_agents_forgotten_total", "Agents that were forgotten.")),
      notices_dropped(m.counter("assay_notices_dropped_total", "Notices for clients that were too slow.")),
      requests_timed_out(
          m.counter("assay_http_loop_timeouts_total", "HTTP requests that the loop did not answer in time.")),
      requests(by_status(m)),
      certificate_end(m.gauge("assay_certificate_expiry_timestamp_seconds",
                              "Unix time at which the certificate expires; 0: there is none.")) {
  // A series that begins with its first event shows no increase then: what alerts ask for begins at zero.
  for (size_t source = 0; source < kSourceCount; ++source)
    lost.add(to_string(static_cast<Source>(source)), 0);
  for (const char* state : {"done", "failed", "cancelled"}) ended.add(state, 0);
  for (const char* verdict : {"clean", "suspicious", "malicious", "inconclusive"}) verdicts.add(verdict, 0);
  for (Errc why : {Errc::timeout, Errc::io, Errc::busy, Errc::denied}) redeliveries.add(to_string(why), 0);
  add_program_info(m);
}

}  // namespace assay
