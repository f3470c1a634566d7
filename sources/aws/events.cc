// The envelope of EventBridge, and in its detail the action on an image.
#include "sources/aws/events.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "common/digest.h"
#include "common/image_ref.h"
#include "common/rfc3339.h"
#include "common/text.h"
#include "sources/aws/endpoint.h"

namespace assay::sources::aws {
namespace {

using nlohmann::json;

constexpr size_t kLargest = 256 * 1024;  // EventBridge's own bound
constexpr int kDeepest = 16;
constexpr size_t kMaxId = 128;

Error bad(const std::string& what) { return {Errc::invalid, "ECR event: " + what}; }

// Parsed with a bound on its depth, as its destructor and our stack want it.
json parse(std::string_view text) {
  if (text.size() > kLargest) return json(json::value_t::discarded);
  auto shallow = [](int depth, json::parse_event_t, json&) { return depth <= kDeepest; };
  return json::parse(text, shallow, false);
}

// A field of text; empty where it may be missing.
Result<std::string> text(const json& from, const char* name, bool needed) {
  auto found = from.find(name);
  if (found == from.end() || found->is_null()) {
    if (needed) return bad(std::string("\"") + name + "\" is missing");
    return std::string();
  }
  if (!found->is_string()) return bad(std::string("\"") + name + "\" is no text");
  return found->get<std::string>();
}

bool is_account(const std::string& account) {
  return account.size() == 12 &&
         std::all_of(account.begin(), account.end(), [](char c) { return c >= '0' && c <= '9'; });
}

Error wrong(const char* field, const std::string& value) {
  return bad(std::string("\"") + field + "\" is \"" + printable(value, 100) + "\"");
}

// The registry and repository that it names, checked by the same rules as a user's reference.
Status place(const json& event, const json& detail, Push& push) {
  ASSAY_TRY(std::string account, text(event, "account", true));
  if (!is_account(account)) return wrong("account", account);
  ASSAY_TRY(std::string region, text(event, "region", true));
  if (!is_region(region)) return wrong("region", region);
  push.host = account + ".dkr.ecr." + region + ".amazonaws.com" + (region.starts_with("cn-") ? ".cn" : "");
  ASSAY_TRY(push.repository, text(detail, "repository-name", true));
  ASSAY_TRY(push.tag, text(detail, "image-tag", false));
  ASSAY_TRY(push.digest, text(detail, "image-digest", push.tag.empty()));
  if (!push.digest.empty() && !Digest::parse(push.digest)) return wrong("image-digest", push.digest);
  std::string name = push.host + "/" + push.repository;
  auto ref = ImageRef::parse(name);  // "app:x" would parse as well, to another repository
  if (!ref || ref->registry != push.host || ref->repository != push.repository)
    return wrong("repository-name", push.repository);
  if (push.tag.empty()) return Status();
  ref = ImageRef::parse(name + ":" + push.tag);
  if (!ref || ref->tag != push.tag || !ref->digest.empty()) return wrong("image-tag", push.tag);
  return Status();
}

}  // namespace

Result<std::optional<Push>> parse_ecr_event(std::string_view bytes) {
  json event = parse(bytes);
  if (!event.is_object()) return bad("not a JSON object of at most 256 KiB");
  ASSAY_TRY(std::string source, text(event, "source", true));
  ASSAY_TRY(std::string type, text(event, "detail-type", true));
  if (source != "aws.ecr" || type != "ECR Image Action") return std::optional<Push>();
  auto detail = event.find("detail");
  if (detail == event.end() || !detail->is_object()) return bad("\"detail\" is no object");
  ASSAY_TRY(std::string action, text(*detail, "action-type", true));
  ASSAY_TRY(std::string result, text(*detail, "result", true));
  if (action != "PUSH" || result != "SUCCESS") return std::optional<Push>();
  Push push;
  ASSAY_TRY(push.id, text(event, "id", true));
  if (push.id.empty() || push.id.size() > kMaxId || printable(push.id) != push.id)
    return wrong("id", push.id);
  ASSAY_CHECK(place(event, *detail, push));
  ASSAY_TRY(std::string time, text(event, "time", false));
  if (!time.empty()) {
    auto at_s = parse_rfc3339(time);
    if (!at_s) return wrong("time", time);
    push.pushed_ns = *at_s * 1'000'000'000;
  }
  return std::optional<Push>(std::move(push));
}

}  // namespace assay::sources::aws
