// strace: what runsc's own log says of calls whose points carry registers only (--strace, for these calls
// alone, as JSON lines): their strings. A guest chooses the strings and its own name, and neither is quoted
// within a line; so lines end where JSON says, and are taken apart by what the point said of the same call:
// name, call, registers. Pure.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "common/event.h"
#include "common/result.h"

namespace assay {

/// For --strace-syscalls: known to every runsc that has trace points.
std::string strace_calls();

struct StraceLine {
  int32_t pid = 0, tid = 0;  // in the root pid namespace of the sandbox
  std::string text;          // "NAME X call(arguments) = result"; E in place of X: as it begins
};
/// One line of the log. nullopt: of something else. Errc::corrupt: no JSON.
Result<std::optional<StraceLine>> parse_strace_line(std::string_view json);

/// Fills in path, path2, fd_path, data, argv of `event` from a line that is about it; false: it is not.
/// `ambiguous`: its strings can be divided in more than one way. `comm`: the thread's name after the call.
struct StraceMatch {
  bool ambiguous = false;
  std::string comm;
};
std::optional<StraceMatch> apply_strace_line(const StraceLine& line, Event& event);

/// The log's bytes to lines, and lines to events, in the order of each thread: a line is written before the
/// point of the same call is sent.
class Strace {
 public:
  struct Counts {
    uint64_t lines = 0, matched = 0, bad = 0, ambiguous = 0, left_over = 0;
  };
  void add(std::string_view bytes);
  /// An event of a raw point: takes its line. The thread's name, if there was one.
  std::optional<StraceMatch> match(Event& event);
  void restart();  // a further sandbox: its threads count from one again
  const Counts& counts() const { return counts_; }

 private:
  static constexpr size_t kMaxLine = 512 * 1024;
  static constexpr size_t kMaxThreads = 16 * 1024;
  static constexpr size_t kMaxWaiting = 64;  // lines of one thread: of calls whose points were lost
  static constexpr size_t kMaxWaitingBytes = 32 << 20;
  void entries(std::string_view line);
  void entry(std::string_view json);
  void drop_oldest(std::deque<StraceLine>& lines);

  std::string partial_;
  bool skipping_ = false;  // the rest of a line too long
  std::unordered_map<int32_t, std::deque<StraceLine>> waiting_;
  size_t waiting_bytes_ = 0;
  Counts counts_;
};

}  // namespace assay
