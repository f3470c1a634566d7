// The table of readers, and what they share.
#include "scheduler/hooks/payload.h"

#include <algorithm>

#include "common/digest.h"
#include "common/image_ref.h"
#include "common/rfc3339.h"
#include "common/text.h"
#include "scheduler/hooks/payload_json.h"

namespace assay::hooks {
namespace {

constexpr int kDeepest = 32;
constexpr size_t kMaxTextBytes = 1024;
constexpr int64_t kSecond = 1'000'000'000;

using Reader = Result<Pushes> (*)(const Hook&, const HookHead&, std::string_view);
constexpr Reader kReaders[kSenders] = {read_registry, read_harbor, read_dockerhub,
                                       read_github,   read_gitlab, read_ecr};

Error wrong(const char* name, const std::string& what) {
  return {Errc::invalid, "the payload's \"" + std::string(name) + "\" " + what};
}

}  // namespace

Result<Json> parse_body(std::string_view body) {
  bool deep = false;
  auto shallow = [&deep](int depth, Json::parse_event_t, Json&) {
    deep = deep || depth > kDeepest;
    return !deep;
  };
  Json out = Json::parse(body, shallow, false);
  if (deep) return Error{Errc::invalid, "the payload is deeper than " + std::to_string(kDeepest) + " levels"};
  if (!out.is_object()) return Error{Errc::invalid, "the payload is not a JSON object"};
  return out;
}

Result<Json> object_of(const Json& from, const char* name) {
  auto found = from.find(name);
  if (found == from.end() || found->is_null()) return Json::object();
  if (!found->is_object()) return wrong(name, "is no object");
  return *found;
}

Result<std::string> text_of(const Json& from, const char* name) {
  auto found = from.find(name);
  if (found == from.end() || found->is_null()) return std::string();
  if (!found->is_string()) return wrong(name, "is no text");
  const auto& text = found->get_ref<const std::string&>();
  if (text.size() > kMaxTextBytes)
    return wrong(name, "is longer than " + std::to_string(kMaxTextBytes) + " bytes");
  return text;
}

Result<int64_t> seconds_of(const Json& from, const char* name) {
  auto found = from.find(name);
  if (found == from.end() || found->is_null()) return 0;
  if (!found->is_number()) return wrong(name, "is no number");
  double seconds = found->get<double>();
  if (!(seconds >= 0 && seconds < 1e11)) return wrong(name, "is no time in seconds since 1970");
  return static_cast<int64_t>(seconds);
}

Result<int64_t> time_of(const Json& from, const char* name) {
  ASSAY_TRY(std::string text, text_of(from, name));
  if (text.empty()) return 0;
  auto time = parse_rfc3339(text);
  if (!time || *time < 0 || *time > INT64_MAX / kSecond)
    return wrong(name, "'" + printable(text, 64) + "' is no time (RFC 3339)");
  return *time;
}

bool is_about_another(std::string_view tag) {
  constexpr std::string_view kScheme = "sha256-";
  if (!tag.starts_with(kScheme)) return false;
  std::string_view hex = tag.substr(kScheme.size());
  hex = hex.substr(0, hex.find('.'));
  return hex.size() == 64 && hex.find_first_not_of("0123456789abcdef") == hex.npos;
}

Result<sources::Push> checked(const Hook& hook, sources::Push push) {
  if (!hook.host.empty()) push.host = hook.host;
  if (push.host.empty())
    return Error{Errc::invalid, "the payload names no registry: give the hook a host (host=REGISTRY)"};
  if (push.repository.empty()) return Error{Errc::invalid, "the payload names no repository"};
  if (!push.digest.empty() && !Digest::parse(push.digest))
    return Error{Errc::invalid, "the payload's digest '" + printable(push.digest, 80) + "' is none"};
  if (push.digest.empty() && push.tag.empty())
    return Error{Errc::invalid, "the payload names neither a tag nor a digest"};
  // Parsed as a user's reference, it must mean the same: "app:x" would be another repository.
  std::string name = push.host + "/" + push.repository;
  auto ref = ImageRef::parse(name);
  if (!ref || ref->kind != ImageRef::Kind::registry || ref->registry != push.host ||
      ref->repository != push.repository)
    return Error{Errc::invalid, "the payload's '" + printable(name, 200) +
                                    "' is no registry and repository; where the registry is known by another "
                                    "name, give the hook a host (host=REGISTRY)"};
  if (push.tag.empty()) return push;
  auto tagged = ImageRef::parse(name + ":" + push.tag);
  if (!tagged || tagged->tag != push.tag || !tagged->digest.empty())
    return Error{Errc::invalid, "the payload's tag '" + printable(push.tag, 140) + "' is none"};
  return push;
}

Result<std::vector<sources::Push>> read_payload(const Hook& hook, const HookHead& head,
                                                std::string_view body) {
  ASSAY_TRY(Pushes pushes, kReaders[static_cast<size_t>(hook.sender)](hook, head, body));
  if (pushes.size() > kMaxPushes)
    return Error{Errc::limit, "the payload tells of more than " + std::to_string(kMaxPushes) + " pushes"};
  return pushes;
}

}  // namespace assay::hooks
