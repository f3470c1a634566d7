// Events of the loop into counters and histograms.
#include "scheduler/measure.h"

namespace assay {
namespace {

double seconds(int64_t ns) { return static_cast<double>(ns) / 1e9; }

size_t lane_of(const ScanRecord& record) { return static_cast<size_t>(record.submission.lane); }

}  // namespace

void Measure::submitted(size_t scans) {
  if (to_) to_->submissions.add(static_cast<double>(scans));
}

void Measure::refused(const std::string& reason) {
  if (to_) to_->refusals.add(reason);
}

void Measure::leased(const ScanRecord& record, const std::string& registry, bool cached) {
  if (!to_) return;
  to_->leases.add();
  to_->wait[lane_of(record)].observe(seconds(record.leased_ns - record.submitted_ns));
  (cached ? to_->affinity_hits : to_->affinity_misses).add();
  if (!registry.empty()) to_->pulls.add(registry);
}

void Measure::redelivered(const std::string& code) {
  if (to_) to_->redeliveries.add(code);
}

void Measure::stale() {
  if (to_) to_->stale_messages.add();
}

void Measure::chunk(size_t bytes) {
  if (!to_) return;
  to_->chunks.add();
  to_->chunk_bytes.add(static_cast<double>(bytes));
}

void Measure::shipped(const TraceFooter& footer) {
  if (!to_) return;
  to_->events.add(static_cast<double>(footer.events));
  for (const SourceCount& source : footer.sources)
    if (source.lost > 0) to_->lost.add(to_string(source.source), static_cast<double>(source.lost));
}

void Measure::ended(const ScanRecord& record) {
  if (!to_) return;
  to_->ended.add(to_string(record.state));
  if (record.state == ScanState::done) to_->verdicts.add(record.verdict);
  if (record.same_as.empty() && record.leased_ns > 0)
    to_->service[lane_of(record)].observe(seconds(record.finished_ns - record.leased_ns));
}

void Measure::coalesced() {
  if (to_) to_->coalesced.add();
}

void Measure::reused() {
  if (to_) to_->reused.add();
}

void Measure::committed(std::chrono::steady_clock::duration took, size_t batches) {
  if (!to_) return;
  to_->commit.observe(std::chrono::duration<double>(took).count());
  to_->commit_group.observe(static_cast<double>(batches));
}

void Measure::commit_failed() {
  if (to_) to_->commit_failures.add();
}

void Measure::agent_forgotten() {
  if (to_) to_->agents_forgotten.add();
}

void Measure::pruned(const StoreUsage& usage, uint64_t pinned, uint64_t budget_bytes,
                     const PruneCounts& counts) {
  if (!to_) return;
  for (size_t i = 0; i < kKeptKinds; ++i) {
    to_->store_bytes[i].set(static_cast<double>(usage.bytes[i]));
    to_->pruned[i].add(static_cast<double>(counts.kinds[i].scans));
    to_->pruned_bytes[i].add(static_cast<double>(counts.kinds[i].bytes));
  }
  to_->store_bytes[kKeptKinds].set(static_cast<double>(usage.index_bytes));
  to_->store_bytes[kKeptKinds + 1].set(static_cast<double>(usage.other_bytes));
  to_->store_budget.set(static_cast<double>(budget_bytes));
  to_->pinned.set(static_cast<double>(pinned));
}

void Measure::levels(const Levels& levels) {
  if (!to_) return;
  auto lanes = levels.queue.lanes(levels.now);
  for (size_t i = 0; i < kLanes; ++i) {
    to_->queued[i].set(static_cast<double>(lanes[i].ready + lanes[i].delayed));
    to_->oldest_wait[i].set(std::chrono::duration<double>(lanes[i].oldest_wait).count());
  }
  to_->leased.set(static_cast<double>(levels.queue.leased()));
  to_->scoring.set(static_cast<double>(levels.scoring));
  agents(levels);
  to_->free_bytes.set(static_cast<double>(levels.free_bytes));
  to_->reserve_bytes.set(static_cast<double>(levels.reserve_bytes));
  to_->stalled.set(levels.stalled ? 1 : 0);
  to_->notices_dropped.add(static_cast<double>(levels.notices_dropped - notices_dropped_));
  notices_dropped_ = levels.notices_dropped;
  double since = levels_at_ ? std::chrono::duration<double>(levels.now - *levels_at_).count() : 0;
  for (const std::string& registry : levels.registries) to_->registry_blocked.add(registry, since);
  levels_at_ = levels.now;
}

void Measure::agents(const Levels& levels) {
  double slots = 0, credit = 0, absent = 0;
  std::array<double, 3> modes{};
  for (const auto& agent : levels.agents.list(levels.queue)) {
    if (!agent.connected) {
      absent += agent.mode == Agents::Mode::active ? 1 : 0;
      continue;
    }
    modes[static_cast<size_t>(agent.mode)] += 1;
    slots += agent.capacity.slots;
    credit += agent.credit;
  }
  for (size_t i = 0; i < modes.size(); ++i) to_->agents[i].set(modes[i]);
  to_->absent.set(absent);
  to_->slots.set(slots);
  to_->credit.set(credit);
}

}  // namespace assay
