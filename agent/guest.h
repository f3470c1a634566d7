// guest: the time in which the image runs. Waits on the sandbox, its output, the simulated internet and the
// tracer together, passes every event on, and stops the container when its time, or a bound, is up. Does not
// set anything up nor take it down.
#pragma once

#include <chrono>
#include <functional>
#include <vector>

#include "agent/egress.h"
#include "agent/provoke/provoker.h"
#include "agent/sandbox.h"
#include "agent/trace/tracer.h"
#include "agent/world.h"
#include "common/result.h"
#include "common/trace.h"

namespace assay {

struct GuestRun {
  Sandbox& sandbox;
  Tracer& tracer;
  World* world = nullptr;        // null: no simulated internet
  Egress* egress = nullptr;      // null: no way out to the real one
  Provoker* provoker = nullptr;  // null: nothing is provoked
  bool until_provoked = false;   // ends as soon as nothing is left to be provoked
  int64_t start_time_ns = 0;
  /// When it is to be stopped: asked at every turn, since it may move.
  std::function<std::chrono::steady_clock::time_point()> deadline;
  int stop_signal = 15;
  std::chrono::milliseconds patience{8000};  // from the stop signal on
  uint64_t output_limit_bytes = 0;           // beyond, output is counted, and told by a note at the end
  std::string* first_output = nullptr;       // the first kFirstOutput bytes of it are put here, too
  int cancel_fd = -1;
  /// Takes merged events, in order. An error of it ends the run and is returned.
  std::function<Status(std::vector<Event>)> record;
  /// Asked often: has a bound been hit? Then the container is killed at once.
  std::function<bool()> over_limit;
  /// Asked often: has the sandbox's guard been hit? Whoever says so has killed it.
  std::function<bool()> guard_hit;
  /// Called a few times a second with the time left.
  std::function<Status(std::chrono::milliseconds)> tick;
};

struct GuestEnd {
  EndReason reason = EndReason::exited;
  ExitStatus status;
  uint64_t output_bytes = 0;  // that became events
  uint64_t output_left_out_bytes = 0;
  bool forced = false;  // it did not end when told to: the sandbox's destructor must kill it
};

inline constexpr size_t kFirstOutput = 16 * 1024;

/// Returns when the container has ended by itself or was stopped: stop signal first, SIGKILL two seconds
/// later. A runtime that does not heed that either (it may be the guest's by then) is not waited for:
/// `forced`.
Result<GuestEnd> run_guest(GuestRun run);

/// "SIGTERM", "TERM" or "15" as a number; 15 for an empty text. Errc::invalid for anything else.
Result<int> parse_signal(const std::string& text);

}  // namespace assay
