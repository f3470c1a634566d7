// ProcessTree: the guest's processes out of start, clone, exec, exit, setid, dup, pipe and socket events; and
// which of their descriptors are network sockets, or ends of pipes. Pids are reused, threads are not
// processes. Bounded: what does not fit is counted. No rules here; observe.cc asks.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
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

/// A descriptor that is an end of a pipe, or of a pair of sockets.
struct PipeFd {
  size_t pipe = 0;     // which: an index
  bool reads = false;  // of a pair of sockets both
  bool writes = false;
  bool close_on_exec = false;
};

struct Proc {
  Process shown;             // what the report says of it
  size_t parent = SIZE_MAX;  // index; SIZE_MAX: none known
  std::string cwd;
  std::string command_line;  // argv joined
  std::map<int32_t, SocketFd> sockets;
  std::map<int32_t, PipeFd> pipes;
  std::vector<size_t> children;       // the last few, for siblings
  bool connected = false;             // it, or a parent whose image it kept, connected to another host
  std::string script, script_origin;  // the file that an interpreter was given, if the guest wrote it
  std::string script_path;            // ...whoever wrote it
  bool interpreter = false;           // it is one
  bool executed = false;              // it runs a program of its own, not its parent's
  bool by_package_manager = false;    // it is the image's package manager, or does its work
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
  bool by_package_manager = false;
};

/// Whose output a process reads on its standard input.
struct PipeSources {
  std::vector<size_t> processes;  // nearest first, through any number of pipes up to a bound
  bool connected = false;         // one of them had connected to another host
};

class ProcessTree {
 public:
  static constexpr size_t kNone = SIZE_MAX;
  static constexpr size_t kMaxProcesses = 10'000, kMaxSockets = 256, kInheritedSockets = 32,
                          kMaxWriters = 50'000, kMaxMoves = 1'000'000, kMaxPipes = 20'000, kMaxPipeFds = 64,
                          kMaxPipeUsers = 32, kMaxPipeline = 16;
  static constexpr size_t kKeptChildren = 8;

  /// `provoked`: whether the scan had a starter; what has its path in another scan is the image's. `layers`:
  /// of the image.
  explicit ProcessTree(bool provoked = false, std::vector<LayerInfo> layers = {})
      : has_starter_(provoked), layers_(std::move(layers)) {}
  void add(const Event& event);
  /// Whether the process that has `pid` now is our own starter.
  bool is_starter(int32_t pid) const;
  /// Whether the event, a start or exec, executes what we chose: not the image's doing.
  bool is_our_exec(const Event& event) const;
  /// A file, or a directory with all that is in it, got another name from `by` (kNone: not known): who wrote
  /// it stays known; of what nobody was seen writing it is who renamed it.
  void renamed(const std::string& from, const std::string& to, size_t by = kNone);
  /// The process that has `pid` now; kNone: there is none, or nobody knows whose the event is (no pid above
  /// 0).
  size_t find(int32_t pid) const;
  const Proc& at(size_t index) const { return procs_[index]; }
  /// A path as the process that has `pid` now gave it.
  std::string absolute(int32_t pid, std::string_view path) const;
  /// Processes of the image; the starter is none.
  size_t size() const;
  uint64_t left_out() const { return left_out_; }
  const std::vector<LayerInfo>& layers() const { return layers_; }
  const FileWriter* writer_of(const std::string& path) const;
  /// The same of a file where the harvest found it, which may have been written by another of its names:
  /// through a link that most images have, or a package manager's temporary one.
  const FileWriter* writer_of_left(const std::string& path) const;
  /// Who writes what the process reads on its standard input, and, of those, who feeds them; empty: no pipe.
  PipeSources piped_from(size_t index) const;
  /// Processes that so read what the process writes to its standard output.
  std::vector<size_t> piped_to(size_t index) const;
  /// The container's first program, as it was when it started.
  const std::string& root_image() const { return root_image_; }
  /// Whose package the program is that the container's first process runs by now: what kind of image it is.
  /// Empty: nobody's, changed since the package, or an interpreter, which says nothing of the kind.
  std::string_view root_package() const;
  /// Indices from the process' parent to init, at most `limit`.
  std::vector<size_t> ancestors(size_t index, size_t limit = 16) const;
  /// In order of start; only real processes of the image.
  std::vector<Process> processes(size_t limit) const;

 private:
  size_t process_for(const Event& event);
  size_t create(int32_t pid, size_t parent, int64_t time_ns);
  void on_image(const Event& event);
  void remember_earlier(size_t index, const std::string& next);
  void on_clone(const Event& event);
  void on_exit(const Event& event);
  void on_descriptor(const Event& event, Proc& proc);
  void on_dup(const Event& event, Proc& proc);
  void on_open(const Event& event, size_t index);
  void on_made(const Event& event, size_t index);
  FileWriter* write(const std::string& path, size_t index);
  void set_socket(Proc& proc, int32_t fd, SocketFd socket);
  void find_script(Proc& proc);
  void find_package_manager(Proc& proc) const;

  struct Pipe {
    size_t maker = kNone;
    std::vector<size_t> users;  // who had an end of it as standard input or output
  };
  void on_pipe(const Event& event, size_t index);
  void dup_pipe(const Event& event, size_t index);
  void inherit_pipes(size_t parent, size_t child);
  void set_pipe(size_t index, int32_t fd, PipeFd end);
  std::optional<size_t> new_pipe(size_t maker);
  bool writes_to(size_t index, size_t pipe) const;
  std::vector<size_t> feeders_of(size_t index) const;

  void on_start(const Event& event);

  bool has_starter_, started_ = false;
  std::vector<LayerInfo> layers_;
  std::vector<Proc> procs_;
  std::unordered_map<int32_t, size_t> by_pid_;
  std::map<std::string, FileWriter> writers_;  // sorted: a directory's files stand together
  std::vector<Pipe> pipes_;
  std::unordered_map<std::string, size_t> pipe_names_;  // "pipe:[3]": as the guest's kernel calls it
  std::string root_image_;
  size_t root_ = kNone;  // the first process of the container as it was started last, unless it is ours
  size_t moves_ = 0;     // of files by renames of their directories
  uint64_t left_out_ = 0;
};

}  // namespace assay
