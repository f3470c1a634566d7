// Bounds of a job.
#include "scheduler/submit.h"

#include "common/image_ref.h"

namespace assay {

Status check_job(const Job& job) {
  auto ref = ImageRef::parse(job.ref);
  if (!ref) return ref.error();
  if (job.duration < kMinDuration || job.duration > kMaxDuration)
    return Error{Errc::invalid, "duration " + std::to_string(job.duration.count()) + " ms is not between " +
                                    std::to_string(kMinDuration.count()) + " and " +
                                    std::to_string(kMaxDuration.count()) + " ms"};
  return Status();
}

}  // namespace assay
