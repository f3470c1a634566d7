// patience: for how long a run is worth its time: a guest that waits beyond its end, or that looks for signs
// of a sandbox, gets more, within a budget. docs/evasion.md says what is waited for and what is not. Pure:
// fed with the ordered trace; times are nanoseconds since the scan's start.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "common/event.h"

namespace assay {

/// How long sleep(1) would sleep with these arguments, INT64_MAX for ever; nothing where that cannot be told.
std::optional<int64_t> sleep_command_ns(const std::vector<std::string>& argv);

/// What the run is to be told of.
struct PatienceWord {
  const char* call;  // of the note: "extended", or "outlasted" where there is not enough time for it
  std::string why;
  int64_t duration_ns = 0;  // of the sleep, if it is one
  int32_t pid = 0;
};

class Patience {
 public:
  static constexpr int64_t kToActNs = 15'000'000'000;  // after a sleep that was waited for
  static constexpr int64_t kEnoughNs = 2'000'000'000;  // after one that ends within the run: no more is given
  static constexpr int64_t kLeastSleepNs = 5'000'000'000;
  static constexpr int64_t kKeepaliveNs = 86'400'000'000'000;  // who sleeps so long waits for nothing

  /// The run's end as it was asked for, and how far it may be moved.
  Patience(int64_t deadline_ns, int64_t extension_ns)
      : asked_ns_(deadline_ns), deadline_ns_(deadline_ns), last_ns_(deadline_ns + extension_ns) {}

  /// The run has begun later than was thought, and ends as much later.
  void begins_later(int64_t by_ns) {
    asked_ns_ += by_ns;
    deadline_ns_ += by_ns;
    last_ns_ += by_ns;
  }
  /// Says what has changed, if anything has.
  std::optional<PatienceWord> note(const Event& event);
  int64_t granted_ns() const { return deadline_ns_ - asked_ns_; }

 private:
  static constexpr size_t kMaxProcesses = 8192, kMaxSleeps = 256, kMaxSleepers = 1024, kMaxDepth = 16;
  struct Process {
    int32_t parent = 0;
    bool ours = false;     // the starter, or below it
    bool neutral = false;  // its program does nothing that matters: sleep, date, test...
  };
  struct Sleep {
    int32_t pid, sleeper;
    int64_t end_ns;
  };
  // Who decides to sleep: of a sleep(1) its parent.
  struct Sleeper {
    bool slept = false;  // to the end of a sleep
    bool acted = false;  // since then: what comes after its sleeps has been seen
  };

  std::optional<PatienceWord> on_program(const Event& event);
  std::optional<PatienceWord> sleeps(int32_t pid, int32_t sleeper, int64_t duration_ns, int64_t now_ns);
  std::optional<PatienceWord> looks(const Event& event);
  std::optional<PatienceWord> extend(int64_t until_ns, std::string why, int64_t duration_ns, int32_t pid);
  void wake(int64_t now_ns);
  void end(const Event& exit);
  void act(int32_t pid);
  bool is_ours(int32_t pid) const;
  void begin_sandbox();

  int64_t asked_ns_, deadline_ns_, last_ns_;
  std::unordered_map<int32_t, Process> processes_;
  std::unordered_map<int32_t, Sleeper> sleepers_;
  std::vector<Sleep> sleeping_;
  std::set<std::string, std::less<>> looked_;  // kinds of look
  bool outlasted_ = false, suspected_ = false;
};

}  // namespace assay
