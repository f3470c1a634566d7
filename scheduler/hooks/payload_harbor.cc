// Harbor's webhooks (goharbor.io, "Configure Webhook Notifications"): PUSH_ARTIFACT in the default format,
// and the same as a CloudEvent (harbor.artifact.pushed).
#include "scheduler/hooks/payload_json.h"

namespace assay::hooks {
namespace {

// The registry in "registry.example/team/app:1.0" or "registry.example/team/app@sha256:...".
std::string host_of(const std::string& resource_url) {
  return resource_url.substr(0, resource_url.find('/'));
}

Result<sources::Push> read_resource(const Hook& hook, const Json& resource, const std::string& repository) {
  if (!resource.is_object()) return Error{Errc::invalid, "a resource of the payload is no object"};
  sources::Push push;
  push.repository = repository;
  ASSAY_TRY(std::string url, text_of(resource, "resource_url"));
  push.host = host_of(url);
  ASSAY_TRY(push.digest, text_of(resource, "digest"));
  ASSAY_TRY(push.tag, text_of(resource, "tag"));
  // An artifact that was pushed by its digest has that in the tag's place.
  if (push.tag.starts_with("sha256:")) push.tag.clear();
  return checked(hook, std::move(push));
}

}  // namespace

Result<Pushes> read_harbor(const Hook& hook, const HookHead&, std::string_view body) {
  ASSAY_TRY(Json payload, parse_body(body));
  ASSAY_TRY(std::string type, text_of(payload, "type"));
  if (type.empty()) return Error{Errc::invalid, "the payload has no \"type\""};
  bool cloud_event = type == "harbor.artifact.pushed";
  if (!cloud_event && type != "PUSH_ARTIFACT") return Pushes();
  ASSAY_TRY(Json data, object_of(payload, cloud_event ? "data" : "event_data"));
  ASSAY_TRY(Json repository, object_of(data, "repository"));
  ASSAY_TRY(std::string name, text_of(repository, "repo_full_name"));
  auto resources = data.find("resources");
  if (resources == data.end() || !resources->is_array() || resources->empty())
    return Error{Errc::invalid, "the payload's \"resources\" is no list of at least one"};
  ASSAY_TRY(std::string id, text_of(payload, "id"));
  int64_t at_s = 0;
  if (cloud_event) {
    ASSAY_TRY(at_s, time_of(payload, "time"));
  } else {
    ASSAY_TRY(at_s, seconds_of(payload, "occur_at"));
  }
  Pushes pushes;
  for (const Json& resource : *resources) {
    ASSAY_TRY(sources::Push push, read_resource(hook, resource, name));
    push.pushed_ns = at_s * 1'000'000'000;
    if (!id.empty()) push.id = id + "/" + std::to_string(pushes.size());
    pushes.push_back(std::move(push));
    if (pushes.size() > kMaxPushes) break;
  }
  return pushes;
}

}  // namespace assay::hooks
