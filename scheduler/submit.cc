// Bounds of a job and its submission.
#include "scheduler/submit.h"

#include "common/ids.h"
#include "common/image_ref.h"
#include "common/platform.h"
#include "common/registry_auth.h"
#include "common/text.h"

namespace assay {
namespace {

constexpr uint32_t kMaxCpuMillis = 1024 * 1000;
constexpr uint64_t kMinMemoryBytes = 16ull << 20, kMaxMemoryBytes = 4ull << 40;

Status check_labels(const Labels& labels) {
  if (labels.size() > kMaxLabels)
    return Error{Errc::invalid,
                 std::to_string(labels.size()) + " labels, more than " + std::to_string(kMaxLabels)};
  for (const auto& [name, value] : labels)
    if (name.empty() || name.size() > kMaxLabelBytes || value.size() > kMaxLabelBytes)
      return Error{Errc::invalid, "label '" + printable(name, 64) + "': name and value have 1 and 0 to " +
                                      std::to_string(kMaxLabelBytes) + " bytes"};
  return Status();
}

Status check_once(const std::string& once) {
  if (once.size() > kMaxOnceBytes)
    return Error{Errc::invalid,
                 "the key in 'once' is longer than " + std::to_string(kMaxOnceBytes) + " bytes"};
  if (printable(once) != once)
    return Error{Errc::invalid,
                 "the key in 'once' has a backslash, a control character or bytes that are no UTF-8"};
  return Status();
}

// A job whose record is submitted again (a batch that is run once more) says that it had one.
Status check_login(const Submission& submission) {
  const Job& job = submission.job;
  if (!submission.own_login && submission.registry_auth.empty()) return Status();
  if (submission.registry_auth.empty())
    return Error{Errc::invalid,
                 "it was pulled with a login of its own, which is gone: submit it with registry_auth"};
  if (!job.auth_file.empty())
    return Error{Errc::invalid, "registry_auth and auth_file exclude each other: give one"};
  auto ref = ImageRef::parse(job.ref);
  if (!ref || ref->kind != ImageRef::Kind::registry)
    return Error{Errc::invalid, "registry_auth is for images of registries"};
  ASSAY_TRY(std::string usable, basic_credentials(submission.registry_auth));
  return Status();
}

}  // namespace

Status check_job(const Job& job) {
  auto ref = ImageRef::parse(job.ref);
  if (!ref) return ref.error();
  if (job.duration < kMinDuration || job.duration > kMaxDuration)
    return Error{Errc::invalid, "duration " + std::to_string(job.duration.count()) + " ms is not between " +
                                    std::to_string(kMinDuration.count()) + " and " +
                                    std::to_string(kMaxDuration.count()) + " ms"};
  if (job.extension < std::chrono::milliseconds(0) || job.extension > kMaxDuration)
    return Error{Errc::invalid, "extension " + std::to_string(job.extension.count()) +
                                    " ms is not between 0 and " + std::to_string(kMaxDuration.count()) +
                                    " ms"};
  if (job.cpu_millis > kMaxCpuMillis)
    return Error{Errc::invalid, "cpu_millis " + std::to_string(job.cpu_millis) + " is more than " +
                                    std::to_string(kMaxCpuMillis)};
  if (job.memory_bytes != 0 && (job.memory_bytes < kMinMemoryBytes || job.memory_bytes > kMaxMemoryBytes))
    return Error{Errc::invalid, "memory_bytes " + std::to_string(job.memory_bytes) + " is not between " +
                                    std::to_string(kMinMemoryBytes) + " and " +
                                    std::to_string(kMaxMemoryBytes)};
  if (!job.platform.empty()) {
    ASSAY_TRY(std::string platform, parse_platform(job.platform));
  }
  return Status();
}

Status check_submission(const Submission& submission) {
  ASSAY_CHECK(check_job(submission.job));
  ASSAY_CHECK(check_login(submission).context(printable(submission.job.ref, 200)));
  ASSAY_CHECK(check_labels(submission.labels).context(printable(submission.job.ref, 200)));
  if (!submission.batch.empty() && !is_scan_id(submission.batch))
    return Error{Errc::invalid, "'" + printable(submission.batch, 64) + "' is no batch id"};
  ASSAY_CHECK(check_once(submission.once).context(printable(submission.job.ref, 200)));
  const std::string& expect = submission.expect;
  if (!expect.empty() && expect != "clean" && expect != "suspicious" && expect != "malicious" &&
      expect != "inconclusive")
    return Error{Errc::invalid, "expectation '" + printable(expect, 64) +
                                    "' is no verdict: clean, suspicious, malicious or inconclusive"};
  return Status();
}

}  // namespace assay
