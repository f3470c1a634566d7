// Nights of a registry sweep, replayed: real traces are kept again and again as scans of their own, under a
// clock that is set. For tests of retention and its bench.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "common/codec.h"
#include "common/ids.h"
#include "common/trace_file.h"
#include "scheduler/keep.h"
#include "scheduler/pruner.h"
#include "scheduler/score/scorer.h"

namespace assay {

/// A trace as it is kept, and what came of it.
struct Replay {
  TraceHeader header;
  TraceFooter footer;
  std::vector<std::string> chunks;
  std::string verdict, report;
  Traits traits;

  static Result<Replay> load(const std::string& path, const RuleSet& rules) {
    std::vector<Event> events;
    ASSAY_TRY(TraceEnds ends, read_trace_file(path, [&](const Event& event) { events.push_back(event); }));
    Replay out{ends.header, ends.footer, {}, {}, {}, {}};
    Scorer scorer(rules, ends.header);
    ChunkWriter writer;
    for (const Event& event : events) {
      scorer.add(event);
      if (writer.full()) out.chunks.push_back(writer.take());
      writer.add(event);
    }
    if (!writer.empty()) out.chunks.push_back(writer.take());
    out.footer.events = events.size();
    out.footer.chunks = static_cast<uint32_t>(out.chunks.size());
    out.footer.artifacts.clear();
    out.footer.artifact_chunks = 0;
    Report report = scorer.finish(out.footer);
    out.verdict = to_string(report.verdict);
    out.report = report_json(report);
    out.traits = traits_of(report);
    return out;
  }
};

class Nights {
 public:
  static constexpr int64_t kDay = 86'400'000'000'000, kFirst = 1'795'564'800'000'000'000;  // 2026-11-25

  Nights(Store& store, std::vector<Replay> replays)
      : store_(store), keep_(store), replays_(std::move(replays)) {}

  /// `scans` of them end in that night, of the replay that `which` says of each; in 1 of `kept_files` an
  /// archive.
  template <class Which>
  Status sweep(int night, int scans, Which which, int kept_files = 4) {
    BatchRecord batch;
    batch.batch_id = id_of(night, 0xfffff);
    batch.name = "night " + std::to_string(night);
    batch.created_ns = now(night);
    std::vector<StoreBatch> group = {Keep::batch(batch)};
    for (int i = 0; i < scans; ++i) {
      ASSAY_CHECK(add(group, night, i, replays_[which(i)], batch.batch_id, i % kept_files == 0));
      if (group.size() < 100 && i + 1 < scans) continue;
      ASSAY_TRY(auto outcomes, store_.commit(group));
      for (const Status& outcome : outcomes) ASSAY_CHECK(outcome);
      group.clear();
    }
    return Status();
  }

  /// As the scheduler does; returns what was taken.
  Result<PruneCounts> prune(const RetentionPolicy& policy, int night) {
    Pruner pruner(store_, policy, now(night) + kDay / 2);
    while (!pruner.finished()) {
      ASSAY_TRY(auto actions, pruner.step());
      std::vector<StoreBatch> group;
      for (const PruneAction& action : actions) group.push_back(action.batch);
      if (group.empty()) continue;
      ASSAY_TRY(auto outcomes, store_.commit(group));
      for (size_t i = 0; i < actions.size(); ++i)
        outcomes[i] ? pruner.committed(actions[i].choice) : pruner.refused();
    }
    if (!pruner.trouble().empty()) return Error{Errc::no_space, pruner.trouble()};
    return pruner.counts();
  }

  Status pin(const std::string& scan_id) {
    ASSAY_TRY(StoreBatch batch, keep_.pinned(scan_id, "a case"));
    ASSAY_TRY(auto outcomes, store_.commit({batch}));
    return outcomes[0];
  }

  static int64_t now(int night) { return kFirst + night * kDay; }
  static std::string id_of(int night, int scan) {
    return scan_id_at(now(night) / 1'000'000'000 + scan % 3600, static_cast<uint32_t>(scan));
  }

 private:
  // Submitted, leased, shipped, scored.
  Status add(std::vector<StoreBatch>& group, int night, int i, const Replay& replay,
             const std::string& batch_id, bool archive) {
    ScanRecord r;
    r.scan_id = id_of(night, i);
    r.submission.job = replay.header.job;
    r.submission.batch = batch_id;
    r.submitted_ns = now(night) + i;
    group.push_back(Keep::submitted(r));
    ScanRecord leased = r;
    leased.state = ScanState::leased;
    leased.attempt = 1;
    leased.agent = "agent-1";
    group.push_back(Keep::moved(r, leased));
    TraceHeader header = replay.header;
    TraceFooter footer = replay.footer;
    header.scan_id = r.scan_id;
    header.attempt = 1;
    ScanRecord done = leased;
    uint32_t index = 0;
    for (const std::string& chunk : replay.chunks) {
      ASSAY_TRY(StoreBatch one, Keep::chunk(leased, index++, chunk));
      group.push_back(std::move(one));
      done.trace_bytes += chunk.size();
    }
    if (archive) {
      footer.artifact_chunks = 1;
      std::string piece = encode_artifact_piece(noise(24'000, night * 100'000 + i));
      done.artifact_bytes = piece.size();
      ASSAY_TRY(StoreBatch one, Keep::chunk(leased, index++, piece));
      group.push_back(std::move(one));
    }
    ScanRecord shipped = leased;
    shipped.state = ScanState::shipped;
    shipped.digest = header.image.digest;
    shipped.tracer_version = header.tracer_version;
    ASSAY_TRY(StoreBatch one, Keep::shipped(leased, shipped, header, footer));
    group.push_back(std::move(one));
    done.state = ScanState::done;
    done.digest = shipped.digest;
    done.tracer_version = shipped.tracer_version;
    done.verdict = replay.verdict;
    done.report_bytes = replay.report.size();
    done.finished_ns = now(night) + i + 1;
    group.push_back(Keep::reported(shipped, done, replay.report, replay.traits));
    return Status();
  }

  // An archive is encrypted: nothing makes it smaller.
  static std::string noise(size_t bytes, int seed) {
    std::string out(bytes, 0);
    uint64_t x = static_cast<uint64_t>(seed) * 0x9e3779b97f4a7c15 + 1;
    for (char& c : out) {
      x ^= x << 13;
      x ^= x >> 7;
      x ^= x << 17;
      c = static_cast<char>(x);
    }
    return out;
  }

  Store& store_;
  Keep keep_;
  std::vector<Replay> replays_;
};

}  // namespace assay
