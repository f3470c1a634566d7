// provoker: carries a run plan out while a container runs: hands its steps to the starter in the guest,
// speaks to exposed and listening ports, and last starts what never ran. Driven by the run's own loop; tells
// each step's end as a `provoke` event. Stays over several sandboxes of one scan: what was done is not done
// again.
#pragma once

#include <poll.h>

#include <chrono>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "agent/provoke/bodies.h"
#include "agent/provoke/executables.h"
#include "agent/provoke/plan.h"
#include "agent/provoke/ports.h"
#include "agent/provoke/starter_link.h"
#include "common/event.h"

namespace assay {

struct ProvokerConfig {
  std::vector<Step> steps;
  /// The plan as the guest's files are by then, asked once before the second pass: what has been added to it
  /// is what the guest wants to be run. May be empty.
  std::function<std::vector<Step>()> plan_again;
  std::vector<ExposedPort> exposed;
  std::vector<std::string> env;  // the container's own
  std::string cwd = "/";         // of its first process, as are these: executables are started so
  uint32_t uid = 0, gid = 0;
  std::string guest_addr;         // empty: no network, no ports
  Probe::MakeSocket make_socket;  // in the world's network namespace
  int64_t start_time_ns = 0;
  std::function<void(Event)> emit;
  Bodies::Done body{};  // of a program that ran from memory; empty: not wanted
};

/// When, in one sandbox, what may begin.
struct ProvokeTimes {
  std::chrono::steady_clock::time_point steps;        // the container has settled
  std::chrono::steady_clock::time_point second_pass;  // at the latest: if `alone`, once all else is done
  std::chrono::milliseconds second_pass_time{0};      // after that no more executables are started
  std::chrono::steady_clock::time_point end;          // of the sandbox
  bool alone = false;                                 // nothing of the image's own keeps it running
};

class Provoker {
 public:
  using Clock = std::chrono::steady_clock;
  static constexpr size_t kParallel = 2;
  static constexpr size_t kMaxExecutables = 2000;

  /// `files` is borrowed.
  Provoker(const ImageFiles& files, ProvokerConfig config);
  /// A sandbox has been started. `starter` starts the starter in it.
  void attach(Command starter, const ProvokeTimes& times);
  /// The sandbox's end has moved; a second pass that has begun goes on as it was.
  void move_end(const ProvokeTimes& times);
  /// It has ended, and what ran in it.
  void detach();
  /// What the tracer saw: what ran, who listens.
  void note(const Event& event);
  void poll_fds(std::vector<pollfd>& fds) const;
  void turn(Clock::time_point now);
  /// From here on nothing that runs does so by itself: the image was started with what we made up.
  void by_itself_no_more() { executables_.provoked(); }
  /// Whether there is anything to do in a container that does nothing by itself. May look at the image for a
  /// moment.
  bool has_work();
  /// Nothing is left to be done.
  bool done(Clock::time_point now) const;
  /// Steps and ports for which there was no time, each told by an event. Once, at the end.
  void finish();
  Coverage coverage() const { return executables_.coverage(); }
  /// Steps and executables beyond what one scan takes on.
  uint64_t steps_left_out() const { return steps_left_out_; }

 private:
  struct Running {
    Step step;
    int32_t pid = 0;
    Clock::time_point begun;
  };
  void add_steps(std::vector<Step> steps);
  void begin_second_pass(Clock::time_point now);
  void start_jobs(Clock::time_point now);
  void keep_link(Clock::time_point now);
  void listen_to_starter(Clock::time_point now);
  bool take_step(Step& step);
  void ended(const StarterWord& word);
  void tell(const Running& job, const std::string& how, int64_t result, int error, const StarterWord& word);

  ProvokerConfig config_;
  Executables executables_;
  Ports ports_;
  Bodies bodies_;
  std::deque<Step> waiting_;
  std::set<std::pair<std::string, std::vector<std::string>>>
      planned_;                     // target and arguments of each step so far
  std::deque<std::string> second_;  // executables
  std::map<uint32_t, Running> running_;
  uint32_t last_id_ = 0;
  uint64_t steps_left_out_ = 0;
  bool second_pass_ = false;
  Clock::time_point second_until_{};

  std::optional<StarterLink> link_;
  Command starter_;
  ProvokeTimes times_;
  bool attached_ = false, started_ = false;  // started_: the container's first process was seen
  size_t link_failures_ = 0;
  Clock::time_point link_again_{}, last_end_{};
};

}  // namespace assay
