// seccheck_decode: one message of gVisor's remote sink to an Event. No I/O. The bytes come from the Sentry,
// which a guest may have taken over: sizes are bounded, and nothing that they say is trusted beyond being
// what the guest plane claims.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <unordered_map>
#include <unordered_set>

#include "agent/trace/tasks.h"
#include "common/event.h"
#include "common/result.h"

namespace assay {

/// pb.MessageType of gVisor's common.proto, as far as we ask for them.
enum class SeccheckType : uint16_t {
  start = 1,
  clone = 2,
  exec = 3,
  exit_notify = 4,
  task_exit = 5,
  raw = 6,
  open = 7,
  connect = 10,
  socket = 12,
  chdir = 13,
  setid = 14,
  setresid = 15,
  pipe = 17,
  dup = 19,
  chroot = 21,
  bind = 24,
  accept = 25,
  socketpair = 33,
};

/// Bounds of one event's lists; what is beyond them is counted in Event::truncated, in bytes.
inline constexpr size_t kMaxItems = 256;
inline constexpr size_t kMaxItemBytes = 8 * 1024;
inline constexpr size_t kMaxListBytes = 64 * 1024;
inline constexpr size_t kMaxPathBytes = 4096;

class SeccheckDecoder {
 public:
  /// nullopt: nothing to tell (the enter half of a raw call, the end of a mere thread). time_ns is the
  /// Sentry's wall clock. Errc::corrupt: not a message of that type, or a type we did not ask for. A
  /// successful execve comes twice, as `exec` and as `syscall` with the registers; the latter is an `exec`
  /// where the former could not be sent.
  Result<std::optional<Event>> decode(uint16_t type, std::string_view payload);
  /// What another source says of a thread's name.
  void name_task(const Event& of, const std::string& comm) { tasks_.name(of.tid, of.pid, comm); }

 private:
  void remember_socket(int32_t pid, int64_t fd, const std::string& proto);
  std::string socket_proto(int32_t pid, int64_t fd) const;
  void after_decode(Event& event);
  void after_execve(Event& event);

  int32_t init_pid_ = 0;
  Tasks tasks_;
  std::unordered_map<int32_t, std::array<uint64_t, 6>> entering_;  // threads in execve, with its registers
  std::unordered_set<int32_t> executed_;  // processes whose exec was told, and whose execve has yet to return
  // What socket(2) said of a descriptor, to name the protocol of connect, bind and accept. A hint: close is
  // not followed.
  std::unordered_map<uint64_t, std::string> sockets_;
  std::unordered_map<int32_t, int32_t> parents_;
};

}  // namespace assay
