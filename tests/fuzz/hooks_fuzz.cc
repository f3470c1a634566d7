// Webhooks' payloads on anything, by every sender's reader: what is taken is bounded, and a reference that a
// user could have written. The first byte picks the sender.
#include <cstdlib>

#include "common/image_ref.h"
#include "scheduler/hooks/intake.h"
#include "scheduler/submit.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace assay;
  using namespace assay::hooks;
  if (size == 0) return 0;
  Hook hook;
  hook.name = "fuzz";
  hook.tenant = "fuzz";
  hook.sender = static_cast<Sender>(data[0] % kSenders);
  std::string_view body(reinterpret_cast<const char*>(data) + 1, size - 1);
  auto pushes = read_payload(hook, {}, body);
  if (!pushes) {
    if (pushes.error().what.empty() || pushes.error().what.size() > 4096) std::abort();
  } else {
    if (pushes->size() > kMaxPushes) std::abort();
    for (const sources::Push& push : *pushes) {
      auto ref = ImageRef::parse(push.host + "/" + push.repository);
      if (!ref || ref->registry != push.host || ref->repository != push.repository) std::abort();
      if (push.tag.empty() && push.digest.empty()) std::abort();
      std::string key = once_key(hook, push);
      if (key.empty() || key.size() > kMaxOnceBytes) std::abort();
      Submission submission;
      submission.job.ref =
          push.host + "/" + push.repository + (push.digest.empty() ? ":" + push.tag : "@" + push.digest);
      submission.once = key;
      if (!check_submission(submission)) std::abort();
    }
  }
  auto known = parse_hooks(body);
  if (known && known->size() > kMaxHooks) std::abort();
  Proof proof;
  proof.authorization = std::string(body);
  if (knows_secret(hook, proof)) std::abort();
  hook.secret = "0123456789abcdef";
  if (is_signed(hook, std::string(body), body)) std::abort();
  return 0;
}
