// One pass over a run's repositories: each image counted, held against the last scan of its name, and put
// where it belongs. Reports are read of those alone that are told of, within bounds.
#include "scheduler/sweeps/report.h"

#include "common/text.h"
#include "scheduler/sweeps/report_parts.h"

namespace assay::sweeps {
namespace {

class Maker {
 public:
  Maker(const Keep& keep, Earlier earlier, const RunRecord& run) : keep_(keep), earlier_(std::move(earlier)) {
    report_.run = run;
  }
  Status add(const RepositoryRecord& repository);
  Report take() { return std::move(report_); }

 private:
  struct Before {
    bool known = false;  // there is an earlier scan of the name
    ScanRecord scan;
    std::string verdict;  // as it was then; empty: not known any more
  };

  void add_repository(const RepositoryRecord& repository);
  Status add_item(const RepositoryRecord& repository, const Item& item);
  Status add_scan(const RepositoryRecord& repository, const Item& item, ReportItem told);
  Result<Before> before(const Item& item, const ScanRecord& scan);
  void compare(const Before& before, const ScanRecord& scan, ReportItem& told, bool bounded);
  void file(const Before& before, const ScanRecord& scan, ReportItem told);
  void unreached(const RepositoryRecord& repository, const Item& item, ReportItem told);
  void failed(const RepositoryRecord& repository, const Item& item, ReportItem told);
  static void count(std::map<std::string, uint64_t>& reasons, const std::string& kind) {
    bool full = reasons.size() >= kMaxReasons && !reasons.contains(kind);
    ++reasons[full ? "other reasons" : kind];
  }

  const Keep& keep_;
  Earlier earlier_;
  Report report_;
  size_t compared_ = 0;
};

Status Maker::add(const RepositoryRecord& repository) {
  ++report_.repositories;
  report_.undated += repository.undated;
  ASSAY_CHECK(earlier_.turn_to(repository));
  add_repository(repository);
  for (const Item& item : repository.items) ASSAY_CHECK(add_item(repository, item));
  return Status();
}

// As a whole, where its images do not say it already.
void Maker::add_repository(const RepositoryRecord& repository) {
  bool is_failed = repository.state == RepositoryState::failed;
  if (!is_failed && repository.state != RepositoryState::not_reached) return;
  for (const Item& item : repository.items)
    if (item.reason == repository.reason) return;
  ReportItem told;
  told.image = printable(repository.host + "/" + repository.name);
  told.reason = printable(repository.reason);
  is_failed ? failed(repository, {}, std::move(told)) : unreached(repository, {}, std::move(told));
}

void Maker::unreached(const RepositoryRecord& repository, const Item& item, ReportItem told) {
  told.kind = reason_kind(told.reason, repository, item);
  if (told.kind.find("deadline") != std::string::npos) ++report_.late;
  count(report_.not_reached_by_reason, told.kind);
  report_.not_reached.add(std::move(told));
}

void Maker::failed(const RepositoryRecord& repository, const Item& item, ReportItem told) {
  told.kind = reason_kind(told.reason, repository, item);
  count(report_.failed_by_reason, told.kind);
  report_.failed.add(std::move(told));
}

Status Maker::add_item(const RepositoryRecord& repository, const Item& item) {
  ++report_.images;
  ReportItem told;
  told.image = printable(image_name(repository, item));
  told.digest = printable(item.digest);
  told.platform = printable(item.platform);
  told.persona = assay::to_string(item.persona);
  told.scan_id = item.scan_id;
  told.reason = printable(item.reason);
  switch (item.outcome) {
    case Outcome::not_reached:
      unreached(repository, item, std::move(told));
      return Status();
    case Outcome::failed:
      failed(repository, item, std::move(told));
      return Status();
    case Outcome::submitted:
      ++report_.scanned;
      break;
    case Outcome::known:
      ++report_.known;
      break;
    case Outcome::rescored:
      ++report_.rescored;
      break;
    case Outcome::same:
      ++report_.same;
  }
  return add_scan(repository, item, std::move(told));
}

Status Maker::add_scan(const RepositoryRecord& repository, const Item& item, ReportItem told) {
  auto scan = keep_.scan(item.scan_id);
  if (!scan && scan.error().code != Errc::not_found) return scan.error();
  if (!scan) {
    ++report_.gone;
    return Status();
  }
  bool ours = item.outcome == Outcome::submitted && scan->leased_ns > 0 && scan->same_as.empty();
  if (ours && scan->finished_ns > scan->leased_ns) report_.busy_ns += scan->finished_ns - scan->leased_ns;
  if (is_open(scan->state)) {
    ++report_.open;
    return Status();
  }
  if (scan->state != ScanState::done) {
    told.reason = printable(scan->error.empty() ? to_string(scan->state) : scan->error);
    failed(repository, item, std::move(told));
    return Status();
  }
  told.verdict = printable(scan->verdict);
  told.score = scan->score;
  ++report_.verdicts[told.verdict];
  ASSAY_TRY(Before earlier, before(item, *scan));
  file(earlier, *scan, std::move(told));
  return Status();
}

Result<Maker::Before> Maker::before(const Item& item, const ScanRecord& scan) {
  Before out;
  ASSAY_TRY(auto found, earlier_.find(item));
  if (!found) return out;
  if (found->item.scan_id == item.scan_id) {
    // One verdict is kept of a scan: what it was before other rules looked at it, only the item knows.
    out.known = true;
    out.scan = scan;
    bool same_rules = found->rules_version == report_.run.rules_version && item.outcome != Outcome::rescored;
    out.verdict = !item.was_verdict.empty() ? item.was_verdict : same_rules ? scan.verdict : "";
    return out;
  }
  auto record = keep_.scan(found->item.scan_id);
  if (!record && record.error().code != Errc::not_found) return record.error();
  if (!record || record->state != ScanState::done) return out;
  out = {true, std::move(*record), ""};
  out.verdict = out.scan.verdict;
  return out;
}

void Maker::compare(const Before& before, const ScanRecord& scan, ReportItem& told, bool bounded) {
  if (!before.known || before.scan.digest == scan.digest) return;
  bool room = !bounded || compared_++ < kMaxCompared;
  auto older = room ? keep_.report(before.scan.scan_id) : Error{Errc::limit, "enough"};
  auto newer = older ? keep_.report(scan.scan_id) : older;
  auto was = newer ? read_behaviour(*older) : newer.error();
  auto is = was ? read_behaviour(*newer) : was;
  if (is)
    told.changes = diff_behaviour(std::span(&*was, 1), *is);
  else
    ++report_.not_compared;
}

void Maker::file(const Before& before, const ScanRecord& scan, ReportItem told) {
  if (before.known) {
    told.was_scan_id = before.scan.scan_id;
    told.was_verdict = printable(before.verdict);
  }
  bool was_malicious = before.verdict == "malicious",
       was_bad = was_malicious || before.verdict == "suspicious";
  Listed<ReportItem>* list = nullptr;
  if (scan.verdict == "malicious") list = was_malicious ? &report_.still_malicious : &report_.new_malicious;
  if (scan.verdict == "suspicious" && !was_bad) list = &report_.new_suspicious;
  if (scan.verdict == "inconclusive") list = &report_.inconclusive;
  if (list != nullptr && list->items.size() < kMaxListed && list != &report_.inconclusive) {
    compare(before, scan, told, false);
    told.headline = headline(keep_, scan.scan_id);
  }
  if (list == nullptr) {
    compare(before, scan, told, true);
    if (!told.changes || (told.changes->empty() && told.verdict == told.was_verdict)) return;
    list = &report_.changed;
  }
  list->add(std::move(told));
}

}  // namespace

Result<Report> make_report(const Keep& keep, const Records& records, const RunRecord& run,
                           const std::optional<RunRecord>& previous) {
  ASSAY_TRY(Earlier earlier, Earlier::open(records, run, previous));
  Maker maker(keep, std::move(earlier), run);
  Status failed;
  ASSAY_CHECK(records.each_repository(run.run_id, [&](const RepositoryRecord& repository) {
    failed = maker.add(repository);
    return static_cast<bool>(failed);
  }));
  if (!failed) return failed.error();
  return maker.take();
}

}  // namespace assay::sweeps
