// What decides on more time for a run, over events that hostile bytes make up: no word of a guest's moves the
// end beyond the budget, or back.
#include <cstdlib>
#include <cstring>

#include "agent/patience.h"
#include "agent/trace/sleeps.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace assay;
  constexpr int64_t kBudget = 90'000'000'000;
  constexpr EventKind kKinds[] = {EventKind::start, EventKind::exec, EventKind::clone,   EventKind::exit,
                                  EventKind::open,  EventKind::bind, EventKind::connect, EventKind::syscall};
  constexpr const char* kCalls[] = {"nanosleep", "clock_nanosleep", "select", "poll", "syslog", "access"};
  Patience patience(30'000'000'000, kBudget);
  Sleeps sleeps(0);
  std::string_view rest(reinterpret_cast<const char*>(data), size);
  auto take = [&](size_t count) {
    auto part = rest.substr(0, count);
    rest.remove_prefix(part.size());
    return std::string(part);
  };
  int64_t granted = 0, now = 0;
  while (rest.size() > 8) {
    std::string head = take(8);
    auto byte = [&](size_t i) { return static_cast<uint8_t>(head[i]); };
    Event e;
    e.kind = kKinds[byte(0) % 8];
    e.source = byte(1) % 2 != 0 ? Source::witness : Source::seccheck;
    e.call = kCalls[byte(1) / 2 % 6];
    e.pid = byte(2) % 16;
    e.child_pid = byte(3) % 16;
    e.host_tid = byte(3) / 16;
    e.time_ns = now += byte(4) * int64_t{100'000'000};
    e.args = {byte(5), byte(6), byte(7) * uint64_t{1000}};
    std::string text = take(byte(6) % 32);
    e.duration_ns = sleep_time_ns(e, text);
    e.path = text;
    e.argv = {byte(7) % 2 != 0 ? "sleep" : "sh", text};
    e.dst_addr = text.substr(0, 1);
    sleeps.note(e);
    if (e.duration_ns < 0) std::abort();
    if (auto seconds = sleep_command_ns(e.argv); seconds && *seconds < 0) std::abort();
    patience.note(e);
    if (patience.granted_ns() < granted || patience.granted_ns() > kBudget) std::abort();
    granted = patience.granted_ns();
  }
  return 0;
}
