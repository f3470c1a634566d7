// Names and help.
#include "agent/metrics.h"

#include "common/event.h"

namespace assay {

AgentMetrics::AgentMetrics()
    : slots(metrics_.gauge("assay_agent_slots", "Guests that may run at once.")),
      running(metrics_.gauge("assay_agent_running", "Scans whose guest runs, or is about to.")),
      waiting(metrics_.gauge("assay_agent_waiting", "Scans that pull, unpack or wait for a slot.")),
      fenced(metrics_.gauge("assay_agent_fenced", "1 while a hit of a sandbox's guard keeps it from work.")),
      connected(metrics_.gauge("assay_agent_connected", "1 while the scheduler has taken us up.")),
      free_bytes(metrics_.gauge("assay_agent_free_bytes", "Room left on the disk of the data directory.")),
      reserve_bytes(metrics_.gauge("assay_agent_reserve_bytes", "With less room left no scan is taken.")),
      spool_quota(metrics_.gauge("assay_agent_spool_quota_bytes", "With a fuller spool no scan is taken.")),
      spool_bytes(metrics_.gauge("assay_agent_spool_bytes", "Of chunks not yet stored by the scheduler.")),
      spool_chunks(metrics_.gauge("assay_agent_spool_chunks", "Chunks not yet stored by the scheduler.")),
      spool_attempts(metrics_.gauge("assay_agent_spool_attempts", "Scans not yet taken by the scheduler.")),
      chunk_bytes(metrics_.counter("assay_agent_chunk_bytes_total", "Of chunks, as spooled.")),
      chunks_sent(metrics_.counter("assay_agent_chunks_sent_total", "Chunks sent, repetitions included.")),
      welcomes(metrics_.counter("assay_agent_welcomes_total", "Times that the scheduler has taken us up.")),
      refusals(metrics_.counter("assay_agent_refusals_total", "Times that the scheduler has refused us.")),
      pulls_(metrics_.counter("assay_agent_pulls_total", "Images of which something was fetched.")),
      pull_cache_hits_(metrics_.counter("assay_agent_pull_cache_hits_total", "Images that were all there.")),
      layers_unpacked_(metrics_.counter("assay_agent_layers_unpacked_total", "Layers unpacked.")),
      layers_reused_(
          metrics_.counter("assay_agent_layers_reused_total", "Layers that were unpacked already.")),
      events_(metrics_.counter("assay_agent_events_total", "Events recorded.")),
      lost_(metrics_.counter_by("assay_agent_events_lost_total", "Events lost, by their source.", "source")),
      ends_(metrics_.counter_by("assay_agent_scans_total", "Scans, by how they ended.", "end")) {
  // A series that begins with its first event shows no increase then: what alerts ask for begins at zero.
  for (size_t source = 0; source < kSourceCount; ++source)
    lost_.add(to_string(static_cast<Source>(source)), 0);
  for (const char* end : {"done", "failed", "cancelled", "handed_back"}) ends_.add(end, 0);
  add_program_info(metrics_);
}

void AgentMetrics::ended(const ScanStats& stats, const std::string& end) {
  ends_.add(end);
  events_.add(static_cast<double>(stats.events));
  pulls_.add(stats.pulls);
  pull_cache_hits_.add(stats.pull_cache_hits);
  layers_unpacked_.add(stats.layers_unpacked);
  layers_reused_.add(stats.layers_reused);
  for (size_t source = 0; source < stats.lost.size(); ++source)
    if (stats.lost[source] > 0)
      lost_.add(to_string(static_cast<Source>(source)), static_cast<double>(stats.lost[source]));
}

}  // namespace assay
