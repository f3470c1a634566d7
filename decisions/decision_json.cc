// Decisions as JSON, "assay.decisions/1" (docs/policy.md).
#include "decisions/decision_forms.h"
#include "decisions/form_parts.h"
#include "scheduler/export/json_text.h"

namespace assay::decisions {
namespace {

constexpr int64_t kSecond = 1'000'000'000;

std::string time_text(int64_t unix_s) { return unix_s > 0 ? utc_text(unix_s * kSecond) : ""; }

Json waiver_json(const Waiver& waiver) {
  return {{"rule", waiver.rule},   {"subject", waiver.subject}, {"images", waiver.images},
          {"owner", waiver.owner}, {"reason", waiver.reason},   {"expires", time_text(waiver.expires_s)}};
}

Json reason_json(const Reason& reason) {
  Json out = {{"outcome", to_string(reason.outcome)},
              {"check", reason.check},
              {"subject", reason.subject},
              {"text", reason.text},
              {"rule_id", reason.rule_id},
              {"rule_title", reason.rule_title},
              {"techniques", reason.techniques},
              {"layer", reason.layer}};
  out["waived"] = reason.waived ? waiver_json(*reason.waived) : Json(nullptr);
  out["lapsed"] = reason.lapsed ? waiver_json(*reason.lapsed) : Json(nullptr);
  return out;
}

Json json_of(const Decision& decision) {
  Json reasons = Json::array(), checks = Json::array(), due = Json::array();
  for (const Reason& reason : decision.reasons) reasons.push_back(reason_json(reason));
  for (const Check& check : decision.checks) checks.push_back({{"name", check.name}, {"asked", check.asked}});
  for (const Waiver& waiver : decision.unused) due.push_back(waiver_json(waiver));
  return {{"outcome", to_string(decision.outcome)},
          {"policy", decision.policy},
          {"policy_sha256", decision.policy_sha256},
          {"ref", decision.ref},
          {"digest", decision.digest},
          {"scan_id", decision.scan_id},
          {"verdict", decision.verdict},
          {"score", decision.score},
          {"decided", time_text(decision.decided_s)},
          {"reasons", std::move(reasons)},
          {"checks", std::move(checks)},
          {"waivers_due", std::move(due)}};
}

}  // namespace

std::string decision_json(const Decision& decision) { return json_text(json_of(decision)); }

std::string decisions_json(std::span<const Decision> decisions) {
  Json all = Json::array();
  for (const Decision& decision : decisions) all.push_back(json_of(decision));
  return json_text({{"schema", "assay.decisions/1"},
                    {"outcome", to_string(worst(decisions))},
                    {"exit_code", exit_code(decisions)},
                    {"decisions", std::move(all)}});
}

}  // namespace assay::decisions
