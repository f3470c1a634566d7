// ProcessTree: the guest's processes out of start, clone, exec, exit, setid, dup and socket events; and which
// of their descriptors are network sockets. Pids are reused, threads are not processes. Bounded: what does
// not fit is counted. No rules here; observe.cc asks.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "common/event.h"
#include "scheduler/score/event_facts.h"
#include "scheduler/score/report.h"

namespace assay {

/// A descriptor that is an internet socket.
struct SocketFd {
  std::string proto, addr;  // of the peer; empty: not connected
  uint32_t port = 0;
  bool connected = false;
  bool initiated = false;  // by connect, not accept
  bool close_on_exec = false;
};

struct Proc {
  Process shown;             // what the report says of it
  size_t parent = SIZE_MAX;  // index; SIZE_MAX: none known
  std::string cwd;
  std::string command_line;  // argv joined
  std::map<int32_t, SocketFd> sockets;
  std::vector<size_t> children;       // the last few, for siblings
  bool connected = false;             // it, or a parent whose image it kept, connected to another host
  std::string script, script_origin;  // the file that an interpreter was given, if the guest wrote it
  bool starter = false;               // ours: see common/starter.h
  bool provoked = false;              // it, or one above it, was started by ours
  uint32_t script_layer = 0;          // that brought the file which an interpreter was given: see Event
};

/// Who wrote a file during the run: the last one that opened it for writing or made it otherwise, as it was
/// then.
struct FileWriter {
  size_t process = SIZE_MAX;
  std::string image, command_line;  // the latter's start
  bool created = false;
};

class ProcessTree {
 public:
  static constexpr size_t kNone = SIZE_MAX;
  static constexpr size_t kMaxProcesses = 10'000, kMaxSockets = 256, kInheritedSockets = 32,
                          kMaxWriters = 50'000, kMaxMoves = 1'000'000;
  static constexpr size_t kKeptChildren = 8;

  /// `provoked`: whether the scan had a starter; what has its path in another scan is the image's. `layers`:
  /// of the image.
  explicit ProcessTree(bool provoked = false, std::vector<LayerInfo> layers = {})
      : has_starter_(provoked), layers_(std::move(layers)) {}
  void add(const Event& event);
  /// Whether the event, a start or exec, executes what we chose: not the image's doing.
  bool is_our_exec(const Event& event) const;
  /// A file, or a directory with all that is in it, got another name from `by` (kNone: not known): who wrote
  /// it stays known; of what nobody was seen writing it is who renamed it.
  void renamed(const std::string& from, const std::string& to, size_t by = kNone);
  /// The process that has `pid` now, or kNone.
  size_t find(int32_t pid) const;
  const Proc& at(size_t index) const { return procs_[index]; }
  /// Processes of the image; the starter is none.
  size_t size() const;
  uint64_t left_out() const { return left_out_; }
  const std::vector<LayerInfo>& layers() const { return layers_; }
  const FileWriter* writer_of(const std::string& path) const;
  /// Indices from the process' parent to init, at most `limit`.
  std::vector<size_t> ancestors(size_t index, size_t limit = 16) const;
  /// In order of start; only real processes of the image.
  std::vector<Process> processes(size_t limit) const;

 private:
  size_t process_for(const Event& event);
  size_t create(int32_t pid, size_t parent, int64_t time_ns);
  void on_image(const Event& event);
  void on_clone(const Event& event);
  void on_exit(const Event& event);
  void on_descriptor(const Event& event, Proc& proc);
  void on_dup(const Event& event, Proc& proc);
  void on_open(const Event& event, size_t index);
  void on_made(const Event& event, size_t index);
  FileWriter* write(const std::string& path, size_t index);
  void set_socket(Proc& proc, int32_t fd, SocketFd socket);
  void find_script(Proc& proc);

  void on_start();

  bool has_starter_, started_ = false;
  std::vector<LayerInfo> layers_;
  std::vector<Proc> procs_;
  std::unordered_map<int32_t, size_t> by_pid_;
  std::map<std::string, FileWriter> writers_;  // sorted: a directory's files stand together
  size_t moves_ = 0;                           // of files by renames of their directories
  uint64_t left_out_ = 0;
};

}  // namespace assay
