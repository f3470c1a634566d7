// The kernel's counters, from look to look.
#include "agent/starvation.h"

#include <algorithm>
#include <charconv>
#include <string>
#include <utility>

#include "common/fd.h"

namespace assay {

using std::chrono::nanoseconds;

uint64_t run_delay_ns(std::string_view schedstat) {
  size_t space = schedstat.find(' ');
  if (space == schedstat.npos) return 0;
  uint64_t out = 0;
  std::from_chars(schedstat.data() + space + 1, schedstat.data() + schedstat.size(), out);
  return out;
}

Starvation::Starvation(const Cgroup& cgroup, std::vector<pid_t> threads, Clock::time_point now)
    : cgroup_(cgroup), threads_(std::move(threads)), looked_(now), waited_ns_(waited_ns()) {}

uint64_t Starvation::waited_ns() const {
  uint64_t out = cgroup_.starved_ns();
  for (pid_t thread : threads_)
    if (auto text = read_file("/proc/self/task/" + std::to_string(thread) + "/schedstat", 4096))
      out += run_delay_ns(*text);
  return out;
}

nanoseconds Starvation::look(Clock::time_point now) {
  uint64_t waited = waited_ns();
  uint64_t more = waited - std::min(waited, std::exchange(waited_ns_, waited));
  nanoseconds gone = now - std::exchange(looked_, now);
  taken_ += std::min(gone, nanoseconds(static_cast<int64_t>(std::min<uint64_t>(more, INT64_MAX))));
  return taken_;
}

}  // namespace assay
