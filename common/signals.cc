// signalfd.
#include "common/signals.h"

#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <initializer_list>

namespace assay {
namespace {

Result<Fd> catch_signals(std::initializer_list<int> which) {
  sigset_t signals;
  sigemptyset(&signals);
  for (int signal : which) sigaddset(&signals, signal);
  if (::pthread_sigmask(SIG_BLOCK, &signals, nullptr) != 0) return errno_error("block signals");
  Fd fd(::signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK));
  if (!fd) return errno_error("signalfd");
  return fd;
}

}  // namespace

Result<Fd> catch_end_signals() { return catch_signals({SIGINT, SIGTERM}); }
Result<Fd> catch_reload_signal() { return catch_signals({SIGHUP}); }

void clear_signals(int fd) {
  signalfd_siginfo info;
  while (::read(fd, &info, sizeof info) == static_cast<ssize_t>(sizeof info)) {
  }
}

}  // namespace assay
