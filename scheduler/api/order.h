// order: the bodies of POST /v1/scans and POST /v1/batches, read into submissions. Pure; the bytes are
// hostile. They are read as they come, no tree is built: what is not expected where it stands ends the
// reading there.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "common/result.h"
#include "common/submission.h"

namespace assay::api {

inline constexpr size_t kMaxOrderScans = 1000;
inline constexpr size_t kMaxOrderImages = 100'000;
inline constexpr size_t kMaxNameBytes = 256;  // of a batch

/// Tenant, and for a batch its id, are still to be set.
struct Order {
  std::string name;  // of a batch
  Labels labels;     // likewise
  std::vector<Submission> submissions;
};

struct Complaint {
  Error error;                  // names the field and the rule
  std::optional<size_t> index;  // of the scan or image that is to blame
};
using OrderOrComplaint = std::variant<Order, Complaint>;

/// {"scans": [{"ref", ...}]}, 1 to kMaxOrderScans.
OrderOrComplaint read_scans(std::string_view body);
/// {"name", "labels": {}, "lane", "defaults": {...}, "images": [{"ref", ...}]}, 1 to kMaxOrderImages. An
/// image has what it names itself, then what "defaults" say, then Lane::batch.
OrderOrComplaint read_batch(std::string_view body);

}  // namespace assay::api
