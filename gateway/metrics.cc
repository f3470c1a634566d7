// Names and help texts: docs/gateway.md lists them.
#include "gateway/metrics.h"

namespace assay::gateway {
namespace {

constexpr const char* kHttp = "assay_gateway_http_requests_total";
constexpr const char* kHttpHelp = "HTTP answers by class";
constexpr const char* kReviews = "assay_gateway_reviews_total";
constexpr const char* kReviewsHelp = "admission reviews answered";
constexpr const char* kImages = "assay_gateway_images_total";
constexpr const char* kImagesHelp = "images of reviews, as decided on";
constexpr const char* kUndecided = "assay_gateway_undecided_total";
constexpr const char* kUndecidedHelp = "images without a result to decide by";
constexpr const char* kCache = "assay_gateway_cache_total";
constexpr const char* kCacheHelp = "decisions looked for in the cache";

}  // namespace

GatewayMetrics::GatewayMetrics()
    : http_ok(metrics_.counter(kHttp, kHttpHelp, {{"code", "2xx"}})),
      http_refused(metrics_.counter(kHttp, kHttpHelp, {{"code", "4xx"}})),
      http_failed(metrics_.counter(kHttp, kHttpHelp, {{"code", "5xx"}})),
      allowed(metrics_.counter(kReviews, kReviewsHelp, {{"outcome", "allowed"}})),
      warned(metrics_.counter(kReviews, kReviewsHelp, {{"outcome", "warned"}})),
      denied(metrics_.counter(kReviews, kReviewsHelp, {{"outcome", "denied"}})),
      unjudged(metrics_.counter(kReviews, kReviewsHelp, {{"outcome", "unjudged"}})),
      malformed(metrics_.counter(kReviews, kReviewsHelp, {{"outcome", "malformed"}})),
      review_seconds(metrics_.histogram("assay_gateway_review_seconds", "from a review to its answer",
                                        {0.001, 0.005, 0.02, 0.1, 0.5, 1, 2, 5, 10, 30})),
      images_passed(metrics_.counter(kImages, kImagesHelp, {{"outcome", "pass"}})),
      images_warned(metrics_.counter(kImages, kImagesHelp, {{"outcome", "warn"}})),
      images_failed(metrics_.counter(kImages, kImagesHelp, {{"outcome", "fail"}})),
      unknown(metrics_.counter(kUndecided, kUndecidedHelp, {{"why", "unknown"}})),
      unanswered(metrics_.counter(kUndecided, kUndecidedHelp, {{"why", "unanswered"}})),
      cache_hits(metrics_.counter(kCache, kCacheHelp, {{"found", "yes"}})),
      cache_misses(metrics_.counter(kCache, kCacheHelp, {{"found", "no"}})),
      submitted(
          metrics_.counter("assay_gateway_scans_submitted_total", "scans submitted for unknown images")),
      certificate_end(metrics_.gauge("assay_certificate_expiry_timestamp_seconds",
                                     "Unix time at which the certificate expires; 0: there is none")) {
  add_program_info(metrics_);
}

}  // namespace assay::gateway
