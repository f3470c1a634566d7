// Registers and struct layouts are those of x86-64.
#include "agent/trace/sleeps.h"

#include <time.h>

#include <algorithm>
#include <cstring>

#include "common/looks.h"

namespace assay {
namespace {

constexpr int64_t kSecondNs = 1'000'000'000;

int64_t nanoseconds(int64_t seconds, int64_t rest_ns) {
  if (seconds < 0) return 0;
  if (seconds >= INT64_MAX / kSecondNs) return INT64_MAX;
  return seconds * kSecondNs + std::clamp<int64_t>(rest_ns, 0, kSecondNs - 1);
}

}  // namespace

bool is_sleep_call(std::string_view call) {
  for (std::string_view name : {"nanosleep", "clock_nanosleep", "select", "pselect6", "poll", "ppoll"})
    if (call == name) return true;
  return false;
}

bool is_absolute(const Event& event) {
  return event.call == "clock_nanosleep" && (event.args[1] & TIMER_ABSTIME) != 0;
}

int64_t sleep_time_ns(const Event& event, std::string_view wait) {
  if (event.call == "poll")
    return std::max<int64_t>(0, static_cast<int32_t>(event.args[2])) * int64_t{1'000'000};
  int64_t fields[2];
  if (wait.size() < sizeof fields) return 0;
  std::memcpy(fields, wait.data(), sizeof fields);
  bool microseconds = event.call == "select";  // struct timeval
  if (microseconds) fields[1] = std::clamp<int64_t>(fields[1], 0, 999'999) * 1000;
  return nanoseconds(fields[0], fields[1]);
}

void Sleeps::forget(int32_t pid) {
  std::erase_if(threads_, [&](const auto& entry) { return entry.second.pid == pid; });
}

void Sleeps::make_relative(Event& event) const {
  int64_t now = event.time_ns - boot_ns_;
  if (event.args[0] == CLOCK_REALTIME || event.args[0] == CLOCK_TAI) now = start_time_ns_ + event.time_ns;
  // INT64_MAX: for ever.
  if (event.duration_ns != INT64_MAX) event.duration_ns = std::max<int64_t>(0, event.duration_ns - now);
}

void Sleeps::note(Event& event) {
  if (event.source == Source::seccheck) {
    if (event.kind == EventKind::start) {
      boot_ns_ = event.time_ns;
      threads_.clear();
      alone_ = Owner{event.pid, event.uid, event.gid, event.comm, event.cwd};
    }
    if (event.kind == EventKind::clone && event.child_pid != event.pid) alone_.reset();
    // A stub may serve another address space from here on.
    if (event.kind == EventKind::exec || event.kind == EventKind::exit) forget(event.pid);
    return;
  }
  if (event.source != Source::witness) return;
  if (event.pid != 0) {
    if (threads_.size() >= kMaxThreads) threads_.clear();
    threads_[event.host_tid] = {event.pid, event.uid, event.gid, event.comm, event.cwd};
    return;
  }
  bool sleeps = is_sleep_call(event.call);
  if (!sleeps && !is_look_call(event.call)) return;
  if (sleeps && is_absolute(event)) make_relative(event);
  auto known = threads_.find(event.host_tid);
  const Owner* owner = known != threads_.end() ? &known->second : alone_ ? &*alone_ : nullptr;
  if (owner == nullptr) return;
  event.pid = owner->pid;
  event.uid = owner->uid;
  event.gid = owner->gid;
  event.comm = owner->comm;
  event.cwd = owner->cwd;
}

}  // namespace assay
