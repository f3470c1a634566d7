// The ledger of calls under way, and what excuses one that was never reported.
#include "agent/trace/crosscheck.h"

#include <algorithm>
#include <cstdlib>
#include <utility>

#include "agent/trace/pairing.h"
#include "common/utf8.h"

namespace assay {
namespace {

constexpr int64_t kSecond = 1'000'000'000;
// A call this close to the end of its sandbox may not have been heard of any more.
constexpr int64_t kLastMoment = kSecond / 2;
// Another thread can change a path between the two planes' looks at it, but not for long.
constexpr int64_t kSameCall = 2 * kSecond;
// The Sentry's clock is set by the host's now and then: on a host with far too much to do, a sandbox's first
// calls were stamped 150 ms early.
constexpr int64_t kClockSlack = kSecond / 2;

constexpr uint64_t kSetSeccomp = 22;                                                // prctl
constexpr uint64_t kTraceSyscalls = 24, kEmulateSyscalls = 31, kEmulateSteps = 32;  // ptrace

template <class... Names>
bool is_one_of(const std::string& call, Names... names) {
  return ((call == names) || ...);
}

// Calls whose key holds a string.
bool by_path(const std::string& call) {
  return is_one_of(call, "open", "openat", "creat", "chdir", "chroot");
}
bool by_address(const std::string& call) { return is_one_of(call, "connect", "bind"); }

// Those that may wait for as long as the guest likes.
bool can_block(const std::string& call) {
  return is_one_of(call, "open", "openat", "openat2", "creat", "connect", "accept", "accept4", "execve",
                   "execveat", "splice", "vmsplice", "sendto", "sendmsg", "sendmmsg", "ptrace", "reboot");
}

// What both planes say of a call besides its string; empty: of calls without one.
std::string loose_key(const Event& e) {
  bool host = e.plane == Plane::host;
  std::string key = e.call;
  if (by_address(e.call)) return key + '|' + std::to_string(e.fd);
  if (!by_path(e.call)) return "";
  if (e.call == "openat") key += '|' + std::to_string(host ? static_cast<int32_t>(e.args[0]) : e.fd);
  uint64_t flags = e.flags;
  if (host) flags = e.call == "open" ? e.args[1] : e.args[2];
  if (e.call == "open" || e.call == "openat") key += '|' + std::to_string(static_cast<uint32_t>(flags));
  return key;
}

bool unreadable(const Event& e) {
  if (by_path(e.call)) return e.path.empty();
  return by_address(e.call) && e.path.empty() && e.data.empty() && e.dst_addr.empty() && e.src_addr.empty();
}

// gVisor's points of these calls carry strings, and none comes whose strings are no UTF-8.
bool may_be_unsayable(const Event& e) {
  if (is_one_of(e.call, "fchdir", "dup", "dup2", "dup3")) return true;  // by the path of a descriptor
  if (!by_path(e.call)) return false;
  if (e.call == "openat" && static_cast<int32_t>(e.args[0]) >= 0) return true;
  return unreadable(e) || !is_utf8(e.path) || e.path.size() >= 500;
}

}  // namespace

// A report whose call was read of later: the rings of several processors are not read in one order.
bool CrossCheck::came_early(const std::string& key, bool loose, int64_t time_ns) {
  size_t hash = std::hash<std::string>()(key);
  for (auto& report : early_) {
    if ((loose ? report.loose : report.key) != hash || report.time_ns < time_ns - kClockSlack) continue;
    report.time_ns = INT64_MIN;
    return true;
  }
  return false;
}

void CrossCheck::witnessed(const Event& event) {
  if (!calls_.contains(event.call)) return;
  ++counts_.checked;
  std::string loose = loose_key(event);
  bool only_loose = unreadable(event);
  std::string key = only_loose ? loose : pair_key(event);
  if (came_early(key, only_loose, event.time_ns)) return;
  if (open_count_ >= kMaxOpen) {
    ++counts_.beyond;
    return;
  }
  ++open_count_;
  auto& calls = open_[key];
  calls.push_back(event);
  calls.back().data.clear();
  calls.back().argv.clear();
  if (loose.empty() || only_loose) return;
  if (near_.size() >= kMaxOpen) near_.clear();
  auto& near = near_[loose];
  if (near.size() >= kNear) near.pop_front();
  near.push_back({key, event.time_ns});
}

bool CrossCheck::settle(const std::string& key) {
  auto found = open_.find(key);
  if (found == open_.end()) return false;
  found->second.pop_front();
  if (found->second.empty()) open_.erase(found);
  --open_count_;
  return true;
}

// Nothing was open for a report, but a call like it with another string: perhaps the same.
void CrossCheck::note_otherwise(const std::string& loose, int64_t time_ns) {
  auto found = near_.find(loose);
  if (found == near_.end()) return;
  auto& near = found->second;
  std::erase_if(near, [&](const Near& n) { return !open_.contains(n.key); });
  for (Near& n : near)
    if (time_ns >= n.time_ns - kClockSlack && time_ns - n.time_ns <= kSameCall) n.otherwise = true;
  if (near.empty()) near_.erase(found);
}

bool CrossCheck::reported_otherwise(const std::string& key, const Event& call) const {
  auto found = near_.find(loose_key(call));
  return found != near_.end() && std::any_of(found->second.begin(), found->second.end(),
                                             [&](const Near& n) { return n.otherwise && n.key == key; });
}

void CrossCheck::note_filters(const Event& e) {
  if (e.error != 0) return;
  uint64_t what = e.args[0];
  bool filters =
      (e.call == "seccomp" && what <= 1) || (e.call == "prctl" && what == kSetSeccomp) ||
      (e.call == "ptrace" && (what == kTraceSyscalls || what == kEmulateSyscalls || what == kEmulateSteps));
  if (filters) filters_since_ns_ = std::min(filters_since_ns_, e.time_ns - kClockSlack);
}

void CrossCheck::reported(const Event& event) {
  if (event.kind == EventKind::start) {
    if (ended_ns_) judge_all(*ended_ns_);
    ended_ns_.reset();
    filters_since_ns_ = INT64_MAX;
    init_pid_ = event.pid;
    orderly_ = false;
    return;
  }
  if (event.kind == EventKind::exit && event.pid == init_pid_) orderly_ = true;
  note_filters(event);
  if (!calls_.contains(event.call)) return;
  std::string key = pair_key(event), loose = loose_key(event);
  if (settle(key)) return;
  if (!loose.empty()) {
    if (settle(loose)) return;
    note_otherwise(loose, event.time_ns);
  }
  early_[next_early_] = {std::hash<std::string>()(key), std::hash<std::string>()(loose), event.time_ns};
  next_early_ = (next_early_ + 1) % kEarly;
}

void CrossCheck::judge(const std::string& key, Event& call, int64_t end_ns) {
  if (std::abs(end_ns - call.time_ns) <= kLastMoment) {
    ++counts_.cut_off;
    return;
  }
  if (may_be_unsayable(call) || call.time_ns >= filters_since_ns_ || reported_otherwise(key, call)) {
    ++counts_.unprovable;
    return;
  }
  // A sandbox that is killed takes its calls with it; one that ends interrupts and reports them.
  if (!orderly_ && can_block(call.call) && call.time_ns <= end_ns) {
    ++counts_.cut_off;
    return;
  }
  ++counts_.unreported;
  if (found_.size() >= kMaxFound) return;
  call.kind = EventKind::guard;
  call.name = "unreported";
  call.data = "the host saw this call " + std::to_string(call.time_ns / 1'000'000) +
              " ms into the scan, and the sandbox's kernel never reported it";
  found_.push_back(std::move(call));
}

void CrossCheck::judge_all(int64_t end_ns) {
  for (auto& [key, calls] : open_)
    for (Event& call : calls) judge(key, call, end_ns);
  open_.clear();
  near_.clear();
  open_count_ = 0;
}

void CrossCheck::sandbox_ended(int64_t time_ns) {
  judge_all(time_ns);
  ended_ns_ = time_ns;
}

std::vector<Event> CrossCheck::finish(int64_t time_ns, uint64_t lost) {
  judge_all(ended_ns_.value_or(time_ns));
  if (lost > 0) {
    counts_.unprovable += std::exchange(counts_.unreported, 0);
    found_.clear();
  }
  std::sort(found_.begin(), found_.end(), [](auto& a, auto& b) { return a.time_ns < b.time_ns; });
  for (Event& call : found_) call.time_ns = time_ns;
  return std::move(found_);
}

std::string CrossCheck::text() const {
  std::string out = std::to_string(counts_.checked) + " calls cross-checked";
  auto say = [&](uint64_t count, const char* what) {
    if (count > 0) out += ", " + std::to_string(count) + what;
  };
  say(counts_.unreported, " not reported by the sandbox");
  say(counts_.cut_off, " cut off by its end");
  say(counts_.unprovable, " that prove nothing");
  say(counts_.beyond, " too many at once");
  return out;
}

std::string CrossCheck::open_calls() const {
  std::vector<std::string> lines;
  for (const auto& [key, calls] : open_)
    for (const Event& call : calls) lines.push_back(key + " at " + std::to_string(call.time_ns) + "\n");
  std::sort(lines.begin(), lines.end());
  std::string out;
  for (const auto& line : lines) out += line;
  return out;
}

}  // namespace assay
