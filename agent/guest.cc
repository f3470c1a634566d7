// One poll loop over everything a running container can say.
#include "agent/guest.h"

#include <poll.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "common/clock.h"
#include "common/text.h"

namespace assay {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr milliseconds kGrace{2000};  // between the stop signal and SIGKILL
constexpr milliseconds kTick{200};
constexpr size_t kOutputEventBytes = 4096;

class Loop {
 public:
  explicit Loop(GuestRun& run) : run_(run), left_bytes_(run.output_limit_bytes) {}
  Result<GuestEnd> run();

 private:
  GuestEnd finish(ExitStatus status, int out, int err);
  void read_output(int& fd, int number);
  Status pass_on();
  void note(const std::string& what, const std::string& data, uint64_t left_out = 0);
  void stop(EndReason reason, bool at_once, const char* what = nullptr);

  GuestRun& run_;
  GuestEnd end_;
  uint64_t left_bytes_;
  bool stopping_ = false;
  steady_clock::time_point kill_at_ = steady_clock::time_point::max();
  steady_clock::time_point give_up_at_ = steady_clock::time_point::max();
};

Result<GuestEnd> Loop::run() {
  auto next_tick = steady_clock::now();
  int out = run_.sandbox.stdout_fd(), err = run_.sandbox.stderr_fd();
  for (;;) {
    std::vector<pollfd> polls = {{run_.sandbox.pidfd(), POLLIN, 0},
                                 {out, POLLIN, 0},
                                 {err, POLLIN, 0},
                                 {run_.world ? run_.world->fd() : -1, POLLIN, 0},
                                 {run_.tracer.fd(), POLLIN, 0},
                                 {run_.cancel_fd, POLLIN, 0}};
    if (run_.egress) polls.push_back({run_.egress->fd(), POLLIN, 0});
    if (run_.provoker) run_.provoker->poll_fds(polls);
    if (::poll(polls.data(), polls.size(), 50) < 0 && errno != EINTR) return errno_error("poll");
    if (polls[5].revents != 0) return Error{Errc::cancelled, "cancelled"};
    if (polls[1].revents != 0) read_output(out, 1);
    if (polls[2].revents != 0) read_output(err, 2);
    ASSAY_CHECK(pass_on());

    auto now = steady_clock::now(), deadline = run_.deadline();
    if (end_.reason != EndReason::guard && run_.guard_hit()) stop(EndReason::guard, true);
    if (auto status = run_.sandbox.ended()) return finish(*status, out, err);
    if (now >= give_up_at_) {
      end_.forced = true;
      return finish({SIGKILL, true}, out, err);
    }
    if (run_.provoker && !stopping_) {
      run_.provoker->turn(now);
      if (run_.until_provoked && run_.provoker->done(now)) stop(EndReason::exited, true, "provoked");
    }
    if (!stopping_ && run_.over_limit()) stop(EndReason::limit, true);
    if (!stopping_ && now >= deadline) stop(EndReason::deadline, false);
    if (now >= kill_at_) {
      run_.sandbox.signal(SIGKILL);
      kill_at_ = now + kGrace;  // again, should the runtime not have heard
    }
    if (now >= next_tick) {
      next_tick = now + kTick;
      ASSAY_CHECK(
          run_.tick(std::max(milliseconds(0), std::chrono::duration_cast<milliseconds>(deadline - now))));
    }
  }
}

GuestEnd Loop::finish(ExitStatus status, int out, int err) {
  read_output(out, 1);
  read_output(err, 2);
  end_.status = status;
  if (end_.output_left_out_bytes > 0)
    note("output_left_out", std::to_string(end_.output_left_out_bytes) + " bytes",
         end_.output_left_out_bytes);
  return end_;
}

void Loop::stop(EndReason reason, bool at_once, const char* what) {
  stopping_ = true;
  end_.reason = reason;
  note("stopped", what ? what : to_string(reason));
  run_.sandbox.signal(at_once ? SIGKILL : run_.stop_signal);
  kill_at_ = steady_clock::now() + kGrace;
  give_up_at_ = steady_clock::now() + run_.patience;
}

void Loop::read_output(int& fd, int number) {
  std::array<char, 65536> buffer;
  // Bounded per call: a container that prints without end must not keep the loop from its deadline.
  for (int i = 0; fd >= 0 && i < 16; ++i) {
    ssize_t n = ::read(fd, buffer.data(), buffer.size());
    if (n < 0) return;
    if (n == 0) {
      fd = -1;  // the sandbox owns and closes it
      return;
    }
    std::string_view bytes(buffer.data(), static_cast<size_t>(n));
    if (run_.first_output)
      run_.first_output->append(
          bytes.substr(0, kFirstOutput - std::min(kFirstOutput, run_.first_output->size())));
    auto kept = std::min<uint64_t>(left_bytes_, bytes.size());
    left_bytes_ -= kept;
    end_.output_bytes += kept;
    end_.output_left_out_bytes += bytes.size() - kept;
    for (size_t at = 0; at < kept; at += kOutputEventBytes) {
      Event event;
      event.kind = EventKind::output;
      event.time_ns = wall_ns() - run_.start_time_ns;
      event.fd = number;
      event.data = bytes.substr(at, std::min<size_t>(kOutputEventBytes, kept - at));
      run_.tracer.add(std::move(event));
    }
  }
}

Status Loop::pass_on() {
  if (run_.world)
    for (Event& event : run_.world->take()) run_.tracer.add(std::move(event));
  if (run_.egress)
    for (Event& event : run_.egress->take()) run_.tracer.add(std::move(event));
  std::vector<Event> events = run_.tracer.take();
  if (events.empty()) return Status();
  return run_.record(std::move(events));
}

void Loop::note(const std::string& what, const std::string& data, uint64_t left_out) {
  Event event;
  event.kind = EventKind::note;
  event.plane = Plane::host;
  event.time_ns = wall_ns() - run_.start_time_ns;
  event.call = what;
  event.data = data;
  event.truncated = left_out;
  run_.tracer.add(std::move(event));
}

}  // namespace

Result<GuestEnd> run_guest(GuestRun run) { return Loop(run).run(); }

Result<int> parse_signal(const std::string& text) {
  if (text.empty()) return SIGTERM;
  std::string name = text.starts_with("SIG") ? text.substr(3) : text;
  for (int number = 1; number < NSIG; ++number) {
    const char* known = ::sigabbrev_np(number);
    if (name == std::to_string(number) || (known != nullptr && name == known)) return number;
  }
  return Error{Errc::invalid, "stop signal '" + printable(text, 40) + "' of the image is no signal"};
}

}  // namespace assay
