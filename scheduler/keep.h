// keep: what is kept of a scan and a batch, and under which keys (docs/store.md). Typed records over the
// store. Changes are made as batches (pure: a value that the caller commits, many at once); reading goes to
// the store. No policy.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "common/submission.h"
#include "common/trace.h"
#include "scheduler/store.h"
#include "scheduler/traits.h"

namespace assay {

enum class ScanState : uint8_t { queued = 0, leased = 1, shipped = 2, done = 3, failed = 4, cancelled = 5 };
const char* to_string(ScanState state);
inline bool is_open(ScanState state) { return state <= ScanState::shipped; }
/// Now, or again.
inline bool may_be_leased(ScanState state) { return state <= ScanState::leased; }

/// One scan, as `assay list` shows it.
struct ScanRecord {
  std::string scan_id;
  Submission submission;
  ScanState state = ScanState::queued;
  uint32_t attempt = 0;                                      // of the lease that is or was held last
  uint32_t failures = 0;                                     // attempts that count against the limit
  std::string agent;                                         // who holds or held it last
  int64_t submitted_ns = 0, leased_ns = 0, finished_ns = 0;  // wall clock
  std::string digest;                                        // of the image, once known
  std::string verdict;                                       // once scored
  int32_t score = 0;
  std::string error;       // why it failed, or why its last attempt did
  std::string error_code;  // to_string(Errc) of it
  std::string same_as;     // scan id whose trace and report this one shares: an equal job that was in flight,
                           // or a result used again. Empty: its own
  std::string tracer_version;  // that made its trace, once whole
  std::string rules_version;   // of the rules that made its verdict
  std::string pinned;          // why it is to stay, whatever retention says; empty: it is not pinned
  uint64_t trace_bytes = 0, artifact_bytes = 0, report_bytes = 0;  // as kept, once scored; 0: not known
  uint8_t pruned = 0;                                              // bits of Pruned: what is there no more

  /// Whose trace and report it has.
  const std::string& owner() const { return same_as.empty() ? scan_id : same_as; }
};

/// What retention takes from a scan, each without the others where it can be.
enum Pruned : uint8_t {
  kArtifactsPruned = 1,
  kTracePruned = 2,
  kReportPruned = 4,  // with header, footer and index entries
  kRecordPruned = 8,  // the scan as a whole: in no record
};
/// "artifacts", "trace" and "report", as bits say.
std::vector<std::string> pruned_words(uint8_t bits);

inline constexpr size_t kMaxManifestBytes = 4 << 20;

/// A manifest of images that were submitted together. Its scans are found by each_member().
struct BatchRecord {
  std::string batch_id;  // a scan id's form
  std::string name;
  std::string tenant;
  Labels labels;
  int64_t created_ns = 0;
  std::string manifest;  // JSON, as it was submitted, to be run again; at most kMaxManifestBytes
};

/// A whole trace as it is kept, without its chunks.
struct KeptTrace {
  std::string scan_id;  // whose it is: with ScanRecord::same_as another's than was asked for
  uint32_t attempt = 0;
  TraceFooter footer;
  std::string header_bytes, footer_bytes;  // framed
};

/// The newest format of a store that this version knows.
inline constexpr uint32_t kStoreFormat = 3;

class Keep {
 public:
  explicit Keep(Store& store) : store_(store) {}  // borrowed

  // ---- changes. Ids in them are ours: is_scan_id() holds.

  /// A scan comes into being, in its batch if it names one. Expects: no scan of this id, and none of its
  /// tenant with its key (Submission::once). `sealed_login`: of a job with a login of its own (seal.h).
  static StoreBatch submitted(const ScanRecord& record, const std::string& sealed_login = "");
  /// Changes nothing. Expects: this scan is the one that was submitted with the key.
  static StoreBatch taken_before(const Submission& submission, const std::string& scan_id);
  /// From one state to the next. Expects: the open scan is in the state, attempt and hands of `before`. Where
  /// `after` is done: index entries by digest and, when it has its own report, by result_key(), for which
  /// `after` names digest and tracer version; when it shares another's, by its own name. Where it is not to
  /// be leased any more, its login goes.
  static StoreBatch moved(const ScanRecord& before, const ScanRecord& after);
  /// A scan that had ended is queued again, with what it had kept until the next trace is whole; its attempts
  /// are numbered on from `after.attempt`, which is that of the last lease. Expects: it is not open.
  /// `old_traits`, as traits() gives them: by these it is found no more.
  static StoreBatch reopened(const ScanRecord& after, const Traits& old_traits = {});
  /// A chunk may come twice (a retry): the second replaces the first. Expects: this attempt is leased to
  /// `record.agent`. Errc::limit for one that is too large, invalid for no scan id.
  static Result<StoreBatch> chunk(const ScanRecord& record, uint32_t index, std::string_view bytes);
  /// moved(), with header and footer: the trace is whole. What earlier attempts shipped is deleted, and its
  /// report. Errc::invalid when the header is of another scan, attempt, digest or tracer version than
  /// `after`.
  static Result<StoreBatch> shipped(const ScanRecord& before, const ScanRecord& after,
                                    const TraceHeader& header, const TraceFooter& footer);
  /// moved() to done, with the report and what it is to be found by; its name (image_name.h) is added, here
  /// and wherever a list of traits is written.
  static StoreBatch reported(const ScanRecord& before, const ScanRecord& after, std::string_view report_json,
                             const Traits& traits = {});
  /// A scan that is done has another report, made of the same trace. Expects: its record is `before`.
  /// `old_traits` are those that traits() gives for it.
  static StoreBatch rescored(const ScanRecord& before, const ScanRecord& after, std::string_view report_json,
                             const Traits& old_traits, const Traits& traits);
  /// The last step of a trace that came from elsewhere as a file (trace_import.h): its record, which is done,
  /// header and footer in their frames, report, and what it is found by. Its chunks are there by then, as
  /// import_chunk() made them. It is never a result to use again. Expects: no scan of this id.
  static StoreBatch imported(const ScanRecord& record, std::string_view header, std::string_view footer,
                             std::string_view report_json, const Traits& traits);
  /// The first step: what an import that was cut short has left goes. Expects: no scan of this id.
  static StoreBatch import_begun(const std::string& scan_id);
  /// Not seen until imported(). Expects: no scan of this id.
  static StoreBatch import_chunk(const ScanRecord& record, uint32_t index, std::string_view bytes);
  /// A scan that is done and has no report of its own says something else of the one that it shares. Expects:
  /// its record is `before`.
  static StoreBatch corrected(const ScanRecord& before, const ScanRecord& after);
  /// The same change, expecting of records the very bytes that are kept where these say what is expected: a
  /// record of an earlier version was written otherwise.
  Result<StoreBatch> expecting_kept(StoreBatch batch) const;
  /// A scan that is done gets its place in the index, by its report's `traits` and its submission's name.
  /// `old_traits`: by which it stands there already (kinds that came later are missing); else it was kept
  /// before there was an index. Expects: its list is as that says.
  static StoreBatch indexed(const ScanRecord& record, const Traits& traits,
                            const std::optional<Traits>& old_traits = std::nullopt);
  /// Says that every scan has: see knows_all().
  static StoreBatch all_indexed();
  /// Expects: no batch of this id.
  static StoreBatch batch(const BatchRecord& record);

  /// What is to go of a scan, and what the store says of it.
  struct Pruning {
    ScanRecord before;
    std::string stored;   // the record's bytes: those of an earlier version are other than ours
    uint8_t take = 0;     // bits of Pruned
    Traits traits;        // that it is found by
    bool reused = false;  // the entry for equal jobs names it
    std::optional<std::pair<std::string, std::string>>
        old_archive;  // keys of pieces that stand behind the trace
  };
  /// Where the record is to go, the caller knows that nobody shares its result. Errc::not_found.
  Result<Pruning> prepare_prune(const std::string& scan_id, uint8_t take) const;
  /// With a report go its index entries, its entry in `results`, header, footer, trace and artifacts; with
  /// the record all that names it. Expects: the record is as it was, and the scan not open.
  static StoreBatch pruned(const Pruning& what);
  /// Takes a batch. The caller knows that there are no scans of it.
  Result<StoreBatch> pruned_batch(const std::string& batch_id) const;
  /// Its record with another reason to stay, whatever retention says; "": none. Expects: the record is as it
  /// was, and the scan not open: Errc::conflict.
  Result<StoreBatch> pinned(const std::string& scan_id, const std::string& reason) const;

  /// What each_open() and upgrade() could not use.
  struct Opened {
    uint64_t unreadable = 0;
    std::string first_error;
  };
  /// Once after opening for writing, before anything else: gives a store of the first format its index of
  /// open scans, and an empty one the newest format. Otherwise it is one look: every later format that is
  /// known can be worked with (migrate.h brings it up to date). Errc::unsupported when a later one is there.
  Result<Opened> upgrade();

  /// Of the store, as it is (docs/store.md, Formats); kStoreFormat where there is nothing in it yet. A format
  /// that cannot be read as a number is later than all.
  Result<uint32_t> format() const;
  /// Says so. What the format promises is there.
  static StoreBatch of_format(uint32_t format);

  /// Of an agent, as Agents::kept() has it; empty: nothing any more.
  static StoreBatch agent_mode(const std::string& agent, const std::string& mode);

  // ---- reading

  Result<ScanRecord> scan(const std::string& scan_id) const;
  /// Newest first, from `start` (a scan id; empty: the newest) on. A damaged record does not hide the others:
  /// it is told at the end.
  Status each_scan(const std::function<bool(const ScanRecord&)>& visit, const std::string& start = "") const;
  /// Every scan that has not ended, oldest first; reads no others. A record that cannot be read, or says
  /// otherwise than the index, is left out, and counted.
  Result<Opened> each_open(const std::function<void(ScanRecord)>& visit) const;

  /// As submitted() wrote it. Errc::not_found: it has none, or needs it no more.
  Result<std::string> sealed_login(const std::string& scan_id) const;
  /// Whether any scan has one.
  Result<bool> any_login() const;

  Result<TraceHeader> header(const std::string& scan_id) const;
  Result<TraceFooter> footer(const std::string& scan_id) const;
  /// Every event of the scan's kept attempt, in order. Errc::corrupt when a chunk is missing or damaged. The
  /// archive behind them is not read. `bytes`, if not null, becomes the size of the chunks.
  Status each_event(const std::string& scan_id, const std::function<void(const Event&)>& visit,
                    uint64_t* bytes = nullptr) const;
  /// Header and footer in their frames, as kept, and whose they are. Errc::not_found when they are there no
  /// more.
  Result<KeptTrace> kept_trace(const std::string& scan_id) const;
  /// `count` chunks (or pieces behind them) of that trace from index `from` on, in their frames, none of them
  /// looked at. Errc::corrupt when one is missing.
  Status each_chunk(const KeptTrace& trace, uint32_t from, uint32_t count,
                    const std::function<Status(std::string_view framed)>& visit) const;
  /// The archive of the files that the scan kept, piece by piece, until `visit` has enough (false). Errc::
  /// not_found when it kept none; corrupt when a piece is missing or damaged, which may be found out late.
  Status artifacts(const std::string& scan_id, const std::function<bool(std::string_view)>& visit) const;
  /// Bytes of the archive's pieces, of whichever attempt.
  Result<uint64_t> artifact_bytes(const std::string& scan_id) const;
  /// As kept. Follows same_as, as do all of these: one step, for a scan that shares has nothing to share.
  Result<std::string> report(const std::string& scan_id) const;
  /// What the scan itself is found by: one that shares another's result by its name alone. Empty for one that
  /// was kept before there was an index.
  Result<Traits> traits(const std::string& scan_id) const;
  Result<bool> is_indexed(const std::string& scan_id) const;
  /// Whether every scan is in the index, by every kind; not so where some were kept before there was one, or
  /// before it had all of today's kinds, until reindex() has been through.
  Result<bool> knows_all() const;
  /// Ids of the scans that stand under the term (terms.h), newest first, from `start` on if it is not empty.
  Status each_found(TraitKind kind, const std::string& term,
                    const std::function<bool(const std::string&)>& visit,
                    const std::string& start = "") const;
  /// Scan ids of a digest, newest first.
  Result<std::vector<std::string>> scans_of(const std::string& digest) const;
  /// The same, oldest first, until `visit` has enough (false).
  Status each_of(const std::string& digest, const std::function<bool(const std::string&)>& visit) const;

  Result<BatchRecord> batch(const std::string& batch_id) const;
  Status each_batch(const std::function<bool(const BatchRecord&)>& visit) const;  // newest first
  /// Scan ids of a batch, oldest first.
  Status each_member(const std::string& batch_id, const std::function<bool(const std::string&)>& visit) const;
  Status each_agent_mode(
      const std::function<bool(const std::string& agent, const std::string& mode)>& visit) const;
  /// The scan of the submission's tenant that was submitted with its key, or Errc::not_found.
  Result<std::string> once(const Submission& submission) const;
  /// The newest scan with a result for this key, or Errc::not_found.
  Result<std::string> result(const std::string& result_key) const;

 private:
  Result<std::string> owner(const std::string& scan_id) const;
  /// Errc::not_found that names retention where that took `what` (a bit of Pruned), else `otherwise`.
  Error missing(const std::string& own, uint8_t what, const Error& otherwise) const;
  Store& store_;
};

/// What makes two results interchangeable: the image, how it was run, and by which tracer. One line.
std::string result_key(const std::string& digest, const Job& job, const std::string& tracer_version);

}  // namespace assay
