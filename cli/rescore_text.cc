// Texts and JSON of rescoring.
#include "cli/rescore_text.h"

#include "cli/json_fields.h"
#include "cli/looked.h"
#include "common/text.h"
#include "scheduler/score/text_layout.h"

namespace assay::cli {
namespace {

using layout::count_text;
using layout::plural;
using Ordered = nlohmann::ordered_json;

constexpr size_t kMaxTextBytes = 300;

std::string dumped(const Ordered& json) {
  return json.dump(-1, ' ', false, Ordered::error_handler_t::replace) + "\n";
}

std::string side(const RescoreSide& of) {
  return printable(of.verdict.empty() ? "no verdict" : of.verdict, 20) + " " + std::to_string(of.score);
}

RescoreSide read_side(Fields& from, const char* name) {
  const Json* json = from.object(name);
  if (json == nullptr) return from.wrong(name, "an object"), RescoreSide();
  Fields fields(*json, std::string("the server's answer, ") + name);
  RescoreSide out{fields.text("verdict"), fields.number<int32_t>("score"), fields.text("rules")};
  if (!fields.status()) from.wrong(name, "a verdict, a score and a version of rules");
  return out;
}

std::vector<RescoreReason> read_reasons(Fields& from, const char* name) {
  std::vector<RescoreReason> out;
  const Json* list = from.list(name);
  if (list == nullptr) return from.wrong(name, "a list"), out;
  for (const Json& item : *list) {
    Fields fields(item, std::string("the server's answer, ") + name);
    out.push_back({fields.text("rule_id"), fields.text("title"), fields.text("level")});
    if (!fields.status()) from.wrong(name, "findings with their titles");
  }
  return out;
}

}  // namespace

std::string rescored_text(const std::string& scan_id, const std::string& ref, const RescoreChange& change) {
  std::string out = scan_id + "  " + side(change.before) + " -> " + side(change.after) + "  " +
                    printable(ref, kMaxTextBytes) + "\n";
  for (const RescoreReason& reason : change.added)
    out +=
        "    + " + still_printable(reason.title, kMaxTextBytes) + " (" + printable(reason.level, 20) + ")\n";
  for (const RescoreReason& reason : change.removed)
    out +=
        "    - " + still_printable(reason.title, kMaxTextBytes) + " (" + printable(reason.level, 20) + ")\n";
  return out;
}

std::string rescored_json(const std::string& scan_id, const std::string& ref, const RescoreChange& change,
                          bool applied) {
  Ordered out = Ordered::parse(rescore_json(scan_id, change, applied));
  out["ref"] = printable(ref);
  for (const char* list : {"added", "removed"})
    for (auto& reason : out[list])
      for (auto& [name, value] : reason.items()) value = still_printable(value.get<std::string>());
  return dumped(out);
}

std::string totals_text(const RescoreTotals& t) {
  std::string out = plural(t.evaluated, "trace") + " evaluated, " + count_text(t.changed) +
                    (t.dry ? " would change (nothing was written: --apply does)\n"
                           : " changed, " + count_text(t.applied) + " written\n");
  std::string left = left_out_text(t.shared, t.unfinished, t.pruned, t.damaged);
  return left.empty() ? out : out + "not evaluated: " + left + "\n";
}

std::string totals_json(const RescoreTotals& t) {
  return dumped({{"summary",
                  {{"evaluated", t.evaluated},
                   {"changed", t.changed},
                   {"applied", t.applied},
                   {"shared", t.shared},
                   {"unfinished", t.unfinished},
                   {"pruned", t.pruned},
                   {"damaged", t.damaged}}}});
}

Result<RescoreChange> read_rescored(std::string_view json) {
  ASSAY_TRY(Json parsed, parse_object(json, "the server's answer"));
  Fields fields(parsed, "the server's answer");
  RescoreChange out;
  out.before = read_side(fields, "before");
  out.after = read_side(fields, "after");
  out.added = read_reasons(fields, "added");
  out.removed = read_reasons(fields, "removed");
  ASSAY_CHECK(fields.status());
  return out;
}

}  // namespace assay::cli
