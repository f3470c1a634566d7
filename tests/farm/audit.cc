#include "tests/farm/audit.h"

#include <unordered_set>

#include "scheduler/keep.h"

namespace assay::farm {
namespace {

constexpr size_t kMaxNoted = 10;

using Kind = SimImage::Kind;

class Auditor {
 public:
  Auditor(const Keep& keep, const Ledger& ledger, const AuditRules& rules)
      : keep_(keep), ledger_(ledger), rules_(rules) {}

  void scan(const ScanRecord& record) {
    ++out_.scans;
    std::string at = record.scan_id + " (" + record.submission.job.ref + "): ";
    if (!seen_.insert(record.scan_id).second) out_.breaks(at + "there twice");
    for (const auto& [name, value] : record.submission.labels)
      if (name == "slice") ++slices_[value];
    if (is_open(record.state)) return out_.breaks(at + "still " + to_string(record.state));
    auto image = SimImage::parse(record.submission.job.ref);
    if (!image) return out_.breaks(at + "not a reference of ours");
    if (record.state == ScanState::failed) return failed(record, image->kind, at);
    if (record.state != ScanState::done) return out_.breaks(at + "ended as " + to_string(record.state));
    ++out_.done;
    if (image->kind != Kind::good) out_.breaks(at + "done, though it cannot be");
    if (record.same_as.empty())
      own(record, at);
    else
      shared(record, at);
  }

  Audit finish(const std::vector<Slice>& slices) {
    for (const auto& [id, job] : ledger_.jobs())
      if (job.accepted != SimTime{} && !seen_.contains(id)) out_.breaks(id + ": accepted, and lost");
    for (const auto& slice : slices) {
      size_t there = slices_.contains(slice.tag) ? slices_.at(slice.tag) : 0;
      bool may_be_missing = slice.outcome != Slice::Outcome::accepted;
      if (there != slice.refs.size() && !(may_be_missing && there == 0))
        out_.breaks("slice " + slice.tag + ": " + std::to_string(there) + " of " +
                    std::to_string(slice.refs.size()) + " jobs there");
    }
    for (const auto& twice : ledger_.doubles()) out_.breaks("leased twice: " + twice);
    return std::move(out_);
  }

 private:
  void failed(const ScanRecord& record, Kind kind, const std::string& at) {
    ++out_.failed;
    if (record.error.empty()) out_.breaks(at + "failed without a reason");
    if (!record.same_as.empty()) {  // it followed an equal job, and shares its end
      auto leader = keep_.scan(record.same_as);
      if (!leader || leader->state != ScanState::failed)
        out_.breaks(at + "failed with " + record.same_as + ", which did not");
      return;
    }
    if (kind == Kind::bad) {
      // Of a bad image that was always lost on the way the limit is the reason, as of any other.
      if (record.error_code != "invalid" && record.failures < rules_.failures)
        out_.breaks(at + "a bad image failed as " + record.error_code);
      return;
    }
    ++out_.given_up;
    if (record.failures < rules_.failures)
      out_.breaks(at + "given up after " + std::to_string(record.failures) + " failures: " + record.error);
  }

  // What was kept is of the attempt that was held last: no agent was ever given a later one.
  void own(const ScanRecord& record, const std::string& at) {
    auto it = ledger_.jobs().find(record.scan_id);
    if (it == ledger_.jobs().end() || it->second.leases == 0)
      return out_.breaks(at + "done, and never leased");
    if (record.attempt != it->second.attempt || record.agent != it->second.agent)
      out_.breaks(at + "kept attempt " + std::to_string(record.attempt) + " of " + record.agent +
                  ", held was " + std::to_string(it->second.attempt) + " of " + it->second.agent);
    auto header = keep_.header(record.scan_id);
    if (!header) return out_.breaks(at + header.error().what);
    if (header->attempt != record.attempt || header->agent_id != record.agent)
      out_.breaks(at + "the trace's header is of attempt " + std::to_string(header->attempt));
    std::string path = sim_path(record.scan_id, record.attempt);
    uint64_t events = 0;
    auto read = keep_.each_event(record.scan_id, [&](const Event& event) {
      ++events;
      if (event.path != path) out_.breaks(at + "an event of " + event.path);
    });
    if (!read) out_.breaks(at + read.error().what);
    if (events != 1) out_.breaks(at + std::to_string(events) + " events");
    auto report = keep_.report(record.scan_id);
    if (!report) return out_.breaks(at + report.error().what);
    if (report->find(path) == std::string::npos) out_.breaks(at + "the report does not tell of " + path);
  }

  void shared(const ScanRecord& record, const std::string& at) {
    ++out_.shared;
    auto leader = keep_.scan(record.same_as);
    if (!leader) return out_.breaks(at + "shares " + record.same_as + ": " + leader.error().what);
    if (leader->state != ScanState::done || !leader->same_as.empty())
      out_.breaks(at + "shares " + record.same_as + ", which has no report of its own");
    if (leader->submission.job.ref != record.submission.job.ref || leader->digest != record.digest)
      out_.breaks(at + "shares the result of another image: " + leader->submission.job.ref);
    if (record.submission.fresh) out_.breaks(at + "was to be run, and shares a result");
    if (auto report = keep_.report(record.scan_id); !report) out_.breaks(at + report.error().what);
  }

  const Keep& keep_;
  const Ledger& ledger_;
  const AuditRules& rules_;
  Audit out_;
  std::unordered_set<std::string> seen_;
  std::unordered_map<std::string, size_t> slices_;
};

}  // namespace

void Audit::breaks(const std::string& what) {
  ++broken;
  if (first.size() < kMaxNoted) first.push_back(what);
}

Result<Audit> audit(const std::filesystem::path& store_dir, const std::vector<Slice>& slices,
                    const Ledger& ledger, const AuditRules& rules) {
  ASSAY_TRY(auto store, Store::open(store_dir, Store::Mode::read_only));
  Keep keep(*store);
  Auditor auditor(keep, ledger, rules);
  ASSAY_CHECK(keep.each_scan([&](const ScanRecord& record) {
    auditor.scan(record);
    return true;
  }));
  return auditor.finish(slices);
}

}  // namespace assay::farm
