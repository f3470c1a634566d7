// Each signal on its own descriptor.
#include "common/signals.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>

namespace assay {
namespace {

bool is_readable(const Fd& fd) {
  pollfd poll{fd.get(), POLLIN, 0};
  return ::poll(&poll, 1, 0) == 1;
}

TEST(Signals, EndAndReloadAreToldApart) {
  sigset_t before;
  ASSERT_EQ(::pthread_sigmask(SIG_SETMASK, nullptr, &before), 0);
  Fd end = *catch_end_signals(), reload = *catch_reload_signal();
  EXPECT_FALSE(is_readable(end) || is_readable(reload));
  ASSERT_EQ(::raise(SIGHUP), 0);
  EXPECT_TRUE(is_readable(reload));
  EXPECT_FALSE(is_readable(end));
  clear_signals(reload.get());
  EXPECT_FALSE(is_readable(reload));
  for (int signal : {SIGINT, SIGTERM}) {
    ASSERT_EQ(::raise(signal), 0);
    EXPECT_TRUE(is_readable(end));
    EXPECT_FALSE(is_readable(reload));
    clear_signals(end.get());
  }
  ASSERT_EQ(::pthread_sigmask(SIG_SETMASK, &before, nullptr), 0);
}

}  // namespace
}  // namespace assay
