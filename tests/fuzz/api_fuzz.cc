// The bodies of requests on anything; what is accepted keeps to the bounds of what the wire carries.
#include <cstdlib>

#include "common/rfc3339.h"
#include "common/wire.h"
#include "scheduler/api/order.h"
#include "scheduler/api/routes.h"
#include "scheduler/api/tokens.h"

namespace {

void check(const assay::api::OrderOrComplaint& read, size_t limit) {
  using namespace assay;
  if (const auto* complaint = std::get_if<api::Complaint>(&read)) {
    if (complaint->error.what.empty() || complaint->error.what.size() > 4096) std::abort();
    return;
  }
  const auto& order = std::get<api::Order>(read);
  if (order.submissions.empty() || order.submissions.size() > limit) std::abort();
  if (order.submissions.size() > 100) return;
  auto again = wire::decode(wire::encode(wire::Submit{order.submissions, false}));
  if (!again) std::abort();
  const auto& carried = std::get<wire::Submit>(*again).submissions;
  for (size_t i = 0; i < carried.size(); ++i)
    if (carried[i].job.ref != order.submissions[i].job.ref ||
        carried[i].labels != order.submissions[i].labels)
      std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace assay::api;
  std::string_view text(reinterpret_cast<const char*>(data), size);
  check(read_scans(text), kMaxOrderScans);
  check(read_batch(text), kMaxOrderImages);
  (void)parse_rfc3339(text);
  (void)parse_tokens(text);
  (void)match("GET", text);
  return 0;
}
