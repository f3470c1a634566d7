// The report for programs.
#include "scheduler/sweeps/json_reader.h"
#include "scheduler/sweeps/report.h"

namespace assay::sweeps {
namespace {

void put(Json& out, const char* name, const std::string& text) {
  if (!text.empty()) out[name] = text;
}

Json item_json(const ReportItem& item) {
  Json out = {{"image", item.image}};
  put(out, "digest", item.digest);
  put(out, "platform", item.platform);
  put(out, "persona", item.persona);
  put(out, "scan_id", item.scan_id);
  if (!item.verdict.empty()) {
    out["verdict"] = item.verdict;
    out["score"] = item.score;
  }
  put(out, "headline", item.headline);
  put(out, "reason", item.reason);
  put(out, "kind", item.kind);
  put(out, "was_scan_id", item.was_scan_id);
  put(out, "was_verdict", item.was_verdict);
  if (item.changes) out["changes"] = Json::parse(diff_json(*item.changes), nullptr, false);
  return out;
}

Json list_json(const Listed<ReportItem>& list) {
  Json items = Json::array();
  for (const ReportItem& item : list.items) items.push_back(item_json(item));
  return {{"count", list.items.size() + list.more}, {"items", std::move(items)}, {"left_out", list.more}};
}

}  // namespace

std::string report_json(const Report& report) {
  const RunRecord& run = report.run;
  Json out = {{"schema", "assay.sweep-report/1"},
              {"sweep", run.sweep},
              {"run_id", run.run_id},
              {"state", to_string(run.state)},
              {"why", run.why},
              {"rules", run.rules_version},
              {"started_ns", run.started_ns},
              {"listed_ns", run.listed_ns},
              {"ended_ns", run.ended_ns},
              {"deadline_s", run.deadline_s ? Json(*run.deadline_s) : Json()},
              {"listed_all", run.listed_all},
              {"repositories", report.repositories},
              {"images", report.images},
              {"scanned", report.scanned},
              {"known", report.known},
              {"rescored", report.rescored},
              {"same", report.same},
              {"open", report.open},
              {"gone", report.gone},
              {"undated", report.undated},
              {"late", report.late},
              {"not_compared", report.not_compared},
              {"busy_ns", report.busy_ns},
              {"verdicts", Json(report.verdicts)}};
  out["new_malicious"] = list_json(report.new_malicious);
  out["new_suspicious"] = list_json(report.new_suspicious);
  out["still_malicious"] = list_json(report.still_malicious);
  out["changed"] = list_json(report.changed);
  out["inconclusive"] = list_json(report.inconclusive);
  out["failed"] = list_json(report.failed);
  out["failed_by_reason"] = Json(report.failed_by_reason);
  out["not_reached"] = list_json(report.not_reached);
  out["not_reached_by_reason"] = Json(report.not_reached_by_reason);
  out["trouble"] = Json::array();
  for (const std::string& line : run.trouble) out["trouble"].push_back(printable(line));
  return dump(out);
}

}  // namespace assay::sweeps
