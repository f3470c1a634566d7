// submitting: submissions handed to the loop, in as many messages as the wire's bounds ask for.
#pragma once

#include <string>
#include <vector>

#include "scheduler/api/call.h"
#include "scheduler/api/order.h"

namespace assay::api {

/// Each message is taken whole or not at all; the first that is not ends it.
struct Submitted {
  std::vector<std::string> scan_ids;  // accepted, from the front of what was to be submitted; on disk
  Status status;                      // why not all of them
};
Submitted submit_all(const Call& call, std::vector<Submission> submissions);

/// 400, with the place in the list that is to blame.
HttpResponse complaint_answer(const Complaint& complaint);
/// Says what went wrong, and which scans there are nevertheless. `batch_id` may be empty.
HttpResponse partial_answer(const Submitted& submitted, size_t wanted, const std::string& batch_id);
/// {"scan_ids": [...]}, with the batch's id before it if there is one.
std::string ids_json(const std::vector<std::string>& scan_ids, const std::string& batch_id);

}  // namespace assay::api
