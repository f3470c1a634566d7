// Field by field; what is empty is left out of the many items.
#include "scheduler/sweeps/records_json.h"

#include <array>

#include "scheduler/sweeps/json_reader.h"

namespace assay::sweeps {
namespace {

constexpr std::array kRunStates = {RunState::listing, RunState::scanning, RunState::done, RunState::stopped};
constexpr std::array kOutcomes = {Outcome::submitted, Outcome::known,       Outcome::rescored,
                                  Outcome::same,      Outcome::not_reached, Outcome::failed};
constexpr std::array kRepositoryStates = {RepositoryState::waiting, RepositoryState::done,
                                          RepositoryState::failed, RepositoryState::not_reached};
constexpr std::array kPersonas = {Persona::bare, Persona::kubernetes, Persona::ci, Persona::cloud};
constexpr size_t kMaxTroubleBytes = 4096;

template <class E, size_t n>
void named(Fields& fields, const char* field, const std::array<E, n>& all, E& to) {
  std::string text;
  if (!fields.text(field, text)) return;
  for (E one : all)
    if (text == to_string(one)) {
      to = one;
      return;
    }
  fields.fail(field, "'" + printable(text, 64) + "' is not known");
}

void put_text(Json& out, const char* name, const std::string& text) {
  if (!text.empty()) out[name] = text;
}

Json item_json(const Item& item) {
  Json out = {{"outcome", to_string(item.outcome)}};
  put_text(out, "tag", item.tag);
  put_text(out, "digest", item.digest);
  put_text(out, "platform", item.platform);
  if (item.persona != Persona::bare) out["persona"] = to_string(item.persona);
  if (item.pushed_ns != 0) out["pushed_ns"] = item.pushed_ns;
  put_text(out, "scan_id", item.scan_id);
  put_text(out, "reason", item.reason);
  put_text(out, "was_verdict", item.was_verdict);
  return out;
}

Result<Item> read_item(const Json& json, const std::string& place) {
  if (!json.is_object()) return Error{Errc::invalid, place + " is not an object"};
  Item item;
  Fields fields(json, place + ".");
  named(fields, "outcome", kOutcomes, item.outcome);
  fields.text("tag", item.tag);
  fields.text("digest", item.digest);
  fields.text("platform", item.platform);
  named(fields, "persona", kPersonas, item.persona);
  fields.signed_number("pushed_ns", item.pushed_ns);
  fields.text("scan_id", item.scan_id);
  fields.text("reason", item.reason);
  fields.text("was_verdict", item.was_verdict);
  ASSAY_CHECK(fields.finish());
  return item;
}

Status read_spec_field(Fields& fields, Spec& spec) {
  const Json* json = fields.take("spec");
  if (json == nullptr) return Error{Errc::invalid, "spec is missing"};
  ASSAY_TRY(spec, parse_spec(dump(*json)).context("spec"));
  return Status();
}

Json as_json(const Spec& spec) { return Json::parse(spec_json(spec), nullptr, false); }

}  // namespace

const char* to_string(RunState state) {
  constexpr const char* kNames[] = {"listing", "scanning", "done", "stopped"};
  return kNames[static_cast<size_t>(state)];
}

const char* to_string(Outcome outcome) {
  constexpr const char* kNames[] = {"submitted", "known", "rescored", "same", "not_reached", "failed"};
  return kNames[static_cast<size_t>(outcome)];
}

const char* to_string(RepositoryState state) {
  constexpr const char* kNames[] = {"waiting", "done", "failed", "not_reached"};
  return kNames[static_cast<size_t>(state)];
}

std::string encode(const SweepRecord& record) {
  return dump({{"spec", as_json(record.spec)},
               {"tenant", record.tenant},
               {"paused", record.paused},
               {"created_ns", record.created_ns},
               {"last_due_s", record.last_due_s},
               {"running", record.running}});
}

Result<SweepRecord> decode_sweep(std::string_view bytes) {
  ASSAY_TRY(Json json, parse_object(bytes, "it"));
  SweepRecord record;
  Fields fields(json, "");
  ASSAY_CHECK(read_spec_field(fields, record.spec));
  fields.text("tenant", record.tenant);
  fields.flag("paused", record.paused);
  fields.signed_number("created_ns", record.created_ns);
  fields.signed_number("last_due_s", record.last_due_s);
  fields.text("running", record.running);
  ASSAY_CHECK(fields.finish());
  return record;
}

std::string encode(const RunRecord& record) {
  Json out = {{"run_id", record.run_id},
              {"sweep", record.sweep},
              {"tenant", record.tenant},
              {"spec", as_json(record.spec)},
              {"rules_version", record.rules_version},
              {"why", record.why},
              {"state", to_string(record.state)},
              {"started_ns", record.started_ns},
              {"listed_ns", record.listed_ns},
              {"ended_ns", record.ended_ns}};
  if (record.deadline_s) out["deadline_s"] = *record.deadline_s;
  out["trouble"] = Json::array();
  for (const std::string& line : record.trouble)
    if (!line.empty() && out["trouble"].size() < kMaxTrouble)
      out["trouble"].push_back(line.substr(0, kMaxTroubleBytes));
  out["listed_all"] = record.listed_all;
  return dump(out);
}

Result<RunRecord> decode_run(std::string_view bytes) {
  ASSAY_TRY(Json json, parse_object(bytes, "it"));
  RunRecord record;
  Fields fields(json, "");
  ASSAY_CHECK(read_spec_field(fields, record.spec));
  for (auto [name, to] : {std::pair{"run_id", &record.run_id},
                          {"sweep", &record.sweep},
                          {"tenant", &record.tenant},
                          {"rules_version", &record.rules_version},
                          {"why", &record.why}})
    fields.text(name, *to);
  named(fields, "state", kRunStates, record.state);
  fields.signed_number("started_ns", record.started_ns);
  fields.signed_number("listed_ns", record.listed_ns);
  fields.signed_number("ended_ns", record.ended_ns);
  int64_t deadline_s = 0;
  if (fields.signed_number("deadline_s", deadline_s)) record.deadline_s = deadline_s;
  fields.texts("trouble", record.trouble, kMaxTrouble,
               4 * kMaxTroubleBytes);  // a cut character is written longer
  fields.flag("listed_all", record.listed_all);
  ASSAY_CHECK(fields.finish());
  return record;
}

std::string encode(const RepositoryRecord& record) {
  Json out = {{"host", record.host},
              {"name", record.name},
              {"source", record.source},
              {"state", to_string(record.state)}};
  put_text(out, "reason", record.reason);
  out["left_out"] = record.left_out;
  out["undated"] = record.undated;
  out["items"] = Json::array();
  for (const Item& item : record.items) out["items"].push_back(item_json(item));
  return dump(out);
}

Result<RepositoryRecord> decode_repository(std::string_view bytes) {
  ASSAY_TRY(Json json, parse_object(bytes, "it"));
  RepositoryRecord record;
  Fields fields(json, "");
  fields.text("host", record.host);
  fields.text("name", record.name);
  uint64_t source = 0;
  fields.number("source", source, 1'000'000);
  record.source = source;
  named(fields, "state", kRepositoryStates, record.state);
  fields.text("reason", record.reason);
  fields.number("left_out", record.left_out, UINT64_MAX);
  fields.number("undated", record.undated, UINT64_MAX);
  if (const Json* items = fields.take("items")) {
    if (!items->is_array()) return Error{Errc::invalid, "items is not a list"};
    record.items.reserve(items->size());
    for (const Json& one : *items) {
      ASSAY_TRY(Item item, read_item(one, "items[" + std::to_string(record.items.size()) + "]"));
      record.items.push_back(std::move(item));
    }
  }
  ASSAY_CHECK(fields.finish());
  return record;
}

}  // namespace assay::sweeps
