// Who sleeps, who has acted since, and what moves the end.
#include "agent/patience.h"

#include <fcntl.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <initializer_list>

#include "agent/trace/sleeps.h"
#include "common/looks.h"
#include "common/paths.h"
#include "common/starter.h"
#include "common/text.h"

namespace assay {
namespace {

constexpr int64_t kSecondNs = 1'000'000'000;
constexpr int64_t kSameEndNs = 2 * kSecondNs;  // two words on one sleep: sleep(1), and the call that it makes
constexpr size_t kManyLooks = 3;
constexpr int64_t kSuspectShare = 3;  // of the extension, for who looks for a sandbox: a third

bool is_one_of(std::string_view name, std::initializer_list<std::string_view> names) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

// The program's name; of busybox and its like the applet's, which argv[0] or argv[1] says.
std::string_view program_of(const Event& event) {
  if (event.argv.empty()) return base_name(event.path);
  std::string_view name = base_name(event.argv[0]);
  if (is_one_of(name, {"busybox", "toybox", "coreutils"}) && event.argv.size() > 1)
    name = base_name(event.argv[1]);
  return name;
}

// What a loop that waits does between its sleeps, and tells nothing by.
bool is_neutral(std::string_view program) {
  return is_one_of(program, {"sleep", "date", "test", "[", "true", "false", "echo", "printf", "expr", "seq"});
}

// What has an effect outside of the process.
bool is_act(const Event& e) {
  switch (e.kind) {
    case EventKind::connect:
      return !e.dst_addr.empty();
    case EventKind::bind:
      return !e.src_addr.empty();
    case EventKind::open:
      return e.error == 0 && (e.flags & (O_WRONLY | O_RDWR | O_CREAT)) != 0 && !e.path.starts_with("/dev/");
    case EventKind::syscall:
      return e.source == Source::seccheck &&
             !is_one_of(e.call, {"prctl", "kill", "setsid", "personality", "setpriority", "sched_setaffinity",
                                 "capset", "seccomp", "splice", "syslog", "process_madvise"});
    default:
      return false;
  }
}

std::string seconds(int64_t duration_ns) { return std::to_string(duration_ns / kSecondNs) + " s"; }

// A number and its unit as sleep(1) takes it.
std::optional<double> span(const std::string& text) {
  char* rest = nullptr;
  double value = std::strtod(text.c_str(), &rest);
  if (rest == text.c_str() || std::isnan(value) || value < 0) return std::nullopt;
  std::string_view unit(rest);
  if (unit == "m") return value * 60;
  if (unit == "h") return value * 3600;
  if (unit == "d") return value * 86400;
  if (unit.empty() || unit == "s") return value;
  return std::nullopt;
}

}  // namespace

std::optional<int64_t> sleep_command_ns(const std::vector<std::string>& argv) {
  size_t at = 0;
  while (at < argv.size() && base_name(argv[at]) != "sleep") ++at;
  double sum = 0;
  bool any = false;
  for (++at; at < argv.size(); ++at) {
    if (argv[at] == "--") continue;
    auto one = span(argv[at]);
    if (!one) return std::nullopt;
    sum += *one;
    any = true;
  }
  if (!any) return std::nullopt;
  return sum >= 9e9 ? INT64_MAX : static_cast<int64_t>(sum * 1e9);
}

std::optional<PatienceWord> Patience::note(const Event& event) {
  wake(event.time_ns);
  switch (event.kind) {
    case EventKind::start:
      begin_sandbox();
      return on_program(event);
    case EventKind::exec:
      return on_program(event);
    case EventKind::clone:
      if (event.child_pid != event.pid && processes_.size() < kMaxProcesses)
        processes_[event.child_pid] = {event.pid, is_ours(event.pid), false};
      return std::nullopt;
    case EventKind::exit:
      end(event);
      return std::nullopt;
    default:
      break;
  }
  if (event.source == Source::witness && is_sleep_call(event.call) && !is_ours(event.pid)) {
    auto process = processes_.find(event.pid);
    bool command = process != processes_.end() && process->second.neutral && process->second.parent != 0;
    return sleeps(event.pid, command ? process->second.parent : event.pid, event.duration_ns, event.time_ns);
  }
  if (is_act(event)) act(event.pid);
  return looks(event);
}

void Patience::begin_sandbox() {
  processes_.clear();
  sleepers_.clear();
  sleeping_.clear();
}

bool Patience::is_ours(int32_t pid) const {
  auto process = processes_.find(pid);
  return process != processes_.end() && process->second.ours;
}

std::optional<PatienceWord> Patience::on_program(const Event& event) {
  if (processes_.size() >= kMaxProcesses && !processes_.contains(event.pid)) return std::nullopt;
  std::string_view program = program_of(event);
  // The runtime's child has no parent in the guest: one that a guest executes is not ours.
  bool ours = event.path == kStarterPath && !processes_.contains(event.pid);
  Process& process = processes_[event.pid];
  process.ours = process.ours || ours;
  process.neutral = is_neutral(program);
  if (process.ours) return std::nullopt;
  if (program == "sleep") {
    auto duration = sleep_command_ns(event.argv);
    if (!duration) return std::nullopt;
    return sleeps(event.pid, process.parent != 0 ? process.parent : event.pid, *duration, event.time_ns);
  }
  if (!process.neutral) act(event.pid);
  return looks(event);
}

// Sleeps whose end has passed. A process that was killed before has been taken out by its exit.
void Patience::wake(int64_t now_ns) {
  std::erase_if(sleeping_, [&](const Sleep& sleep) {
    if (sleep.end_ns > now_ns) return false;
    if (sleepers_.size() < kMaxSleepers || sleepers_.contains(sleep.sleeper))
      sleepers_[sleep.sleeper].slept = true;
    return true;
  });
}

void Patience::end(const Event& exit) {
  std::erase_if(sleeping_, [&](const Sleep& sleep) {
    if (sleep.pid != exit.pid) return false;
    bool to_its_end = sleep.end_ns <= exit.time_ns + kSecondNs;
    if (to_its_end && sleepers_.size() < kMaxSleepers) sleepers_[sleep.sleeper].slept = true;
    return true;
  });
  processes_.erase(exit.pid);
}

void Patience::act(int32_t pid) {
  auto process = processes_.find(pid);
  if (process != processes_.end() && process->second.neutral && process->second.parent != 0) return;
  for (size_t depth = 0; depth < kMaxDepth; ++depth) {
    if (auto sleeper = sleepers_.find(pid); sleeper != sleepers_.end() && sleeper->second.slept)
      sleeper->second.acted = true;
    process = processes_.find(pid);
    if (process == processes_.end() || process->second.parent == 0) return;
    pid = process->second.parent;
  }
}

std::optional<PatienceWord> Patience::sleeps(int32_t pid, int32_t sleeper, int64_t duration_ns,
                                             int64_t now_ns) {
  if (duration_ns < kLeastSleepNs || duration_ns >= kKeepaliveNs) return std::nullopt;
  int64_t end_ns = now_ns + duration_ns;
  for (const Sleep& known : sleeping_)
    if ((known.pid == pid || known.pid == 0 || pid == 0) && std::abs(known.end_ns - end_ns) <= kSameEndNs)
      return std::nullopt;
  if (sleeping_.size() >= kMaxSleeps) return std::nullopt;
  sleeping_.push_back({pid, sleeper, end_ns});
  if (auto known = sleepers_.find(sleeper); known != sleepers_.end() && known->second.acted)
    return std::nullopt;  // it goes round: what it does after its sleeps has been seen
  if (end_ns + kEnoughNs <= deadline_ns_) return std::nullopt;
  if (end_ns < last_ns_)
    return extend(end_ns + kToActNs, "a sleep of " + seconds(duration_ns), duration_ns, pid);
  if (outlasted_) return std::nullopt;
  outlasted_ = true;
  return PatienceWord{"outlasted",
                      "a sleep of " + seconds(duration_ns) + " ends after the run and all of its extension",
                      duration_ns, pid};
}

std::optional<PatienceWord> Patience::looks(const Event& event) {
  if (suspected_ || is_ours(event.pid)) return std::nullopt;
  std::string why;
  if (std::string_view kind = look_of(event); is_telling_look(kind) && looked_.emplace(kind).second) {
    if (kind == "kernel_log") why = "it reads the kernel's log";
    if (looked_.size() >= kManyLooks) why = "it looks for signs of a sandbox in several places";
  }
  if ((event.kind == EventKind::exec || event.kind == EventKind::start) && names_sandbox(event.argv))
    why = "it looks for a sandbox by its name";
  if (why.empty()) return std::nullopt;
  suspected_ = true;
  return extend(asked_ns_ + (last_ns_ - asked_ns_) / kSuspectShare, std::move(why), 0, event.pid);
}

std::optional<PatienceWord> Patience::extend(int64_t until_ns, std::string why, int64_t duration_ns,
                                             int32_t pid) {
  until_ns = std::min(until_ns, last_ns_);
  if (until_ns <= deadline_ns_) return std::nullopt;
  deadline_ns_ = until_ns;
  return PatienceWord{"extended", seconds(granted_ns()) + " in all: " + why, duration_ns, pid};
}

}  // namespace assay
