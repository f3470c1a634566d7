// backoff: how long to wait before the next try: exponential, with full jitter, so that many that were
// throttled together do not come back together (as AWS's SDKs do in their standard mode). Pure but for its
// randomness.
#pragma once

#include <algorithm>
#include <chrono>
#include <random>

namespace assay::sources::aws {

class Backoff {
 public:
  Backoff(std::chrono::milliseconds first, std::chrono::milliseconds longest)
      : first_(first), longest_(longest), random_(std::random_device{}()) {}

  /// Before try `tries` + 1; `asked`: what the service said (Retry-After), never undercut.
  std::chrono::milliseconds next(int tries, std::chrono::milliseconds asked = {}) {
    int64_t cap = first_.count();
    for (int i = 1; i < tries && cap < longest_.count(); ++i) cap *= 2;
    cap = std::min(cap, longest_.count());
    return asked + std::chrono::milliseconds(std::uniform_int_distribution<int64_t>(0, cap)(random_));
  }

 private:
  std::chrono::milliseconds first_, longest_;
  std::mt19937_64 random_;
};

}  // namespace assay::sources::aws
