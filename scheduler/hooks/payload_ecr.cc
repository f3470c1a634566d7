// EventBridge's events of ECR, as an API destination or a queue hands them on; read where Amazon is spoken
// (sources/aws/events).
#include "scheduler/hooks/payload_json.h"
#include "sources/aws/events.h"

namespace assay::hooks {

Result<Pushes> read_ecr(const Hook& hook, const HookHead&, std::string_view body) {
  ASSAY_TRY(auto push, sources::aws::parse_ecr_event(body));
  if (!push) return Pushes();
  ASSAY_TRY(sources::Push one, checked(hook, std::move(*push)));
  return Pushes{std::move(one)};
}

}  // namespace assay::hooks
