// A signalfd and a timerfd behind one epoll descriptor, which can be waited for itself (epoll(7)).
#include "cli/stop.h"

#include <poll.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <algorithm>

#include "common/signals.h"

namespace assay::cli {
namespace {

using std::chrono::milliseconds;

bool readable(int fd) {
  pollfd item{fd, POLLIN, 0};
  return ::poll(&item, 1, 0) > 0;
}

Result<Fd> make_timer(std::optional<milliseconds> time) {
  Fd timer(::timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK));
  if (!timer) return errno_error("timerfd_create");
  if (!time) return timer;
  itimerspec at{};
  at.it_value.tv_sec = time->count() / 1000;
  // Zero would be no timer.
  at.it_value.tv_nsec = std::max<long>(time->count() % 1000 * 1'000'000, time->count() == 0 ? 1 : 0);
  if (::timerfd_settime(timer.get(), 0, &at, nullptr) != 0) return errno_error("timerfd_settime");
  return timer;
}

}  // namespace

Result<Stop> Stop::open(std::optional<milliseconds> time) {
  ASSAY_TRY(Fd signals, catch_end_signals());
  ASSAY_TRY(Fd timer, make_timer(time));
  Fd either(::epoll_create1(EPOLL_CLOEXEC));
  if (!either) return errno_error("epoll_create1");
  for (int fd : {signals.get(), timer.get()}) {
    epoll_event event{};
    event.events = EPOLLIN;
    if (::epoll_ctl(either.get(), EPOLL_CTL_ADD, fd, &event) != 0) return errno_error("epoll_ctl");
  }
  return Stop(std::move(signals), std::move(timer), std::move(either));
}

bool Stop::interrupted() const { return readable(signals_.get()); }

bool Stop::timed_out() const { return timed_out_ || readable(timer_.get()); }

void Stop::clear() {
  clear_signals(signals_.get());
  timed_out_ = timed_out();
  uint64_t times = 0;
  (void)!::read(timer_.get(), &times, sizeof times);
}

}  // namespace assay::cli
