// sleeps: how long a call that waits will wait, and which process makes it. gVisor's trace points do not tell
// of such calls (programs of Go make thousands), so that the witness's word has no other half to be joined
// with: the process is the one that the same stub thread was last seen in. The same for calls that only look
// at a path. Pure; fed with the ordered stream.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "common/event.h"

namespace assay {

/// Calls that the witness reports for the time that they take.
bool is_sleep_call(std::string_view call);
/// duration_ns of such a call, out of its registers and `wait`, its struct timespec or timeval (empty: not
/// readable). Of one that waits until a time (see is_absolute) that time, by its clock. Too long for 64 bits:
/// INT64_MAX.
int64_t sleep_time_ns(const Event& event, std::string_view wait);
/// clock_nanosleep with TIMER_ABSTIME.
bool is_absolute(const Event& event);

class Sleeps {
 public:
  /// `start_time_ns`: the scan's, as of the wall clock.
  explicit Sleeps(int64_t start_time_ns) : start_time_ns_(start_time_ns) {}
  /// Learns from every event; completes those that sleep or look.
  void note(Event& event);

 private:
  static constexpr size_t kMaxThreads = 8192;
  struct Owner {
    int32_t pid;
    uint32_t uid, gid;
    std::string comm, cwd;
  };
  void forget(int32_t pid);
  void make_relative(Event& event) const;

  int64_t start_time_ns_;
  int64_t boot_ns_ = 0;  // of the latest sandbox, since the scan's start: the guest's clocks start there
  std::unordered_map<int32_t, Owner> threads_;  // stub threads
  std::optional<Owner> alone_;                  // the first process, as long as there is no other
};

}  // namespace assay
