// waivers: what somebody answers for, until when.
#include <algorithm>

#include "common/rfc3339.h"
#include "decisions/decide.h"
#include "decisions/policy_parts.h"

namespace assay::decisions {
namespace {

// The end of that day.
Result<int64_t> read_day(const yaml::Node& node, const Place& place) {
  ASSAY_TRY(std::string text, read_text(node, place));
  auto begin = parse_rfc3339(text + "T00:00:00Z");
  if (text.size() == 10 && begin) return *begin + 86400;
  return place.error(node.line, quoted(text) + " is no day, as 2027-01-31");
}

Status check_what(const std::string& rule, int line, const Place& place) {
  auto checks = check_names();
  if (std::find(checks.begin(), checks.end(), rule) != checks.end()) return Status();
  if (std::string hint = did_you_mean(rule, checks); !hint.empty())
    return place.error(line, quoted(rule) + " is no check" + hint);
  return Status();
}

Result<Waiver> read_waiver(const yaml::Node& node, const Place& place) {
  ASSAY_CHECK(check_map(node, place, {"rule", "subject", "images", "owner", "reason", "expires"}));
  for (const char* key : {"rule", "owner", "reason", "expires"})
    if (node.find(key) == nullptr)
      return place.error(node.line, std::string("lacks the key ") + key +
                                        ": a waiver says what, who answers for it, why and until when");
  Waiver out;
  for (const auto& [key, value] : node.entries) {
    Place at = place.in(key);
    if (key == "images") {
      ASSAY_TRY(out.images, read_texts(value, at));
    } else if (key == "expires") {
      ASSAY_TRY(out.expires_s, read_day(value, at));
    } else {
      std::string& to = key == "rule"      ? out.rule
                        : key == "subject" ? out.subject
                        : key == "owner"   ? out.owner
                                           : out.reason;
      ASSAY_TRY(to, read_text(value, at));
    }
  }
  ASSAY_CHECK(check_what(out.rule, node.find("rule")->line, place.in("rule")));
  return out;
}

}  // namespace

Status read_waivers(const yaml::Node& node, const Place& place, Policy& to) {
  if (!node.is_list())
    return place.error(node.line, std::string("is ") + yaml::to_string(node.kind) + ", and a list is wanted");
  if (node.items.size() > kMaxWaivers)
    return place.error(node.line, "has more than " + std::to_string(kMaxWaivers) + " entries");
  for (size_t i = 0; i < node.items.size(); ++i) {
    ASSAY_TRY(Waiver waiver, read_waiver(node.items[i], place.at(i)));
    to.waivers.push_back(std::move(waiver));
  }
  return Status();
}

}  // namespace assay::decisions
