// Real traces (tests/traces/*.trace) put into a store as scans of their own, on the road that the scheduler
// takes: submitted, leased, shipped chunk by chunk, scored, reported. For tests and benches.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "common/codec.h"
#include "common/trace_file.h"
#include "scheduler/evaluate.h"
#include "scheduler/keep.h"
#include "scheduler/score/scorer.h"
#include "scheduler/traits.h"

namespace assay::replay {

struct Trace {
  TraceHeader header;
  std::vector<Event> events;
  TraceFooter footer;
};

/// As it was made; read once.
inline const Trace& read(const std::string& name) {
  static std::map<std::string, Trace> known;
  auto [at, fresh] = known.try_emplace(name);
  Trace& out = at->second;
  if (!fresh) return out;
  auto path = std::filesystem::path(ASSAY_SOURCE_DIR) / "tests/traces" / (name + ".trace");
  auto ends = read_trace_file(path.string(), [&](const Event& event) { out.events.push_back(event); });
  EXPECT_TRUE(ends) << ends.error().what;
  if (ends) out.header = ends->header, out.footer = ends->footer;
  return out;
}

inline const std::vector<std::string>& names() {
  static const std::vector<std::string> kNames = {"dropper", "escape", "miner", "nginx", "thief"};
  return kNames;
}

/// Numbered: a second apart, so that ids and times sort alike.
inline std::string id_of(size_t number) {
  char text[64];
  std::snprintf(text, sizeof text, "20261125T%02zu%02zu%02zu-%08zx", number / 3600 % 24, number / 60 % 60,
                number % 60, number);
  return text;
}

inline std::vector<std::string> chunks_of(const std::vector<Event>& events) {
  std::vector<std::string> out;
  ChunkWriter writer;
  for (const Event& event : events) {
    writer.add(event);
    if (writer.full()) out.push_back(writer.take());
  }
  if (!writer.empty()) out.push_back(writer.take());
  return out;
}

inline Report score(const Trace& trace, const RuleSet& rules) {
  Scorer scorer(rules, trace.header);
  for (const Event& event : trace.events) scorer.add(event);
  return scorer.finish(trace.footer);
}

/// The record as it is once the scan is done. `report`: what is kept as its report.
inline ScanRecord record_of(const std::string& id, const Trace& trace, const Report& report) {
  ScanRecord record;
  record.scan_id = id;
  record.submission.job = trace.header.job;
  record.state = ScanState::done;
  record.attempt = 1;
  record.agent = "agent-1";
  record.submitted_ns = 1'795'576'500'000'000'000 +
                        static_cast<int64_t>(std::stoul(id.substr(16), nullptr, 16)) * 1'000'000'000;
  record.finished_ns = record.submitted_ns + 60'000'000'000;
  record.digest = trace.header.image.digest;
  record.tracer_version = trace.header.tracer_version;
  record.verdict = to_string(report.verdict);
  record.score = report.score;
  record.rules_version = report.rules_version;
  record.report_bytes = report_json(report).size();
  return record;
}

/// What has to be committed, in this order, for `trace` to be the scan `id`.
inline std::vector<StoreBatch> road(const std::string& id, Trace trace, const Report& report) {
  ScanRecord done = record_of(id, trace, report);
  std::vector<std::string> chunks = chunks_of(trace.events);
  trace.header.scan_id = id;
  trace.header.attempt = 1;
  trace.footer.events = trace.events.size();
  trace.footer.chunks = static_cast<uint32_t>(chunks.size());
  trace.footer.artifact_chunks = 0;
  trace.footer.artifacts.clear();
  for (const std::string& chunk : chunks) done.trace_bytes += chunk.size();
  auto in = [&](ScanState state) {
    ScanRecord out = done;
    out.state = state;
    if (state == ScanState::queued) out.attempt = 0, out.agent.clear();
    if (state != ScanState::done) out.verdict.clear(), out.score = 0, out.rules_version.clear();
    return out;
  };
  ScanRecord queued = in(ScanState::queued), leased = in(ScanState::leased), shipped = in(ScanState::shipped);
  std::vector<StoreBatch> out = {Keep::submitted(queued), Keep::moved(queued, leased)};
  for (uint32_t i = 0; i < chunks.size(); ++i) {
    auto chunk = Keep::chunk(leased, i, chunks[i]);
    EXPECT_TRUE(chunk) << chunk.error().what;
    if (chunk) out.push_back(std::move(*chunk));
  }
  auto whole = Keep::shipped(leased, shipped, trace.header, trace.footer);
  EXPECT_TRUE(whole) << whole.error().what;
  if (whole) out.push_back(std::move(*whole));
  out.push_back(Keep::reported(shipped, done, report_json(report), traits_of(report)));
  return out;
}

inline void commit(Store& store, const std::vector<StoreBatch>& group) {
  auto written = store.commit(group);
  ASSERT_TRUE(written) << written.error().what;
  for (const Status& status : *written) ASSERT_TRUE(status) << status.error().what;
}

/// `trace` becomes the scan `id`, scored with `rules`.
inline void keep(Store& store, const std::string& id, const Trace& trace, const RuleSet& rules) {
  commit(store, road(id, trace, score(trace, rules)));
}

/// A scan that ended with the result of `owner`.
inline void share(Store& store, const std::string& id, const std::string& owner) {
  auto of = Keep(store).scan(owner);
  ASSERT_TRUE(of) << of.error().what;
  ScanRecord queued = *of, done = *of;
  queued.scan_id = done.scan_id = id;
  queued.state = ScanState::queued;
  done.same_as = owner;
  done.trace_bytes = done.report_bytes = 0;
  done.rules_version.clear();
  commit(store, {Keep::submitted(queued), Keep::moved(queued, done)});
}

/// Every key and value of the store.
inline std::string dump(const Store& store) {
  std::string out;
  for (size_t family = 0; family < kFamilies; ++family)
    EXPECT_TRUE(
        store.scan(static_cast<Family>(family), "", false, [&](std::string_view key, std::string_view value) {
          out += std::string(to_string(static_cast<Family>(family))) + " " + std::string(key) + " = " +
                 std::string(value) + "\n";
          return true;
        }));
  return out;
}

}  // namespace assay::replay
