// Field by field.
#include "scheduler/api/records_json.h"

#include <nlohmann/json.hpp>

#include "common/text.h"

namespace assay::api {
namespace {

using Json = nlohmann::ordered_json;

Json labels_of(const Labels& labels) {
  Json out = Json::object();
  for (const auto& [name, value] : labels) out[printable(name)] = printable(value);
  return out;
}

Json or_null(const std::string& text) { return text.empty() ? Json() : Json(printable(text)); }

Json scan_of(const ScanRecord& r) {
  const Submission& s = r.submission;
  return {{"scan_id", r.scan_id},
          {"ref", printable(s.job.ref)},
          {"state", to_string(r.state)},
          {"verdict", printable(r.verdict)},
          {"score", r.score},
          {"lane", to_string(s.lane)},
          {"tenant", printable(s.tenant)},
          {"batch", printable(s.batch)},
          {"labels", labels_of(s.labels)},
          {"expect", printable(s.expect)},
          {"digest", printable(r.digest)},
          {"attempt", r.attempt},
          {"failures", r.failures},
          {"agent", printable(r.agent)},
          {"submitted_ns", r.submitted_ns},
          {"leased_ns", r.leased_ns},
          {"finished_ns", r.finished_ns},
          {"error", printable(r.error)},
          {"error_code", printable(r.error_code)},
          {"same_as", printable(r.same_as)},
          {"duration_ms", s.job.duration.count()},
          {"extension_ms", s.job.extension.count()},
          {"network", to_string(s.job.network)},
          {"persona", to_string(s.job.persona)},
          {"provoke", s.job.provoke},
          {"platform", printable(s.job.platform)},
          {"insecure", s.job.insecure},
          {"own_login", s.own_login},
          {"cpu_millis", s.job.cpu_millis},
          {"memory_bytes", s.job.memory_bytes},
          {"fresh", s.fresh},
          {"pinned", printable(r.pinned)},
          {"pruned", pruned_words(r.pruned)}};
}

Json missed_of(const ScanRecord& r) {
  return {{"scan_id", r.scan_id},
          {"ref", printable(r.submission.job.ref)},
          {"expect", printable(r.submission.expect)},
          {"verdict", printable(r.verdict)},
          {"state", to_string(r.state)}};
}

Json batch_of(const BatchRecord& r) {
  Json rerun_of;
  Json manifest = Json::parse(r.manifest, nullptr, false);
  if (manifest.is_object() && manifest.contains("rerun_of") && manifest["rerun_of"].is_string())
    rerun_of = or_null(manifest["rerun_of"].get<std::string>());
  return {{"batch_id", r.batch_id},        {"name", printable(r.name)},  {"tenant", printable(r.tenant)},
          {"labels", labels_of(r.labels)}, {"created_ns", r.created_ns}, {"rerun_of", rerun_of}};
}

}  // namespace

std::string scan_json(const ScanRecord& record, const std::string& waits) {
  Json out = scan_of(record);
  Json parsed = waits.empty() ? Json() : Json::parse(waits, nullptr, false);
  if (parsed.is_array()) out["waits"] = std::move(parsed);
  return out.dump();
}

std::string scans_json(const std::vector<ScanRecord>& records, const std::string& next) {
  Json list = Json::array();
  for (const ScanRecord& record : records) list.push_back(scan_of(record));
  return Json{{"scans", std::move(list)}, {"next", or_null(next)}}.dump();
}

std::string notice_json(const wire::Notice& n) {
  return Json{{"scan_id", printable(n.scan_id)}, {"batch", printable(n.batch)},
              {"state", printable(n.state)},     {"phase", printable(n.phase)},
              {"verdict", printable(n.verdict)}, {"score", n.score},
              {"error", printable(n.error)},     {"missed", n.missed}}
      .dump();
}

wire::Notice notice_of(const ScanRecord& r) {
  return {r.scan_id, r.submission.batch, to_string(r.state), "", r.verdict, r.score, r.error, 0};
}

bool missed_expectation(const ScanRecord& record) {
  return !record.submission.expect.empty() && !is_open(record.state) &&
         (record.state != ScanState::done || record.verdict != record.submission.expect);
}

void BatchSummary::add(const ScanRecord& record) {
  ++total;
  ++states[to_string(record.state)];
  if (!is_open(record.state)) ++ended;
  if (record.state == ScanState::done) ++verdicts[printable(record.verdict)];
  if (record.submission.expect.empty()) return;
  bool as_expected = !missed_expectation(record);
  if (is_open(record.state)) {
    ++open;
  } else if (as_expected) {
    ++met;
  } else {
    ++missed;
    if (missed_scans.size() < kMaxMissedShown) missed_scans.push_back(record);
  }
}

std::optional<uint64_t> manifest_images(const BatchRecord& record) {
  Json manifest = Json::parse(record.manifest, nullptr, false);
  if (!manifest.is_object() || !manifest.contains("images") || !manifest["images"].is_number_unsigned())
    return std::nullopt;
  return manifest["images"].get<uint64_t>();
}

std::string make_manifest(size_t images, const std::string& rerun_of, const std::string& only) {
  Json out = {{"images", images}};
  if (!rerun_of.empty()) out["rerun_of"] = rerun_of;
  if (!only.empty()) out["only"] = only;
  return out.dump();
}

std::string batch_json(const BatchRecord& record, const BatchSummary& summary) {
  Json out = batch_of(record);
  auto images = manifest_images(record);
  out["images"] = images ? Json(*images) : Json();
  out["total"] = summary.total;
  out["ended"] = summary.ended;
  out["progress"] =
      summary.total == 0 ? 1.0 : static_cast<double>(summary.ended) / static_cast<double>(summary.total);
  out["states"] = Json(summary.states);
  out["verdicts"] = Json(summary.verdicts);
  out["expected"] = {{"met", summary.met}, {"missed", summary.missed}, {"open", summary.open}};
  out["missed"] = Json::array();
  for (const ScanRecord& scan : summary.missed_scans) out["missed"].push_back(missed_of(scan));
  return out.dump();
}

std::string batches_json(const std::vector<BatchRecord>& records, const std::string& next) {
  Json list = Json::array();
  for (const BatchRecord& record : records) {
    Json one = batch_of(record);
    auto images = manifest_images(record);
    one["images"] = images ? Json(*images) : Json();
    one["total"] = images.value_or(0);
    list.push_back(std::move(one));
  }
  return Json{{"batches", std::move(list)}, {"next", or_null(next)}}.dump();
}

}  // namespace assay::api
