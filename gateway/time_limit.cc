// A timer and the other descriptor in one epoll, which poll(2) takes as a descriptor.
#include "gateway/time_limit.h"

#include <sys/epoll.h>
#include <sys/timerfd.h>

#include <algorithm>

namespace assay::gateway {

Result<TimeLimit> TimeLimit::until(Clock::time_point deadline, int stop_fd) {
  Fd timer(::timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK));
  Fd both(::epoll_create1(EPOLL_CLOEXEC));
  if (!timer || !both) return errno_error("make a timer");
  // steady_clock is CLOCK_MONOTONIC. All zero would mean never.
  auto at = std::max(deadline.time_since_epoch(), Clock::duration(1));
  auto seconds = std::chrono::floor<std::chrono::seconds>(at);
  itimerspec when{};
  when.it_value = {seconds.count(),
                   std::chrono::duration_cast<std::chrono::nanoseconds>(at - seconds).count()};
  if (::timerfd_settime(timer.get(), TFD_TIMER_ABSTIME, &when, nullptr) != 0)
    return errno_error("set a timer");
  for (int fd : {timer.get(), stop_fd}) {
    epoll_event event{};
    event.events = EPOLLIN;
    if (fd >= 0 && ::epoll_ctl(both.get(), EPOLL_CTL_ADD, fd, &event) != 0)
      return errno_error("wait for a timer");
  }
  return TimeLimit(std::move(timer), std::move(both), deadline);
}

}  // namespace assay::gateway
