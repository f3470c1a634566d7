// Two pipes and a pidfd, polled.
#include "agent/pull_run.h"

#include <fcntl.h>
#include <poll.h>

#include <array>
#include <cerrno>
#include <iterator>

#include "agent/pull_log.h"

namespace assay {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

struct Pipe {
  Fd read_end, write_end;
};

Result<Pipe> make_pipe() {
  int fds[2];
  if (::pipe2(fds, O_CLOEXEC) != 0) return errno_error("pipe");
  Pipe pipe{Fd(fds[0]), Fd(fds[1])};
  if (::fcntl(fds[0], F_SETFL, O_NONBLOCK) != 0) return errno_error("set up a pipe");
  return pipe;
}

// What is there now; closes the descriptor at its end.
template <class Take>
void drain(Fd& fd, Take&& take) {
  std::array<char, 64 * 1024> buffer;
  while (fd) {
    ssize_t n = ::read(fd.get(), buffer.data(), buffer.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return;
    if (n == 0) fd.reset();
    if (n > 0) take(std::string_view(buffer.data(), static_cast<size_t>(n)));
  }
}

}  // namespace

Result<SkopeoEnd> run_skopeo(Command command, steady_clock::time_point deadline, size_t limit_bytes,
                             int cancel_fd) {
  ASSAY_TRY(Pipe out, make_pipe());
  ASSAY_TRY(Pipe err, make_pipe());
  command.stdout_fd = out.write_end.get();
  command.stderr_fd = err.write_end.get();
  ASSAY_TRY(Child child, spawn(command));
  out.write_end.reset();
  err.write_end.reset();
  SkopeoEnd end;
  SkopeoLog log;
  for (bool ended = false; !ended;) {
    auto left = std::chrono::duration_cast<milliseconds>(deadline - steady_clock::now()).count();
    if (left <= 0) return Error{Errc::timeout, "skopeo took too long"};
    pollfd polls[] = {{out.read_end.get(), POLLIN, 0},
                      {err.read_end.get(), POLLIN, 0},
                      {child.pidfd(), POLLIN, 0},
                      {cancel_fd, POLLIN, 0}};
    if (::poll(polls, std::size(polls), static_cast<int>(std::min<long>(left, 1'000'000))) < 0 &&
        errno != EINTR)
      return errno_error("poll");
    if (polls[3].revents != 0) return Error{Errc::cancelled, "cancelled"};
    ended = polls[2].revents != 0;
    drain(out.read_end, [&](std::string_view bytes) {
      end.out += bytes.substr(0, limit_bytes - std::min(limit_bytes, end.out.size()));
    });
    drain(err.read_end, [&](std::string_view bytes) { log.add(bytes); });
    end.busy = log.busy();
    if (end.busy) return end;  // the child is killed on the way out
  }
  end.status = child.wait();
  log.end();
  end.log = log.text();
  return end;
}

}  // namespace assay
