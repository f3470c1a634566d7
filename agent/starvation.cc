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
    : cgroup_(cgroup),
      threads_(std::move(threads)),
      looked_(now),
      sandbox_ns_(cgroup.starved_ns()),
      threads_ns_(threads_waited_ns()) {}

uint64_t Starvation::threads_waited_ns() const {
  uint64_t out = 0;
  for (pid_t thread : threads_)
    if (auto text = read_file("/proc/self/task/" + std::to_string(thread) + "/schedstat", 4096))
      out += run_delay_ns(*text);
  return out;
}

Starvation::Taken Starvation::look(Clock::time_point now) {
  const nanoseconds gone = now - std::exchange(looked_, now);
  auto since = [&](uint64_t& before, uint64_t after) {
    uint64_t more = after - std::min(after, std::exchange(before, after));
    return std::min(gone, nanoseconds(static_cast<int64_t>(std::min<uint64_t>(more, INT64_MAX))));
  };
  nanoseconds sandbox = since(sandbox_ns_, cgroup_.starved_ns());
  nanoseconds threads = since(threads_ns_, threads_waited_ns());
  taken_.sandbox += sandbox;
  taken_.all += std::min(gone, sandbox + threads);
  return taken_;
}

}  // namespace assay
