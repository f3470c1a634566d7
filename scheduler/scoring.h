// scoring: threads that turn whole traces into reports, so that agents are never kept waiting for it. Takes
// scan ids and gives back reports; keeps nothing but the ids that wait.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "common/fd.h"
#include "common/loop.h"
#include "common/result.h"
#include "scheduler/score/rules.h"
#include "scheduler/store.h"
#include "scheduler/traits.h"

namespace assay {

struct Scored {
  std::string scan_id;
  std::string error;  // empty: there is a report
  std::string verdict;
  int32_t score = 0;
  std::string report;  // JSON
  std::string rules_version;
  uint64_t trace_bytes = 0, artifact_bytes = 0;
  Traits traits;
  Errc code = Errc::corrupt;  // with an error
  bool again = false;         // it had a report already
  std::string change;         // then: what is otherwise now, as rescore_json() has it
};

class Scoring {
 public:
  /// `store` and `rules` are borrowed until this object's end.
  static Result<Scoring> start(const Context& context, Store& store, const RuleSet& rules,
                               unsigned threads = 1);
  Scoring(Scoring&&) = default;
  Scoring& operator=(Scoring&&) = delete;
  ~Scoring();  // waits for the scans in work; those behind them stay unscored

  /// To be scored once a thread is free; take() hands it out.
  void request(const std::string& scan_id) { waiting_.push_back(scan_id); }
  /// A scan that has a report, to be scored again: once a thread has nothing else to do. `apply`: whether the
  /// change is to say that it was applied.
  void request_again(const std::string& scan_id, bool apply) { again_.emplace_back(scan_id, apply); }
  /// What has been scored since, one a call; nothing when there is no more.
  Result<std::optional<Scored>> take();
  /// Readable when there is something to take.
  std::vector<const Socket*> sockets() const;
  /// Of the rules that it was started with.
  const std::string& rules_version() const { return rules_version_; }
  /// Requested and not yet taken; without those that are scored again.
  size_t pending() const;

 private:
  struct Worker {
    Socket socket;
    Fd stop;
    std::thread thread;
    unsigned in_work = 0;
    bool again = false;  // the first of what it has in work is scored again
  };
  Scoring() = default;
  Status hand_out();

  std::string rules_version_;
  std::vector<Worker> workers_;
  std::deque<std::string> waiting_;
  std::deque<std::pair<std::string, bool>> again_;
};

}  // namespace assay
