// The fields of the API's answers on sweeps.
#include "cli/sweep_answers.h"

#include <algorithm>

#include "cli/json_fields.h"
#include "common/ids.h"

namespace assay::cli {
namespace {

constexpr const char* kAnswer = "the server's answer";

std::vector<std::string> texts(Fields& from, const char* name) {
  std::vector<std::string> out;
  const Json* list = from.list(name);
  if (list == nullptr) return out;
  for (const Json& item : *list) {
    if (!item.is_string()) return from.wrong(name, "a list of texts"), out;
    out.push_back(item.get<std::string>());
  }
  return out;
}

Counts counts(Fields& from, const char* name) {
  Counts out;
  const Json* object = from.object(name);
  if (object == nullptr) return out;
  for (const auto& [key, value] : object->items()) {
    if (!value.is_number_unsigned()) return from.wrong(name, "an object of counts"), out;
    out[key] = value.get<uint64_t>();
  }
  return out;
}

std::optional<int64_t> maybe_time(Fields& from, const char* name) {
  return from.has(name) ? std::optional(from.number(name)) : std::nullopt;
}

std::string id_of(Fields& from, const char* name) {
  std::string id = from.text(name);
  if (!id.empty() && !is_scan_id(id)) from.wrong(name, "an id");
  return id;
}

void read_row(Fields& fields, SweepRowView& out) {
  out.name = fields.text("name");
  out.tenant = fields.text("tenant");
  out.schedule = fields.text("schedule");
  out.time_zone = fields.text("time_zone");
  out.sources = texts(fields, "sources");
  out.paused = fields.flag("paused");
  out.running = id_of(fields, "running");
  out.created_ns = fields.number("created_ns");
  out.last_due_s = fields.number("last_due_s");
}

Result<SweepRowView> read_sweep_row(const Json& json) {
  Fields fields(json, std::string(kAnswer) + ", a sweep");
  SweepRowView out;
  read_row(fields, out);
  ASSAY_CHECK(fields.status());
  return out;
}

Result<SweepCapacity> read_capacity(const Json& json) {
  Fields fields(json, std::string(kAnswer) + ", capacity");
  SweepCapacity out;
  out.seconds_left = fields.number<uint64_t>("seconds_left");
  out.scans_open = fields.number<uint64_t>("scans_open");
  out.slots = fields.number<uint64_t>("slots");
  out.slots_needed = fields.maybe_number("slots_needed");
  out.basis = fields.text("basis");
  ASSAY_CHECK(fields.status());
  return out;
}

Result<SweepProgress> read_progress(const Json& json) {
  Fields fields(json, std::string(kAnswer) + ", the run");
  SweepProgress out;
  out.run_id = id_of(fields, "run_id");
  out.state = fields.text("state");
  out.why = fields.text("why");
  out.started_ns = fields.number("started_ns");
  out.deadline_s = maybe_time(fields, "deadline_s");
  out.sources_open = fields.number<uint64_t>("sources_open");
  out.scans_open = fields.number<uint64_t>("scans_open");
  out.repositories = counts(fields, "repositories");
  out.images = counts(fields, "images");
  if (const Json* list = fields.list("busy"))
    for (const Json& item : *list) {
      Fields one(item, std::string(kAnswer) + ", busy");
      out.busy.push_back({one.text("host"), one.number<uint64_t>("ms")});
      ASSAY_CHECK(one.status());
    }
  if (const Json* capacity = fields.object("capacity")) {
    ASSAY_TRY(out.capacity, read_capacity(*capacity));
  }
  ASSAY_CHECK(fields.status());
  return out;
}

Result<SweepRunView> read_run(const Json& json) {
  Fields fields(json, std::string(kAnswer) + ", a run");
  SweepRunView out;
  out.run_id = id_of(fields, "run_id");
  out.state = fields.text("state");
  out.why = fields.text("why");
  out.started_ns = fields.number("started_ns");
  out.listed_ns = fields.number("listed_ns");
  out.ended_ns = fields.number("ended_ns");
  out.deadline_s = maybe_time(fields, "deadline_s");
  out.listed_all = fields.flag("listed_all");
  out.trouble = texts(fields, "trouble");
  ASSAY_CHECK(fields.status());
  return out;
}

// Of a field of a sweep: text as it is, lists of texts with commas, anything else as JSON.
std::string value_text(const Json& value) {
  if (value.is_string()) return value.get<std::string>();
  bool texts = value.is_array() &&
               std::all_of(value.begin(), value.end(), [](const Json& item) { return item.is_string(); });
  if (!texts) return value.dump(-1, ' ', false, Json::error_handler_t::replace);
  std::string out;
  for (const Json& item : value) out += (out.empty() ? "" : ", ") + item.get<std::string>();
  return out;
}

std::vector<std::pair<std::string, std::string>> spec_fields(const Json& spec) {
  std::vector<std::pair<std::string, std::string>> out;
  for (const auto& [name, value] : spec.items())
    if (name != "name" && name != "sources" && name != "schedule" && name != "time_zone")
      out.emplace_back(name, value_text(value));
  return out;
}

// How many are in a list of the report: {"count": N, "items": [...], "left_out": N}.
uint64_t listed(Fields& report, const char* name) {
  const Json* list = report.object(name);
  if (list == nullptr) return 0;
  Fields fields(*list, name);
  auto count = fields.maybe_number("count");
  if (!count || !fields.status()) report.wrong(name, "a list with its count");
  return count.value_or(0);
}

}  // namespace

bool has_ended(const SweepRunView& run) { return run.state == "done" || run.state == "stopped"; }

Result<std::vector<SweepRowView>> read_sweeps(std::string_view text) {
  ASSAY_TRY(Json json, parse_object(text, kAnswer));
  return list_of<SweepRowView>(json, "sweeps", read_sweep_row);
}

Result<SweepView> read_sweep(std::string_view text) {
  ASSAY_TRY(Json json, parse_object(text, kAnswer));
  Fields fields(json, kAnswer);
  SweepView out;
  read_row(fields, out);
  if (const Json* spec = fields.object("spec")) out.spec = spec_fields(*spec);
  out.next_due_s = maybe_time(fields, "next_due_s");
  if (const Json* run = fields.object("run")) {
    ASSAY_TRY(out.run, read_progress(*run));
  }
  ASSAY_CHECK(fields.status());
  return out;
}

Result<std::vector<SweepRunView>> read_sweep_runs(std::string_view text) {
  ASSAY_TRY(Json json, parse_object(text, kAnswer));
  return list_of<SweepRunView>(json, "runs", read_run);
}

Result<std::string> read_sweep_started(std::string_view text) {
  ASSAY_TRY(Json json, parse_object(text, kAnswer));
  Fields fields(json, kAnswer);
  std::string id = id_of(fields, "run_id");
  if (id.empty()) fields.wrong("run_id", "an id");
  ASSAY_CHECK(fields.status());
  return id;
}

Result<SweepVerdict> read_sweep_report(std::string_view text) {
  ASSAY_TRY(Json json, parse_object(text, kAnswer));
  Fields fields(json, kAnswer);
  SweepVerdict out;
  out.state = fields.text("state");
  out.new_malicious = listed(fields, "new_malicious");
  out.new_suspicious = listed(fields, "new_suspicious");
  out.inconclusive = listed(fields, "inconclusive");
  out.failed = listed(fields, "failed");
  out.not_reached = listed(fields, "not_reached");
  ASSAY_CHECK(fields.status());
  return out;
}

}  // namespace assay::cli
