// intake: a webhook's request on its way to submissions: is it whom it says it is, what was pushed, what of
// that is wanted, and how much of it at once. What is refused is counted by hook and reason. Speaks neither
// HTTP nor the wire; called on the API's threads and the queue pollers'.
#pragma once

#include <chrono>
#include <filesystem>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "common/metrics.h"
#include "common/submission.h"
#include "scheduler/hooks/hook.h"
#include "scheduler/hooks/payload.h"
#include "scheduler/hooks/verify.h"

namespace assay::hooks {

inline constexpr size_t kMaxPayloadBytes = 1 << 20;

struct Refusal {
  int status = 400;      // HTTP's
  std::string reason;    // the metric's: "unknown", "secret", "signature", "too_large", "payload", "rate",
                         // "file", "submit"
  std::string message;   // without secrets, printable
  unsigned retry_s = 0;  // 429: after so long
};

/// What is to be submitted of a payload's pushes.
struct Wanted {
  std::vector<Submission> submissions;  // keyed: see once_key()
  uint64_t left_out = 0;                // by repository, without a tag, or about another image
};

class Intake {
 public:
  using Time = std::chrono::steady_clock::time_point;
  /// `file` is read for every request, so that what was revoked is out at once. `metrics` are borrowed.
  Intake(std::filesystem::path file, Metrics& metrics) : file_(std::move(file)), metrics_(metrics) {}

  /// By the head alone: the hook of this name, whose secret the head proves, unless only the body can.
  std::variant<Hook, Refusal> admit(const std::string& name, const Proof& proof, uint64_t body_bytes);
  std::variant<Wanted, Refusal> take(const Hook& hook, const Proof& proof, const HookHead& head,
                                     std::string_view body, Time now);
  /// The same of a payload that needs no proof: it comes from a queue.
  std::variant<Wanted, Refusal> take(const Hook& hook, std::string_view body, Time now);
  /// What became of it, for the metrics.
  void settled(const Hook& hook, uint64_t started, uint64_t seen, uint64_t left_out);
  /// Counted; returned as it is.
  Refusal refuse(const std::string& hook, Refusal refusal);

  const std::filesystem::path& file() const { return file_; }

 private:
  struct Bucket {
    double left = 0;
    Time since{};
  };
  std::optional<Refusal> over_rate(const Hook& hook, size_t pushes, Time now);
  std::variant<Wanted, Refusal> read(const Hook& hook, const HookHead& head, std::string_view body, Time now);

  std::filesystem::path file_;
  Metrics& metrics_;
  std::mutex mutex_;  // the API's threads have no loop in common: of the buckets alone
  std::map<std::string, Bucket> buckets_;
};

/// "hook/NAME/KEY": KEY is the sender's id of the event, else the image by digest, else tag and time.
std::string once_key(const Hook& hook, const sources::Push& push);

}  // namespace assay::hooks
