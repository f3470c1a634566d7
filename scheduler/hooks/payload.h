// payload: what senders' webhooks say, read into pushes. Pure; the bytes are hostile. One reader a sender, in
// a table.
#pragma once

#include <string_view>
#include <vector>

#include "common/result.h"
#include "scheduler/hooks/hook.h"
#include "sources/push.h"

namespace assay::hooks {

struct HookHead {
  std::string event;  // X-GitHub-Event, X-Gitlab-Event...; may be empty
};

/// The pushes of images in it, each with a host and repository that a reference can be made of; none where it
/// tells of something else (a pull, a ping, a deletion). Errc::invalid names the field that is wrong or
/// missing, limit: more than kMaxPushes.
Result<std::vector<sources::Push>> read_payload(const Hook& hook, const HookHead& head,
                                                std::string_view body);

}  // namespace assay::hooks
