// Docker Hub's webhooks (docs.docker.com, "Webhooks"): one push each, without an id or a digest.
#include "scheduler/hooks/payload_json.h"

namespace assay::hooks {

Result<Pushes> read_dockerhub(const Hook& hook, const HookHead&, std::string_view body) {
  ASSAY_TRY(Json payload, parse_body(body));
  ASSAY_TRY(Json data, object_of(payload, "push_data"));
  ASSAY_TRY(Json repository, object_of(payload, "repository"));
  sources::Push push;
  push.host = "docker.io";
  ASSAY_TRY(push.repository, text_of(repository, "repo_name"));
  if (!push.repository.empty() && push.repository.find('/') == std::string::npos)
    push.repository = "library/" + push.repository;
  ASSAY_TRY(push.tag, text_of(data, "tag"));
  ASSAY_TRY(int64_t at_s, seconds_of(data, "pushed_at"));
  push.pushed_ns = at_s * 1'000'000'000;
  ASSAY_TRY(push, checked(hook, std::move(push)));
  return Pushes{std::move(push)};
}

}  // namespace assay::hooks
