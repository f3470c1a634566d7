// What a case says of the comparison with an earlier image.
#include "common/text.h"
#include "scheduler/score/rule_case.h"

namespace assay {
namespace {

Error wrong(const std::string& what) { return {Errc::invalid, what}; }

Result<Change> case_change(const yaml::Node& fields) {
  Change out;
  for (const auto& [name, value] : fields.entries) {
    std::string* member = name == "kind"    ? &out.kind
                          : name == "what"  ? &out.what
                          : name == "by"    ? &out.by
                          : name == "layer" ? &out.layer
                                            : nullptr;
    if (member == nullptr || !value.is_scalar())
      return wrong("what was added has a wrong entry '" + printable(name, 50) + "'");
    *member = value.scalar;
  }
  ASSAY_CHECK(parse_fact_kind(out.kind));
  if (out.what.empty()) return wrong("what was added needs kind and what");
  return out;
}

}  // namespace

Result<Comparison> case_comparison(const yaml::Node& fields) {
  Comparison out;
  out.relation = "previous";
  out.scan_id = "20261124T031500-0badcafe";
  out.ref = "docker.io/library/app:1.2.3";
  out.digest = "sha256:" + std::string(64, 'b');
  for (const auto& [name, value] : fields.entries) {
    if (name == "relation" && (value.scalar == "previous" || value.scalar == "base")) {
      out.relation = value.scalar;
    } else if (name == "ref" && value.is_scalar()) {
      out.ref = value.scalar;
    } else if (name == "added" && value.is_list()) {
      for (const yaml::Node& item : value.items) {
        ASSAY_TRY(Change change, case_change(item));
        out.added.push_back(std::move(change));
      }
    } else {
      return wrong("'compared' has a wrong entry '" + printable(name, 50) + "'");
    }
  }
  return out;
}

}  // namespace assay
