// queue_poller: EventBridge's events fetched from SQS queues: a thread for each hook of ecr that has one. A
// message is deleted once the scans that it asks for are on disk, or when it is of no use; what is not comes
// again, and is taken once.
#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "common/loop.h"
#include "scheduler/hooks/intake.h"

namespace assay::hooks {

struct QueuePollerConfig {
  std::string clients;                          // endpoint of the loop's socket for clients
  std::chrono::seconds receive{20};             // one long poll
  std::chrono::milliseconds answer{10000};      // for the loop to answer in
  std::chrono::milliseconds first_delay{1000};  // after an error; doubles with each
  std::chrono::milliseconds longest_delay{60000};
  std::chrono::milliseconds reread{10000};  // how often the hook file is looked at for queues
};

inline constexpr size_t kMaxQueues = 64;

class QueuePoller {
 public:
  /// Polls until destroyed, which ends every call under way. All are borrowed.
  static Result<QueuePoller> start(const Context& context, const QueuePollerConfig& config, Intake& intake);
  QueuePoller(QueuePoller&&) noexcept;
  QueuePoller& operator=(QueuePoller&&) noexcept;
  ~QueuePoller();

 private:
  struct State;
  explicit QueuePoller(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace assay::hooks
