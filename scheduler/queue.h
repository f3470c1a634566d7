// queue: which jobs wait, which are leased to whom, and until when. Pure: takes `now`, touches no clock,
// socket or disk. A lease carries an attempt number, the fence: what an agent says about an attempt that it
// does not hold is refused.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "common/job.h"

namespace assay {

class Queue {
 public:
  using Time = std::chrono::steady_clock::time_point;
  struct Limits {
    std::chrono::seconds lease{15};  // without a word from its agent
    uint32_t attempts = 3;           // then a job is given up
  };
  struct Grant {
    std::string scan_id;
    uint32_t attempt = 0;
    Job job;
  };
  struct Lapse {
    std::string scan_id;
    uint32_t attempt = 0;
    std::string agent;
    bool given_up = false;  // no attempt left; else it waits again, at the front
  };

  explicit Queue(Limits limits) : limits_(limits) {}

  /// `attempts_made` > 0 for a job read back from the store.
  void submit(const std::string& scan_id, const Job& job, uint32_t attempts_made = 0);
  /// The job that has waited longest, leased to `agent`; nothing when none waits.
  std::optional<Grant> lease(const std::string& agent, Time now);
  /// Whether the job waits or is leased.
  bool knows(const std::string& scan_id) const { return jobs_.contains(scan_id); }
  /// The fence: whether this attempt is the one that is leased now, and to this agent.
  bool holds(const std::string& agent, const std::string& scan_id, uint32_t attempt) const;
  /// A sign of life: every lease of `agent` runs anew.
  void renew(const std::string& agent, Time now);
  /// Takes the job out. False when the agent does not hold this attempt.
  bool complete(const std::string& agent, const std::string& scan_id, uint32_t attempt);
  /// Takes the job out wherever it is. The agent that holds it, if one does, to be told.
  std::optional<std::string> cancel(const std::string& scan_id);
  /// Leases whose agents have been silent for too long: each goes back to the queue once, or is given up.
  std::vector<Lapse> expire(Time now);

  size_t waiting() const { return waiting_.size(); }
  size_t leased() const { return leased_.size(); }
  /// "waiting: a b; leased: c/1 by x" for tests and logs.
  std::string render() const;

 private:
  struct Entry {
    Job job;
    uint32_t attempts = 0;
    std::string agent;
    Time until{};
  };
  Limits limits_;
  std::deque<std::string> waiting_;
  std::map<std::string, Entry> jobs_;  // all of them
  std::set<std::string> leased_;
};

}  // namespace assay
