// The queue once more, so simple that it is obviously right: a list of jobs that is gone through for
// everything. The real one is held against it in farm_model_test.cc.
#pragma once

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "scheduler/queue.h"

namespace assay {

struct ModelJob {
  enum class State { ready, delayed, leased, out };
  QueuedJob job;
  State state = State::ready;
  std::string agent;      // leased
  QueueTime leased_at{};  // leased
  QueueTime until{};      // delayed
};

class Model {
 public:
  explicit Model(QueueLimits limits) : limits_(limits) {}

  void submit(const QueuedJob& job) { jobs.push_back({job, ModelJob::State::ready, "", {}, {}}); }

  ModelJob* held(const std::string& agent, const std::string& scan_id, uint32_t attempt) {
    for (auto& one : jobs)
      if (one.state == ModelJob::State::leased && one.job.scan_id == scan_id && one.agent == agent &&
          one.job.attempts == attempt)
        return &one;
    return nullptr;
  }
  ModelJob* find(const std::string& scan_id) {
    for (auto& one : jobs)
      if (one.job.scan_id == scan_id && one.state != ModelJob::State::out) return &one;
    return nullptr;
  }

  void fail(ModelJob& one, QueueTime now) {
    one.job.failures += 1;
    one.agent.clear();
    if (one.job.failures >= limits_.failures) {
      one.state = ModelJob::State::out;
      return;
    }
    auto delay = limits_.first_delay;
    for (uint32_t i = 1; i < one.job.failures; ++i) delay *= 2;
    one.state = ModelJob::State::delayed;
    one.until = now + std::min(delay, limits_.longest_delay);
  }

  QueueTime end(const ModelJob& one) const {
    auto it = heard.find(one.agent);
    QueueTime from = it == heard.end() ? one.leased_at : std::max(one.leased_at, it->second);
    return from + limits_.lease;
  }

  // Scan ids of the leases that ended.
  std::set<std::string> expire(QueueTime now) {
    std::set<std::string> ended;
    for (auto& one : jobs)
      if (one.state == ModelJob::State::leased && end(one) <= now) {
        ended.insert(one.job.scan_id);
        fail(one, now);
      }
    wake(now);
    return ended;
  }
  void wake(QueueTime now) {
    for (auto& one : jobs)
      if (one.state == ModelJob::State::delayed && one.until <= now) one.state = ModelJob::State::ready;
  }

  QueueTime next_deadline() const {
    QueueTime next = QueueTime::max();
    for (auto& one : jobs) {
      if (one.state == ModelJob::State::leased) next = std::min(next, end(one));
      if (one.state == ModelJob::State::delayed) next = std::min(next, one.until);
    }
    return next;
  }

  size_t count(ModelJob::State state) const {
    return static_cast<size_t>(
        std::count_if(jobs.begin(), jobs.end(), [&](const ModelJob& one) { return one.state == state; }));
  }

  // As Queue::render().
  std::string render() const {
    std::map<std::string, const ModelJob*> sorted;
    for (auto& one : jobs) sorted[one.job.scan_id] = &one;
    std::string ready = "ready:", late = "; delayed:", leased = "; leased:";
    for (auto& [id, one] : sorted) {
      auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(one->until.time_since_epoch()).count();
      if (one->state == ModelJob::State::ready) ready += " " + id;
      if (one->state == ModelJob::State::delayed) late += " " + id + " until " + std::to_string(ms) + " ms";
      if (one->state == ModelJob::State::leased)
        leased += " " + id + "/" + std::to_string(one->job.attempts) + " by " + one->agent;
    }
    return ready + late + leased;
  }

  std::vector<ModelJob> jobs;              // all that ever were
  std::map<std::string, QueueTime> heard;  // last sign of life

 private:
  QueueLimits limits_;
};

}  // namespace assay
