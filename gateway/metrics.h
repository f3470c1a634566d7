// metrics: what the gateway counts for Prometheus. Handles only; any thread may call them.
#pragma once

#include <string>

#include "common/metrics.h"

namespace assay::gateway {

class GatewayMetrics {
 public:
  GatewayMetrics();

  std::string text() const { return metrics_.text(); }

 private:
  Metrics metrics_;

 public:
  Counter http_ok, http_refused, http_failed;            // answers by class: 2xx, 4xx, 5xx
  Counter allowed, warned, denied, unjudged, malformed;  // reviews; unjudged: nothing in them to judge
  Histogram review_seconds;
  Counter images_passed, images_warned, images_failed;
  Counter unknown, unanswered;  // of these images: without a result; nobody said anything in time
  Counter cache_hits, cache_misses;
  Counter submitted;
  Gauge certificate_end;
};

}  // namespace assay::gateway
