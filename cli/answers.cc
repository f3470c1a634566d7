// Fields of the answers.
#include "cli/answers.h"

#include "cli/json_fields.h"
#include "common/ids.h"
#include "common/text.h"

namespace assay::cli {
namespace {

std::string scan_id(Fields& fields, const char* name) {
  std::string id = fields.text(name);
  if (!is_scan_id(id)) fields.wrong(name, "an id, but '" + printable(id, 40) + "'");
  return id;
}

Counts counts(Fields& fields, const char* name) {
  Counts out;
  const Json* object = fields.object(name);
  if (object == nullptr) return out;
  Fields inner(*object, std::string("'") + name + "'");
  for (const auto& [key, value] : object->items()) out[key] = inner.number<uint64_t>(key.c_str());
  if (Status status = inner.status(); !status) fields.wrong(name, "an object of counts");
  return out;
}

Result<ScanView> scan_of(const Json& json) {
  Fields fields(json, "scan");
  ScanView scan;
  scan.scan_id = scan_id(fields, "scan_id");
  for (auto [name, value] :
       std::initializer_list<std::pair<const char*, std::string*>>{{"ref", &scan.ref},
                                                                   {"state", &scan.state},
                                                                   {"lane", &scan.lane},
                                                                   {"tenant", &scan.tenant},
                                                                   {"batch", &scan.batch},
                                                                   {"persona", &scan.persona},
                                                                   {"agent", &scan.agent},
                                                                   {"digest", &scan.digest},
                                                                   {"verdict", &scan.verdict},
                                                                   {"error", &scan.error},
                                                                   {"error_code", &scan.error_code},
                                                                   {"same_as", &scan.same_as},
                                                                   {"pinned", &scan.pinned},
                                                                   {"expect", &scan.expect}})
    *value = fields.text(name);
  scan.labels = fields.labels("labels");
  scan.attempt = fields.number<uint32_t>("attempt");
  scan.failures = fields.number<uint32_t>("failures");
  scan.submitted_ns = fields.number<int64_t>("submitted_ns");
  scan.leased_ns = fields.number<int64_t>("leased_ns");
  scan.finished_ns = fields.number<int64_t>("finished_ns");
  scan.score = fields.number<int32_t>("score");
  if (const Json* pruned = fields.list("pruned"); pruned != nullptr)
    for (const Json& item : *pruned)
      item.is_string() ? scan.pruned.push_back(item.get<std::string>())
                       : fields.wrong("pruned", "a list of words");
  if (const Json* waits = fields.list("waits"); waits != nullptr)
    for (const Json& item : *waits) {
      Fields reason(item, "reason to wait");
      scan.waits.push_back(reason.text("text"));
      ASSAY_CHECK(reason.status());
    }
  ASSAY_CHECK(fields.status());
  return scan;
}

Result<BatchView> batch_of(const Json& json) {
  Fields fields(json, "batch");
  BatchView batch;
  batch.batch_id = scan_id(fields, "batch_id");
  batch.name = fields.text("name");
  batch.rerun_of = fields.text("rerun_of");
  batch.labels = fields.labels("labels");
  batch.created_ns = fields.number<int64_t>("created_ns");
  batch.total = fields.number<uint64_t>("total");
  batch.states = counts(fields, "states");
  batch.verdicts = counts(fields, "verdicts");
  batch.expected = counts(fields, "expected");
  const Json* missed = fields.list("missed");
  ASSAY_CHECK(fields.status());
  if (missed == nullptr) return batch;
  for (const Json& item : *missed) {
    Fields row(item, "missed expectation");
    Missed one{scan_id(row, "scan_id"), row.text("ref"), row.text("expect"), row.text("verdict"),
               row.text("state")};
    ASSAY_CHECK(row.status());
    batch.missed.push_back(std::move(one));
  }
  return batch;
}

Result<std::string> id_of(const Json& json) {
  if (json.is_string() && is_scan_id(json.get_ref<const std::string&>())) return json.get<std::string>();
  return Error{Errc::corrupt, "the server's answer: 'scan_ids' holds what is no scan id"};
}

}  // namespace

bool has_ended(const std::string& state) {
  return state == "done" || state == "failed" || state == "cancelled";
}

Result<ScanView> read_scan(std::string_view text) {
  ASSAY_TRY(Json json, parse_object(text, "the server's answer"));
  return scan_of(json);
}

Result<ScanPage> read_scans(std::string_view text) {
  ScanPage page;
  ASSAY_TRY(Json json, parse_object(text, "the server's answer"));
  ASSAY_TRY(page.scans, list_of<ScanView>(json, "scans", scan_of));
  Fields fields(json, "the server's answer");
  if (fields.has("next")) page.next = scan_id(fields, "next");
  ASSAY_CHECK(fields.status());
  return page;
}

Result<std::vector<std::string>> read_scan_ids(std::string_view text, size_t expected) {
  ASSAY_TRY(auto ids, list_of<std::string>(text, "scan_ids", id_of));
  if (ids.size() != expected)
    return Error{Errc::corrupt, "the server answered " + std::to_string(ids.size()) + " scan ids for " +
                                    std::to_string(expected) + " images"};
  return ids;
}

Result<SubmittedBatch> read_submitted_batch(std::string_view text) {
  SubmittedBatch out;
  ASSAY_TRY(Json json, parse_object(text, "the server's answer"));
  Fields fields(json, "the server's answer");
  out.batch_id = scan_id(fields, "batch_id");
  ASSAY_CHECK(fields.status());
  ASSAY_TRY(out.scan_ids, list_of<std::string>(json, "scan_ids", id_of));
  return out;
}

Result<BatchView> read_batch(std::string_view text) {
  ASSAY_TRY(Json json, parse_object(text, "the server's answer"));
  return batch_of(json);
}

Result<std::vector<BatchView>> read_batches(std::string_view text) {
  return list_of<BatchView>(text, "batches", batch_of);
}

Result<FarmEvent> read_event(const std::string& name, std::string_view text) {
  ASSAY_TRY(Json json, parse_object(text, "an event of the server"));
  Fields fields(json, "event");
  FarmEvent event;
  event.progress = name == "progress";
  if (fields.has("scan_id") && !fields.text("scan_id").empty()) event.scan_id = scan_id(fields, "scan_id");
  event.batch = fields.text("batch");
  event.state = fields.text("state");
  event.phase = fields.text("phase");
  event.verdict = fields.text("verdict");
  event.score = fields.number<int32_t>("score");
  event.error = fields.text("error");
  event.missed = fields.number<uint64_t>("missed");
  ASSAY_CHECK(fields.status());
  return event;
}

}  // namespace assay::cli
