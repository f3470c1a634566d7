// Sentences of a decision, and which waiver is for what.
#include "decisions/decide_parts.h"

#include <algorithm>

#include "common/image_ref.h"
#include "common/text.h"
#include "decisions/patterns.h"
#include "scheduler/score/layers.h"
#include "scheduler/score/text_layout.h"

namespace assay::decisions {
namespace {

constexpr size_t kMaxQuoted = 240;
constexpr int64_t kDay = 86400, kSoon = 14 * kDay;

bool is_check(const std::string& name) {
  auto names = check_names();
  return std::find(names.begin(), names.end(), name) != names.end();
}

bool is_for_image(const Waiver& waiver, const std::vector<std::string>& names) {
  if (waiver.images.empty()) return true;
  for (const std::string& pattern : waiver.images)
    for (const std::string& name : names)
      if (!name.empty() && matches_wildcards(pattern, name)) return true;
  return false;
}

bool is_about(const Waiver& waiver, const Reason& reason) {
  bool same = is_check(waiver.rule) ? waiver.rule == reason.check
                                    : !reason.rule_id.empty() &&
                                          (waiver.rule == reason.rule_id || waiver.rule == reason.rule_title);
  return same && (waiver.subject.empty() || matches_wildcards(waiver.subject, reason.subject));
}

}  // namespace

Sentence& Sentence::say(std::string_view ours) {
  if (parts_.size() % 2 == 0) parts_.emplace_back();
  parts_.back() += ours;
  return *this;
}

Sentence& Sentence::quote(std::string_view theirs) {
  if (parts_.size() % 2 == 0) parts_.emplace_back();
  parts_.push_back(still_printable(theirs, kMaxQuoted));
  return *this;
}

Sentence& Sentence::layer(const Report& report, const std::string& text) {
  if (text.empty()) return *this;
  return say(", brought by ").quote(layer_for_people(report.header.image.layers, text));
}

void Sentence::into(Reason& reason) && {
  reason.text.clear();
  for (const std::string& part : parts_) reason.text += part;
  reason.parts = std::move(parts_);
}

Waivers::Waivers(const Policy& policy, const std::string& ref, const std::string& digest, int64_t now_s)
    : now_s_(now_s) {
  std::vector<std::string> names = {ref, digest};
  if (auto parsed = ImageRef::parse(ref)) names.push_back(parsed->str());
  for (const Waiver& waiver : policy.waivers)
    if (is_for_image(waiver, names)) waivers_.push_back(waiver);
}

const Waiver* Waivers::of_finding(const Finding& finding) const {
  for (const Waiver& waiver : waivers_)
    if (holds(waiver) && waiver.subject.empty() && !is_check(waiver.rule) &&
        (waiver.rule == finding.rule_id || waiver.rule == finding.title))
      return &waiver;
  return nullptr;
}

void Waivers::apply(Reason& reason) const {
  for (const Waiver& waiver : waivers_) {
    if (!is_about(waiver, reason)) continue;
    if (holds(waiver)) {
      reason.waived = waiver;
      reason.lapsed.reset();
      return;
    }
    if (!reason.lapsed || reason.lapsed->expires_s < waiver.expires_s) reason.lapsed = waiver;
  }
}

std::vector<Waiver> Waivers::due() const {
  std::vector<Waiver> out;
  for (const Waiver& waiver : waivers_)
    if (waiver.expires_s - kSoon <= now_s_) out.push_back(waiver);
  return out;
}

std::string waiver_text(const Waiver& waiver, bool expired) {
  constexpr int64_t kSecond = 1'000'000'000;
  std::string day = layout::utc_text((waiver.expires_s - 1) * kSecond).substr(0, 10);
  return std::string(expired ? "was waived" : "waived") + " by " + still_printable(waiver.owner) + " until " +
         day + ": " + still_printable(waiver.reason);
}

}  // namespace assay::decisions
