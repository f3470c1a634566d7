// sweeping: the state of the sweeper's thread, private to its files: sweeper.cc (the thread and its loop),
// sweeper_orders.cc (what the API orders), sweeper_begin.cc (runs begin, are taken up again), sweeper_runs.cc
// (they go on, and end), sweeper_deadline.cc, sweeper_lists.cc (what workers are given and bring back),
// sweeper_images.cc (what becomes of each image). What is to be on disk is said to the loop first, and acted
// on once that has answered.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "common/loop.h"
#include "scheduler/keep.h"
#include "scheduler/sweeps/active_run.h"
#include "scheduler/sweeps/line.h"
#include "scheduler/sweeps/records.h"
#include "scheduler/sweeps/sweep_metrics.h"
#include "scheduler/sweeps/sweeper.h"
#include "scheduler/sweeps/workers.h"

namespace assay::sweeps {

class Sweeping {
 public:
  struct Parts {
    Socket orders;
    Line loop, side;
    std::vector<Line> rescores;
    Workers workers;
  };
  Sweeping(const SweeperConfig& config, Store& store, Metrics& metrics, Parts parts);

  Status load();
  Status run(int stop_fd);

 private:
  /// A sweep, with what was worked out of it.
  struct Sweep {
    SweepRecord record;
    std::optional<Cron> cron;
    std::optional<int64_t> next_due_s;
    bool beginning = false;  // a run is about to
  };
  /// What a worker has, and why it was called back.
  struct Out {
    enum class Why : uint8_t { none, limit, host_busy, paused, expired, removed };
    ActiveRun* run = nullptr;
    std::string host;
    Time since{};
    size_t got = 0;
    Why why = Why::none;
  };
  struct Rescore {
    ActiveRun* run;
    ActiveRun::Image image;
    std::string scan_id;
  };

  // sweeper.cc
  Status turn();
  Status each_second();
  std::chrono::milliseconds time_to_wait();
  /// Changes of a sweep's record go one after another: `begin` reads it, says what is to be kept, and the
  /// last of it calls changed().
  void change(std::function<void()> begin);
  void changed();
  void keep(std::vector<StoreOp> ops, std::function<void()> kept);  // patient; nothing but ours can be wrong
  int64_t now_s() const { return now_ns_ / 1'000'000'000; }

  // sweeper_orders.cc
  void take_orders();
  void order(const std::string& client, const wire::Ask& ask);
  void answer(const std::string& client, const wire::Answer& answer);
  void answer_status(const std::string& client, const std::string& name);
  void order_put(const std::string& client, const std::string& body);
  void order_remove(const std::string& client, const std::string& name);
  void order_pause(const std::string& client, const std::string& name, bool paused);
  /// Says `ops`; `then` runs once they are on disk, and either way whoever asked is told.
  void keep_order(const std::string& client, std::vector<StoreOp> ops, const std::string& right,
                  std::function<void()> then);
  void schedule(Sweep& sweep);

  // sweeper_begin.cc
  /// `client` is told, if it is not empty.
  void begin_run(const std::string& name, const std::string& why, std::optional<int64_t> due_s,
                 const std::string& client);
  void begin_now(SweepRecord sweep, RunRecord run, std::vector<std::string> platforms,
                 const std::string& client);
  ActiveRun& start_run(RunRecord record);
  void list_sources(ActiveRun& run);
  Status resume_run(const Sweep& sweep);
  void take_up(ActiveRun& run, const RepositoryRecord& repository);
  void recall(ActiveRun& run, const RepositoryRecord& repository);
  void ask_farm(std::function<void(const std::string& rules, std::vector<std::string> platforms)> then,
                std::function<void(const wire::Answer&)> otherwise);

  // sweeper_runs.cc
  void advance(ActiveRun& run);
  void keep_run(ActiveRun& run);
  void end_listing(ActiveRun& run);
  void tell_capacity(ActiveRun& run);
  void look_at_scans(ActiveRun& run);
  void end_run(ActiveRun& run);
  std::vector<StoreOp> old_runs(const std::string& sweep) const;
  void trouble(ActiveRun& run, const std::string& line);

  // sweeper_deadline.cc
  void expire(ActiveRun& run);
  void cancel_queued(ActiveRun& run);
  void rewrite_cancelled(ActiveRun& run);

  // sweeper_lists.cc
  bool may_list(const ActiveRun& run) const;
  void hand_out();
  void take_back(size_t worker);
  void found(ActiveRun& run, Listing& listing);
  void be_quiet(const Out& out, std::chrono::milliseconds time);
  void call_back(const std::function<bool(const Out&)>& which, Out::Why why);
  void gave_up(ActiveRun& run, Listing listing, RepositoryState state, const std::string& reason);
  void listed(ActiveRun& run, Listing listing, RepositoryState state, const std::string& reason);

  // sweeper_images.cc
  void take_images(ActiveRun& run, RepositoryRecord record);
  void decide_on(ActiveRun& run, Pending& pending, size_t index);
  void settle(ActiveRun& run, ActiveRun::Image image, Outcome outcome, const std::string& scan_id,
              const std::string& reason);
  void settle_same(ActiveRun& run, const std::string& key);
  void close(ActiveRun& run, Pending& pending);
  void submit_some(ActiveRun& run);
  void submitted(ActiveRun& run, const std::vector<ActiveRun::Image>& images, const wire::Message& answer);
  void rescore_some();
  void rescored(const Rescore& rescore, const wire::Answer& answer);
  void record_some(ActiveRun& run);
  void count(ActiveRun& run, const RepositoryRecord& record);

  SweeperConfig config_;
  Keep keep_;
  Records records_;
  SweepMetrics metrics_;
  Parts parts_;
  std::map<std::string, Sweep> sweeps_;                     // by name
  std::map<std::string, std::unique_ptr<ActiveRun>> runs_;  // by id
  std::string last_run_;                                    // that was given a worker: others come first
  std::vector<Out> out_;                                    // by worker
  std::deque<Rescore> rescores_;
  std::deque<std::function<void()>> changes_;
  bool changing_ = false;
  Quiet quiet_;
  std::string rules_version_;
  std::vector<std::string> platforms_;
  Time now_{}, next_second_{}, next_farm_{};
  int64_t now_ns_ = 0;
};

/// Why an image was not reached at the deadline; reports group by it.
inline constexpr const char* kDeadlinePassed = "the deadline passed";

}  // namespace assay::sweeps
