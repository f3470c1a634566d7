// admission: Kubernetes' AdmissionReview (admission.k8s.io/v1; kubernetes.io/docs/reference/access-authn-authz/
// extensible-admission-controllers, "Request" and "Response") read and answered. Pure. Of a review nothing is
// kept but who it is, and which images it brings in: it may hold a whole object twice.
#pragma once

#include <chrono>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/result.h"
#include "decisions/decide.h"

namespace assay::gateway {

inline constexpr size_t kMaxReviewBytes = 8 << 20;  // etcd holds objects of 1.5 MiB, requests have at most 3
inline constexpr size_t kMaxReviewImages = 100;     // different ones

struct Review {
  std::string uid;
  std::string operation;           // "CREATE", "UPDATE", "DELETE", "CONNECT"
  std::string group, kind;         // "apps", "Deployment"
  std::string sub_resource;        // "ephemeralcontainers", or empty
  std::string name_space, name;    // of the object; the name may not be known yet
  bool dry_run = false;
  std::vector<std::string> images;  // to be judged, each once, in the order of the object
  bool too_many = false;            // images: those beyond kMaxReviewImages were not read
  std::string unjudged;             // why there is nothing to judge, where there is nothing
};

/// Errc::invalid: no AdmissionReview of v1, or one without request, uid, operation or kind; says which.
/// Errc::limit: nested too deeply.
Result<Review> parse_review(std::string_view json);

struct ReviewAnswer {
  bool allowed = false;
  std::string message;                // why not
  std::vector<std::string> warnings;  // for the user who sent the object
  std::vector<std::pair<std::string, std::string>> audit;  // auditAnnotations
};

/// What the images' decisions come to: denied where one fails; warned of what warns, or was waived by
/// something that expires soon. As long as API servers show: 4 KiB of message, 256 bytes a warning and 16 of
/// them.
ReviewAnswer answer_of(const Review& review, std::span<const decisions::Decision> decisions);
std::string review_json(const std::string& uid, const ReviewAnswer& answer);

/// By when a review is to be answered, counted from when it came: `longest`, or less where its asker, by the
/// `timeout` of its URL ("10s", as API servers add it), gives up before: then a tenth of that is left to it,
/// and at least 300 ms. `asked` that is no time is as good as none: API servers wait ten seconds.
std::chrono::milliseconds time_to_answer(std::string_view asked, std::chrono::milliseconds longest);

}  // namespace assay::gateway
