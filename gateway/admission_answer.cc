// Decisions as an answer to an API server, as long as it takes one: beyond, it cuts or refuses.
#include <algorithm>
#include <nlohmann/json.hpp>

#include "common/text.h"
#include "common/units.h"
#include "gateway/admission.h"

namespace assay::gateway {
namespace {

using decisions::Decision;
using decisions::Outcome;
using Json = nlohmann::ordered_json;

constexpr size_t kMaxMessageBytes = 4096;
constexpr size_t kMaxWarningBytes = 256;
constexpr size_t kMaxWarnings = 16;
constexpr size_t kMaxAuditBytes = 4096;
constexpr size_t kMaxReasonsShown = 5;  // of an image
constexpr std::chrono::milliseconds kUsualTimeout{10'000};

std::string cut(std::string text, size_t limit) { return still_printable(text, limit); }

// "app@sha256:... (scan ID)".
std::string name_of(const Decision& decision) {
  std::string out = decision.ref;
  if (!decision.digest.empty() && out.find(decision.digest) == out.npos) out += " (" + decision.digest + ")";
  if (!decision.scan_id.empty()) out += ", scan " + decision.scan_id;
  return out;
}

// What of the image counts as much as `outcome`; waived ones do not count.
std::string reasons_of(const Decision& decision, Outcome outcome) {
  std::string out;
  size_t shown = 0, more = 0;
  for (const decisions::Reason& reason : decision.reasons) {
    if (reason.waived || reason.outcome != outcome) continue;
    if (shown == kMaxReasonsShown) {
      ++more;
      continue;
    }
    out += (shown++ ? "; " : "") + reason.text;
  }
  if (more > 0) out += "; and " + std::to_string(more) + " more";
  return out;
}

// One a image for the record of the API server: what was decided by which scan.
std::string audit_line(const Decision& decision) {
  return decision.ref + " " + decisions::to_string(decision.outcome) +
         (decision.scan_id.empty() ? "" : " by scan " + decision.scan_id) +
         (decision.verdict.empty() ? "" : ", " + decision.verdict);
}

void warn(ReviewAnswer& answer, const std::string& text) {
  if (answer.warnings.size() < kMaxWarnings) answer.warnings.push_back(cut(text, kMaxWarningBytes));
}

}  // namespace

ReviewAnswer answer_of(const Review& review, std::span<const Decision> decisions) {
  ReviewAnswer out;
  out.allowed = !review.too_many;
  if (review.too_many)
    out.message = "more than " + std::to_string(kMaxReviewImages) + " different images in one object are not judged";
  std::string audit;
  for (const Decision& decision : decisions) {
    audit += (audit.empty() ? "" : "; ") + audit_line(decision);
    if (decision.outcome == Outcome::fail) {
      out.allowed = false;
      out.message += (out.message.empty() ? "policy " + decision.policy + ": " : " | ") + name_of(decision) + ": " +
                     reasons_of(decision, Outcome::fail);
    } else if (decision.outcome == Outcome::warn) {
      warn(out, "assay: " + name_of(decision) + ": " + reasons_of(decision, Outcome::warn));
    }
  }
  if (!review.unjudged.empty()) audit = review.unjudged;
  out.message = cut(out.message, kMaxMessageBytes);
  if (!decisions.empty()) {
    out.audit.emplace_back("policy", decisions.front().policy);
    out.audit.emplace_back("policy-sha256", decisions.front().policy_sha256);
  }
  out.audit.emplace_back("images", cut(audit, kMaxAuditBytes));
  return out;
}

std::string review_json(const std::string& uid, const ReviewAnswer& answer) {
  Json response = {{"uid", uid}, {"allowed", answer.allowed}};
  if (!answer.allowed)
    response["status"] = {{"status", "Failure"}, {"message", answer.message}, {"reason", "Forbidden"}, {"code", 403}};
  if (!answer.warnings.empty()) response["warnings"] = answer.warnings;
  for (const auto& [name, value] : answer.audit) response["auditAnnotations"][name] = value;
  Json out = {{"apiVersion", "admission.k8s.io/v1"}, {"kind", "AdmissionReview"}, {"response", std::move(response)}};
  return out.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::chrono::milliseconds time_to_answer(std::string_view asked, std::chrono::milliseconds longest) {
  auto said = parse_duration(asked);
  auto patience = said && *said > std::chrono::milliseconds(0) ? *said : kUsualTimeout;
  auto left = patience - std::max<std::chrono::milliseconds>(patience / 10, std::chrono::milliseconds(300));
  return std::clamp(left, std::chrono::milliseconds(50), longest);
}

}  // namespace assay::gateway
