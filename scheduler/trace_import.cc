// Two passes over the file: one that checks and scores, one that writes chunks in groups; the record, which
// makes them seen, comes last. What a crash leaves between them the next import of that scan takes away.
#include "scheduler/trace_import.h"

#include <algorithm>
#include <filesystem>
#include <optional>

#include "common/codec.h"
#include "common/ids.h"
#include "common/text.h"
#include "common/trace_file.h"
#include "scheduler/keep.h"
#include "scheduler/score/scorer.h"

namespace assay {
namespace {

constexpr size_t kGroupBytes = 4 << 20;
constexpr uint32_t kMaxAttempt = 1 << 20;  // far more than are made, and far from the end of the number

struct Checked {
  TraceFile file;
  Report report;
};

Status check_ids(const TraceHeader& header, const std::string& path) {
  if (!is_scan_id(header.scan_id))
    return Error{Errc::corrupt, path + ": its header is of scan '" + printable(header.scan_id, 64) +
                                    "', which is no scan id"};
  if (header.attempt == 0 || header.attempt > kMaxAttempt)
    return Error{Errc::corrupt, path + ": attempt " + std::to_string(header.attempt) + " cannot be"};
  return Status();
}

// What footer and records say of each other. A file of an early release was packed anew while it was written,
// and its footer still counts the chunks of before.
Status check_counts(TraceFile& file, const std::string& path) {
  if (file.footer.events != file.events)
    return Error{Errc::corrupt, path + " holds " + std::to_string(file.events) + " events; its footer says " +
                                    std::to_string(file.footer.events)};
  if (file.pieces != 0 && file.pieces != file.footer.artifact_chunks)
    return Error{Errc::corrupt, path + " holds " + std::to_string(file.pieces) +
                                    " pieces of artifacts; its footer says " +
                                    std::to_string(file.footer.artifact_chunks)};
  if (file.footer.chunks == file.chunks) return Status();
  if (file.sealed)
    return Error{Errc::corrupt, path + " holds " + std::to_string(file.chunks) + " chunks; its footer says " +
                                    std::to_string(file.footer.chunks)};
  file.footer.chunks = static_cast<uint32_t>(file.chunks);
  file.footer_bytes = encode_footer(file.footer);
  return Status();
}

Result<Checked> check(const std::string& path, const RuleSet& rules) {
  std::optional<Scorer> scorer;
  TraceVisit visit;
  visit.header = [&](const TraceHeader& header) -> Status {
    ASSAY_CHECK(check_ids(header, path));
    scorer.emplace(rules, header);
    return Status();
  };
  visit.chunk = [&](std::string_view, const std::vector<Event>& events) {
    for (const Event& event : events) scorer->add(event);
    return Status();
  };
  ASSAY_TRY(TraceFile file, read_trace_file(path, visit));
  ASSAY_CHECK(check_counts(file, path));
  Report report = scorer->finish(file.footer);
  return Checked{std::move(file), std::move(report)};
}

// What the file's own report says, as far as it is one.
std::string told_verdict(const TraceFile& file) {
  if (file.report.empty()) return "";
  auto report = parse_report(file.report);
  return report ? to_string(report->verdict) : "";
}

ScanRecord record_of(const Checked& checked, uint64_t trace_bytes, uint64_t artifact_bytes,
                     size_t report_bytes, int64_t now_ns) {
  const TraceHeader& header = checked.file.header;
  ScanRecord record;
  record.scan_id = header.scan_id;
  record.submission.job = header.job;
  record.submission.job.auth_file.clear();  // a file of another host
  record.submission.labels = {{"imported", checked.file.digest.str()}};
  record.state = ScanState::done;
  record.attempt = header.attempt;
  record.submitted_ns = record.leased_ns = std::clamp<int64_t>(header.start_time_ns, 0, now_ns);
  record.finished_ns = now_ns;  // it is here since now: retention counts from then on
  record.digest = header.image.digest;
  record.verdict = to_string(checked.report.verdict);
  record.score = checked.report.score;
  record.tracer_version = header.tracer_version;
  record.rules_version = checked.report.rules_version;
  record.trace_bytes = trace_bytes;
  record.artifact_bytes = artifact_bytes;
  record.report_bytes = report_bytes;
  if (checked.file.footer.artifact_chunks > 0 && checked.file.pieces == 0) record.pruned = kArtifactsPruned;
  return record;
}

// Chunks on their way into the store, a few at a time.
class Chunks {
 public:
  Chunks(Store& store, const ScanRecord& record) : store_(store), record_(record) {
    group_.push_back(Keep::import_begun(record.scan_id));
  }
  Status add(std::string_view framed) {
    group_.push_back(Keep::import_chunk(record_, index_++, framed));
    bytes_ += framed.size();
    return bytes_ >= kGroupBytes ? commit() : Status();
  }
  void last(StoreBatch batch) { group_.push_back(std::move(batch)); }
  Status commit() {
    ASSAY_TRY(std::vector<Status> outcomes, store_.commit(std::exchange(group_, {})));
    bytes_ = 0;
    for (const Status& outcome : outcomes) ASSAY_CHECK(outcome);
    return Status();
  }

 private:
  Store& store_;
  const ScanRecord& record_;
  std::vector<StoreBatch> group_;
  uint32_t index_ = 0;
  size_t bytes_ = 0;
};

// Reads the file once more, and makes sure that it is still the one that was checked.
Status read_again(const std::string& path, const TraceFile& before, const TraceVisit& visit) {
  ASSAY_TRY(TraceFile file, read_trace_file(path, visit));
  if (file.digest == before.digest && file.chunks == before.chunks && file.pieces == before.pieces)
    return Status();
  return Error{Errc::conflict, path + " was changed while it was read: import it again"};
}

// Whether what is kept of the scan is the file's, as far as the file goes.
Result<bool> is_kept(const Keep& keep, const std::string& path, const TraceFile& file) {
  auto kept = keep.kept_trace(file.header.scan_id);
  if (!kept && kept.error().code == Errc::not_found) return false;
  if (!kept) return kept.error();
  if (kept->scan_id != file.header.scan_id || kept->header_bytes != file.header_bytes ||
      kept->footer_bytes != file.footer_bytes)
    return false;
  bool same = true;
  uint32_t index = 0;
  auto compare = [&](std::string_view framed) -> Status {
    return keep.each_chunk(*kept, index++, 1, [&](std::string_view ours) {
      same = same && ours == framed;
      return Status();
    });
  };
  TraceVisit visit;
  visit.chunk = [&](std::string_view framed, const std::vector<Event>&) { return compare(framed); };
  ASSAY_CHECK(read_again(path, file, visit));
  return same;
}

Status write(Store& store, const std::string& path, const Checked& checked, int64_t now_ns) {
  ScanRecord record = record_of(checked, 0, 0, 0, now_ns);
  Chunks chunks(store, record);
  uint64_t trace_bytes = 0, artifact_bytes = 0;
  TraceVisit visit;
  visit.chunk = [&](std::string_view framed, const std::vector<Event>&) {
    trace_bytes += framed.size();
    return chunks.add(framed);
  };
  visit.piece = [&](std::string_view framed) {
    artifact_bytes += framed.size();
    return chunks.add(framed);
  };
  ASSAY_CHECK(read_again(path, checked.file, visit));
  std::string report = report_json(checked.report);
  chunks.last(Keep::imported(record_of(checked, trace_bytes, artifact_bytes, report.size(), now_ns),
                             checked.file.header_bytes, checked.file.footer_bytes, report,
                             traits_of(checked.report)));
  return chunks.commit();
}

}  // namespace

Result<ImportedTrace> import_trace(Store& store, const std::string& path, const RuleSet& rules,
                                   int64_t now_ns) {
  std::error_code ignored;
  if (std::filesystem::exists(path, ignored) && !std::filesystem::is_regular_file(path, ignored))
    return Error{Errc::invalid, path + " is no regular file: an import reads it twice"};
  ASSAY_TRY(Checked checked, check(path, rules));
  ImportedTrace out;
  out.scan_id = checked.file.header.scan_id;
  out.ref = checked.file.header.job.ref;
  out.verdict = to_string(checked.report.verdict);
  out.score = checked.report.score;
  out.told = told_verdict(checked.file);
  out.events = checked.file.events;
  out.bytes = checked.file.bytes;
  Keep keep(store);
  auto record = keep.scan(out.scan_id);
  if (!record && record.error().code != Errc::not_found) return record.error();
  if (!record) {
    ASSAY_CHECK(write(store, path, checked, now_ns));
    return out;
  }
  ASSAY_TRY(bool same, is_kept(keep, path, checked.file));
  if (!same)
    return Error{Errc::conflict, path + ": a scan " + out.scan_id +
                                     " is here already, and it is another one: nothing was imported"};
  out.present = true;
  out.verdict = record->verdict;
  out.score = record->score;
  return out;
}

}  // namespace assay
