// The key of a call, and what is copied which way.
#include "agent/trace/pairing.h"

#include <fcntl.h>

#include <algorithm>
#include <cstdlib>
#include <string_view>

#include "common/paths.h"

namespace assay {
namespace {

void append(std::string& key, uint64_t value) { (key += '|') += std::to_string(value); }

// The first `count` arguments as the kernel takes them: ints of 32 bits.
std::string int_args(const Event& e, size_t count) {
  std::string key = e.call;
  for (size_t i = 0; i < count; ++i) append(key, static_cast<uint32_t>(e.args[i]));
  return key;
}

// As the guest spelt it; the guest plane keeps that in data where path was made absolute.
std::string spelt(const Event& e) {
  const auto& path = e.plane == Plane::guest && !e.data.empty() ? e.data : e.path;
  return e.call + '|' + path.substr(0, 500);  // the witness reads no more than 511 bytes
}

std::string addressed(const Event& e) {
  bool bind = e.call == "bind";
  std::string key = e.call;
  append(key, static_cast<uint32_t>(e.fd));
  append(key, bind ? e.src_port : e.dst_port);
  return key + '|' + (bind ? e.src_addr : e.dst_addr);
}

bool is_one_of(std::string_view name, std::initializer_list<std::string_view> names) {
  for (auto n : names)
    if (n == name) return true;
  return false;
}

// A path argument relative to the working directory becomes absolute, now that both are known.
void resolve(Event& e, const Event& witness) {
  bool at = e.call.ends_with("at") || e.call.ends_with("at2");
  if (at && e.call != "symlinkat" && static_cast<int32_t>(e.args[0]) != AT_FDCWD) return;
  if (e.call == "memfd_create" || e.call.ends_with("_module") || e.call.ends_with("_key") ||
      e.call == "fsopen")
    return;
  if (e.call == "symlink" || e.call == "symlinkat" || e.call == "mount")
    return;  // targets and sources are no paths of the caller's
  std::string absolute = resolve_path(e.cwd, witness.path);
  if (absolute == e.path) return;
  if (e.data.empty()) e.data = e.path;
  e.path = absolute;
}

void join(Event& guest, Event& witness) {
  witness.pid = guest.pid;
  witness.tid = guest.tid;
  witness.comm = guest.comm;
  witness.cwd = guest.cwd;
  witness.uid = guest.uid;
  witness.gid = guest.gid;
  if (witness.proto.empty()) witness.proto = guest.proto;
  bool open_ended = guest.kind == EventKind::syscall || guest.kind == EventKind::open ||
                    (guest.kind == EventKind::exec && guest.path.empty());
  if (!open_ended) return;
  if (guest.path.empty() && !witness.path.empty()) {
    guest.path = witness.path;
    if (guest.data.empty()) guest.data = witness.data;
    resolve(guest, witness);
  } else if (guest.data.empty() && guest.kind == EventKind::syscall) {
    guest.data = witness.data;
    guest.truncated += witness.truncated;
  }
  if (guest.path2.empty()) guest.path2 = witness.path2;
  if (guest.argv.empty()) guest.argv = witness.argv;
  if (guest.dst_addr.empty()) {
    guest.dst_addr = witness.dst_addr;
    guest.dst_port = witness.dst_port;
  }
}

}  // namespace

std::string pair_key(const Event& e) {
  if (e.source != Source::witness && e.source != Source::seccheck) return "";
  if (e.source == Source::seccheck &&
      (e.kind == EventKind::start || e.kind == EventKind::clone || e.kind == EventKind::exit))
    return "";
  if (is_one_of(e.call, {"open", "openat", "creat", "chdir", "chroot"})) return spelt(e);
  if (e.call == "execve") {
    std::string key = e.call;  // by registers: what they point to may be more than the witness reads
    for (size_t i = 0; i < 3; ++i) append(key, e.args[i]);
    return key;
  }
  if (is_one_of(e.call, {"connect", "bind"})) return addressed(e);
  if (is_one_of(e.call, {"accept", "accept4", "fchdir"})) {
    std::string key = e.call;
    append(key, static_cast<uint32_t>(e.fd));
    return key;
  }
  if (is_one_of(e.call, {"setuid", "setgid", "dup"})) return int_args(e, 1);
  if (e.call == "dup2") return int_args(e, 2);
  if (is_one_of(e.call, {"socket", "setresuid", "setresgid", "dup3"})) return int_args(e, 3);
  std::string key = e.call;
  for (uint64_t arg : e.args) append(key, arg);
  return key;
}

void Pairing::add(Event& event) {
  auto key = pair_key(event);
  if (key.empty()) return;
  auto& sides = waiting_[key];
  auto& own = sides[static_cast<size_t>(event.plane)];
  auto& others = sides[1 - static_cast<size_t>(event.plane)];
  // The nearest in time: another process may make the same call with the same registers, and other memory
  // behind them.
  auto distance = [&](const Event* other) { return std::abs(other->time_ns - event.time_ns); };
  auto nearest = std::min_element(others.begin(), others.end(),
                                  [&](auto* a, auto* b) { return distance(a) < distance(b); });
  if (nearest == others.end()) {
    if (own.size() >= kMaxPerKey) own.erase(own.begin());
    own.push_back(&event);
    return;
  }
  Event& other = **nearest;
  join(event.plane == Plane::guest ? event : other, event.plane == Plane::guest ? other : event);
  others.erase(nearest);
  ++paired_;
  if (own.empty() && others.empty()) waiting_.erase(key);
}

void Pairing::forget(Event& event) {
  // join() may have changed what the key is made of, but then the event no longer waits.
  auto found = waiting_.find(pair_key(event));
  if (found == waiting_.end()) return;
  auto& own = found->second[static_cast<size_t>(event.plane)];
  auto it = std::find(own.begin(), own.end(), &event);
  if (it != own.end()) own.erase(it);
  if (own.empty() && found->second[1 - static_cast<size_t>(event.plane)].empty()) waiting_.erase(found);
}

}  // namespace assay
