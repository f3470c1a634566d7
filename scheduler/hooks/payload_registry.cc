// Docker Registry notifications (CNCF distribution, "Work with notifications"): an envelope of events; and a
// single event without one, as Azure's registry sends it. A push of a manifest is one; layers, pulls, mounts
// and deletions are not. Of GitLab, whose container registry sends nothing else about images: project
// webhooks tell of no image (Push Hook, Pipeline Hook...).
#include <algorithm>

#include "scheduler/hooks/payload_json.h"

namespace assay::hooks {
namespace {

// A blob's is application/octet-stream, or a layer's.
bool is_manifest(const std::string& media_type) {
  constexpr std::string_view kManifests[] = {
      "application/vnd.docker.distribution.manifest.v1+json",
      "application/vnd.docker.distribution.manifest.v1+prettyjws",
      "application/vnd.docker.distribution.manifest.v2+json",
      "application/vnd.docker.distribution.manifest.list.v2+json",
      "application/vnd.oci.image.manifest.v1+json",
      "application/vnd.oci.image.index.v1+json",
  };
  return std::find(std::begin(kManifests), std::end(kManifests), media_type) != std::end(kManifests);
}

Status read_event(const Hook& hook, const Json& event, Pushes& pushes) {
  if (!event.is_object()) return Error{Errc::invalid, "an event of the payload is no object"};
  ASSAY_TRY(std::string action, text_of(event, "action"));
  if (action.empty()) return Error{Errc::invalid, "an event of the payload has no \"action\""};
  if (action != "push") return Status();
  ASSAY_TRY(Json target, object_of(event, "target"));
  ASSAY_TRY(std::string type, text_of(target, "mediaType"));
  if (!is_manifest(type)) return Status();
  ASSAY_TRY(Json request, object_of(event, "request"));
  sources::Push push;
  ASSAY_TRY(push.id, text_of(event, "id"));
  ASSAY_TRY(push.host, text_of(request, "host"));
  ASSAY_TRY(push.repository, text_of(target, "repository"));
  ASSAY_TRY(push.tag, text_of(target, "tag"));
  ASSAY_TRY(push.digest, text_of(target, "digest"));
  ASSAY_TRY(int64_t at_s, time_of(event, "timestamp"));
  push.pushed_ns = at_s * 1'000'000'000;
  ASSAY_TRY(push, checked(hook, std::move(push)));
  pushes.push_back(std::move(push));
  return Status();
}

}  // namespace

Result<Pushes> read_registry(const Hook& hook, const HookHead&, std::string_view body) {
  ASSAY_TRY(Json payload, parse_body(body));
  Pushes pushes;
  auto events = payload.find("events");
  if (events == payload.end()) {
    ASSAY_CHECK(read_event(hook, payload, pushes));
    return pushes;
  }
  if (!events->is_array()) return Error{Errc::invalid, "the payload's \"events\" is no list"};
  for (const Json& event : *events) {
    ASSAY_CHECK(read_event(hook, event, pushes));
    if (pushes.size() > kMaxPushes) break;
  }
  return pushes;
}

Result<Pushes> read_gitlab(const Hook& hook, const HookHead& head, std::string_view body) {
  if (!head.event.empty()) return Pushes();
  return read_registry(hook, head, body);
}

}  // namespace assay::hooks
