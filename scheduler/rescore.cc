// Comparing reports, and one scan's new result in the place of its old one.
#include "scheduler/rescore.h"

#include <iterator>
#include <nlohmann/json.hpp>
#include <set>
#include <utility>

#include "scheduler/evaluate.h"

namespace assay {
namespace {

using Json = nlohmann::ordered_json;

RescoreSide side_of(const Report& report) {
  return {to_string(report.verdict), report.score, report.rules_version};
}

// Findings of `of` whose rules have none in `other`.
std::vector<RescoreReason> only_in(const Report& of, const Report& other) {
  std::set<std::string_view> there;
  for (const Finding& finding : other.findings) there.insert(finding.rule_id);
  std::vector<RescoreReason> out;
  for (const Finding& finding : of.findings)
    if (!there.contains(finding.rule_id)) out.push_back({finding.rule_id, finding.title, finding.level});
  return out;
}

Json side_json(const RescoreSide& side) {
  return {{"verdict", side.verdict}, {"score", side.score}, {"rules", side.rules}};
}

Json reasons_json(const std::vector<RescoreReason>& reasons) {
  Json out = Json::array();
  for (const RescoreReason& reason : reasons)
    out.push_back({{"rule_id", reason.rule_id}, {"title", reason.title}, {"level", reason.level}});
  return out;
}

// The report as it is kept; where retention took it, what the record says of it.
Result<Report> kept_report(const Keep& keep, const ScanRecord& record) {
  auto json = keep.report(record.scan_id);
  if (json) return parse_report(*json).context("report of scan " + record.scan_id);
  if (json.error().code != Errc::not_found) return json.error();
  Report out;
  out.verdict = parse_verdict(record.verdict).value_or(out.verdict);
  out.score = record.score;
  out.rules_version = record.rules_version;
  return out;
}

ScanRecord with_result(ScanRecord record, const Rescored& rescored) {
  record.verdict = rescored.change.after.verdict;
  record.score = rescored.change.after.score;
  return record;
}

// Those that ended with the result of this scan, as they are kept.
Result<std::vector<ScanRecord>> sharers_of(const Keep& keep, const ScanRecord& record) {
  std::vector<ScanRecord> out;
  if (record.digest.empty()) return out;
  ASSAY_TRY(auto ids, keep.scans_of(record.digest));
  for (const std::string& id : ids) {
    auto other = keep.scan(id);
    if (!other && other.error().code == Errc::not_found) continue;
    if (!other) return other.error();
    if (other->same_as == record.scan_id && other->state == ScanState::done) out.push_back(std::move(*other));
  }
  return out;
}

}  // namespace

RescoreChange compare(const Report& before, const Report& after) {
  return {side_of(before), side_of(after), only_in(after, before), only_in(before, after)};
}

std::string rescore_json(const std::string& scan_id, const RescoreChange& change, bool applied) {
  Json out{{"scan_id", scan_id},
           {"before", side_json(change.before)},
           {"after", side_json(change.after)},
           {"added", reasons_json(change.added)},
           {"removed", reasons_json(change.removed)},
           {"applied", applied}};
  return out.dump(-1, ' ', false, Json::error_handler_t::replace);
}

Status check_rescorable(const ScanRecord& record) {
  if (record.state != ScanState::done)
    return Error{Errc::conflict, "scan " + record.scan_id + " is " + to_string(record.state) +
                                     ": only one that is done can be rescored"};
  if (!record.same_as.empty())
    return Error{Errc::conflict, "scan " + record.scan_id + " shares the result of scan " + record.same_as +
                                     ": rescore that one, and this follows"};
  if ((record.pruned & kTracePruned) != 0)
    return Error{Errc::not_found, "scan " + record.scan_id + " has no trace any more: retention took it"};
  return Status();
}

Result<Rescored> rescore(const Keep& keep, const std::string& scan_id, const RuleSet& rules) {
  ASSAY_TRY(ScanRecord record, keep.scan(scan_id));
  ASSAY_CHECK(check_rescorable(record));
  ASSAY_TRY(Report before, kept_report(keep, record));
  Rescored out;
  out.scan_id = scan_id;
  // With whom it was compared, was settled when it was first scored: who is its predecessor now says nothing
  // of its rules.
  ASSAY_TRY(Report after, evaluate(keep, scan_id, rules, {{}, before.compared}, &out.trace_bytes));
  out.change = compare(before, after);
  out.report = report_json(after);
  out.traits = traits_of(after);
  return out;
}

Result<StoreBatch> rescore_batch(const Keep& keep, const Rescored& rescored) {
  ASSAY_TRY(ScanRecord before, keep.scan(rescored.scan_id));
  ASSAY_CHECK(check_rescorable(before));
  ScanRecord after = with_result(before, rescored);
  after.rules_version = rescored.change.after.rules;
  after.report_bytes = rescored.report.size();
  after.trace_bytes = rescored.trace_bytes;
  ASSAY_TRY(auto sharers, sharers_of(keep, before));
  StoreBatch out;
  auto kept = keep.report(rescored.scan_id);
  if (!kept || *kept != rescored.report || before.rules_version != after.rules_version) {
    ASSAY_TRY(Traits old_traits, keep.traits(rescored.scan_id));
    out = Keep::rescored(before, after, rescored.report, old_traits, rescored.traits);
  }
  for (const ScanRecord& sharer : sharers) {
    if (sharer.verdict == after.verdict && sharer.score == after.score) continue;
    StoreBatch one = Keep::corrected(sharer, with_result(sharer, rescored));
    std::move(one.expect.begin(), one.expect.end(), std::back_inserter(out.expect));
    std::move(one.ops.begin(), one.ops.end(), std::back_inserter(out.ops));
  }
  return keep.expecting_kept(std::move(out));
}

}  // namespace assay
