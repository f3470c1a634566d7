// GitHub's webhooks about packages (docs.github.com, "Webhook events and payloads": package,
// registry_package): a container that was published to ghcr.io. The delivery's id is in a header that no
// signature covers; who replays a payload could change it. So what tells pushes apart is the digest.
#include "common/ascii.h"
#include "scheduler/hooks/payload_json.h"

namespace assay::hooks {
namespace {

Result<std::string> repository_of(const Json& package) {
  ASSAY_TRY(std::string space, text_of(package, "namespace"));
  if (space.empty()) {
    ASSAY_TRY(Json owner, object_of(package, "owner"));
    ASSAY_TRY(space, text_of(owner, "login"));
  }
  ASSAY_TRY(std::string name, text_of(package, "name"));
  // Accounts have capitals, repositories of images have none.
  return space.empty() || name.empty() ? std::string() : ascii_lower(space + "/" + name);
}

}  // namespace

Result<Pushes> read_github(const Hook& hook, const HookHead& head, std::string_view body) {
  if (!head.event.empty() && head.event != "package" && head.event != "registry_package") return Pushes();
  ASSAY_TRY(Json payload, parse_body(body));
  ASSAY_TRY(std::string action, text_of(payload, "action"));
  bool known = payload.contains("registry_package") || payload.contains("package");
  if (!known || (action != "published" && action != "updated")) return Pushes();
  ASSAY_TRY(Json package,
            object_of(payload, payload.contains("registry_package") ? "registry_package" : "package"));
  ASSAY_TRY(std::string type, text_of(package, "package_type"));
  if (ascii_lower(type) != "container") return Pushes();
  ASSAY_TRY(Json version, object_of(package, "package_version"));
  ASSAY_TRY(Json container, object_of(version, "container_metadata"));
  ASSAY_TRY(Json tag, object_of(container, "tag"));
  sources::Push push;
  push.host = "ghcr.io";
  ASSAY_TRY(push.repository, repository_of(package));
  ASSAY_TRY(push.tag, text_of(tag, "name"));
  ASSAY_TRY(push.digest, text_of(tag, "digest"));
  if (push.digest.empty()) {
    ASSAY_TRY(std::string name, text_of(version, "version"));
    if (name.starts_with("sha256:")) push.digest = name;
  }
  ASSAY_TRY(int64_t at_s, time_of(package, "updated_at"));
  push.pushed_ns = at_s * 1'000'000'000;
  ASSAY_TRY(push, checked(hook, std::move(push)));
  return Pushes{std::move(push)};
}

}  // namespace assay::hooks
