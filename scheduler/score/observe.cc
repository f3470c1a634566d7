// Records of processes, files and system calls. Those of the network are in observe_network.cc.
#include "scheduler/score/observe.h"

#include <sys/stat.h>

#include <cerrno>
#include <cstdio>
#include <initializer_list>

#include "common/looks.h"
#include "common/paths.h"
#include "common/text.h"
#include "scheduler/score/downloads.h"
#include "scheduler/score/process_fields.h"

namespace assay {
namespace {

constexpr size_t kMaxCommandLine = 32 * 1024, kMaxEnvironment = 64, kMaxEnvironmentBytes = 4096;

bool is_one_of(const std::string& call, std::initializer_list<const char*> names) {
  for (const char* name : names)
    if (call == name) return true;
  return false;
}

std::string file_name(const std::string& path) { return path.substr(path.rfind('/') + 1); }

std::string octal(uint32_t mode) {
  char text[16];
  std::snprintf(text, sizeof text, "%04o", mode & 07777);
  return text;
}

// The command line of the event itself: the tree's copy is shorter, and padding must not hide what comes
// behind it.
std::string command_line(const Event& event) {
  std::string out;
  for (const auto& arg : event.argv) {
    if (out.size() >= kMaxCommandLine) break;
    if (!out.empty()) out += ' ';
    out.append(arg, 0, kMaxCommandLine - out.size());
  }
  return out;
}

}  // namespace

void Observer::add_process(Record& record, const Event& event) const {
  add_process_fields(record, tree_, event.pid > 0 ? tree_.find(event.pid) : ProcessTree::kNone);
}

// Left out: what we did ourselves, be it from inside (the starter) or from outside (the port probes), and
// what our own files do when they are run.
void Observer::observe(const Event& event, const Emit& emit) {
  size_t index = event.pid > 0 ? tree_.find(event.pid) : ProcessTree::kNone;
  if (index != ProcessTree::kNone && tree_.at(index).starter) return;
  if (network_.is_probe(event) || Downloads::is_canary_word(event)) return;
  switch (event.kind) {
    case EventKind::start:
    case EventKind::exec:
      note_executed(event);
      return on_exec(event, emit);
    case EventKind::dup:
      return on_stdio(event, emit);
    case EventKind::open:
      return on_open(event, emit);
    case EventKind::connect:
    case EventKind::accept:
      return on_connection(event, emit);
    case EventKind::bind:
    case EventKind::listen:
      return on_listen(event, emit);
    case EventKind::chdir:
    case EventKind::syscall:
      return on_syscall(event, emit);
    case EventKind::flow_start:
    case EventKind::flow_end:
      return on_flow(event, emit);
    case EventKind::payload:
    case EventKind::session:
      return on_payload(event, emit);
    case EventKind::dns:
    case EventKind::tls:
    case EventKind::http:
      return on_name(event, emit);
    case EventKind::file:
      if (event.call != "executed") on_left_file(event, emit);
      return on_matches(event, emit);
    case EventKind::socket:
    case EventKind::setid:
    case EventKind::output:
    case EventKind::usage:
      return on_rest(event, emit);
    case EventKind::guard:
      return on_guard(event, emit);
    case EventKind::refused:
      return on_refused(event, emit);
    case EventKind::note:
      return on_note(event, emit);
    case EventKind::clone:
    case EventKind::exit:
    case EventKind::canary:
    case EventKind::token:
    case EventKind::provoke:
      return;
  }
}

void Observer::on_exec(const Event& event, const Emit& emit) {
  size_t index = event.pid > 0 ? tree_.find(event.pid) : ProcessTree::kNone;
  if (wants(Category::process_creation) && !tree_.is_our_exec(event)) {
    Record record(Category::process_creation);
    record.own(Field::CommandLine, command_line(event));
    if (index == ProcessTree::kNone) {  // beyond the tree's bound: what the event itself knows
      record.borrow(Field::Image, event.path);
      record.borrow(Field::Origin, event.origin);
    }
    add_process(record, event);
    for (size_t i = 0; i < event.env.size() && i < kMaxEnvironment; ++i)
      record.borrow(Field::Environment, std::string_view(event.env[i]).substr(0, kMaxEnvironmentBytes));
    auto add_writer = [&](const std::string& path, Field image, Field connected) {
      const auto* writer = tree_.writer_of(path);
      if (writer == nullptr) return;
      const Proc& by = tree_.at(writer->process);
      record.borrow(image, by.shown.path.empty() ? writer->image : by.shown.path);
      record.own(connected, by.connected);
    };
    add_writer(event.path, Field::FileWriter, Field::FileWriterConnected);
    if (index != ProcessTree::kNone) {
      const Proc& proc = tree_.at(index);
      record.borrow(Field::Script, proc.script);
      record.borrow(Field::ScriptOrigin, proc.script_origin);
      if (!proc.script.empty()) add_writer(proc.script, Field::ScriptWriter, Field::ScriptWriterConnected);
      if (proc.parent != ProcessTree::kNone)
        for (size_t child : tree_.at(proc.parent).children)
          if (child != index) record.borrow(Field::Siblings, tree_.at(child).shown.path);
    }
    emit(record);
  }
  on_stdio(event, emit);
}

// Standard input on a network connection: at exec, or when a running program puts its input and output there.
void Observer::on_stdio(const Event& event, const Emit& emit) {
  size_t index = event.pid > 0 ? tree_.find(event.pid) : ProcessTree::kNone;
  if (index == ProcessTree::kNone || !wants(Category::stdio_socket)) return;
  const auto& sockets = tree_.at(index).sockets;
  auto input = sockets.find(0), output = sockets.find(1);
  if (input == sockets.end() || !input->second.connected) return;
  if (event.kind == EventKind::dup) {
    bool last_step = event.error == 0 && event.result >= 0 && event.result <= 2;
    if (!last_step || output == sockets.end() || !output->second.connected) return;
  }
  Record record(Category::stdio_socket);
  add_process(record, event);
  add_peer(record, input->second.proto, input->second.addr, input->second.port);
  record.own(Field::Initiated, input->second.initiated);
  record.borrow(Field::Call, event.kind == EventKind::dup ? "dup" : "exec");
  emit(record);
}

std::string Observer::resolve(const Event& event, const std::string& path) const {
  size_t index = event.pid > 0 ? tree_.find(event.pid) : ProcessTree::kNone;
  return resolve_path(index == ProcessTree::kNone ? std::string() : tree_.at(index).cwd, path);
}

void Observer::add_target(Record& record, const Event& event, const std::string& path) const {
  std::string target = resolve(event, path);
  record.own(Field::TargetName, file_name(target));
  if (const auto* writer = tree_.writer_of(target)) record.borrow(Field::FileWriter, writer->image);
  record.own(Field::TargetFilename, std::move(target));
}

void Observer::on_open(const Event& event, const Emit& emit) {
  bool writes = opens_for_write(event);
  bool refused = event.error == EACCES || event.error == EPERM || event.error == EROFS;
  bool planted = tokens_.reads_planted(event);
  for (Category category : {Category::file_access, Category::file_event}) {
    if (!wants(category)) continue;
    if (category == Category::file_event && (!writes || (event.error != 0 && !refused))) continue;
    Record record(category);
    add_process(record, event);
    add_target(record, event, event.path.empty() ? event.fd_path : event.path);
    // Both names: as the program gave it, and as it was resolved through symbolic links.
    if (event.fd_path.starts_with("/") && event.fd_path != record.get(Field::TargetFilename)) {
      record.borrow(Field::TargetFilename, event.fd_path);
      record.own(Field::TargetName, file_name(event.fd_path));
    }
    record.own(Field::Write, writes);
    record.own(Field::Created, opens_to_create(event));
    record.own(Field::Succeeded, event.error == 0 && event.result >= 0);
    record.own(Field::Flags, event.flags);
    record.borrow(Field::Call, event.call);
    if (planted) record.own(Field::Planted, true);
    record.borrow(Field::Kind, look_of(event));
    emit(record);
  }
}

void Observer::on_syscall(const Event& event, const Emit& emit) {
  if (wants(Category::syscall)) {
    static constexpr Field kArgs[] = {Field::Arg0, Field::Arg1, Field::Arg2,
                                      Field::Arg3, Field::Arg4, Field::Arg5};
    Record record(Category::syscall);
    add_process(record, event);
    record.borrow(Field::Call, event.call);
    record.borrow(Field::Path, event.path);  // as the guest gave it: a mount's source need not be a path
    record.borrow(Field::Path2, event.path2);
    for (size_t i = 0; i < event.args.size(); ++i) record.own(kArgs[i], event.args[i]);
    record.borrow(Field::Data, event.data);
    record.own(Field::Result, std::to_string(event.error != 0 ? -event.error : event.result));
    record.borrow(Field::Plane, to_string(event.plane));
    if (event.duration_ns > 0) {
      auto seconds = static_cast<uint64_t>(event.duration_ns / 1'000'000'000);
      record.own(Field::SleepSeconds, seconds);
      record.evidence = printable(event.call, 64) + " for " + std::to_string(seconds) + " s";
    }
    record.borrow(Field::Kind, look_of(event));
    emit(record);
  }
  on_file_call(event, emit);
}

void Observer::on_file_call(const Event& event, const Emit& emit) {
  if (event.path.empty() && event.path2.empty()) return;  // raw registers only: no name to tell
  auto tell = [&](Category category, const std::string& target, const std::string& source) {
    if (!wants(category) || target.empty()) return;
    Record record(category);
    add_process(record, event);
    add_target(record, event, target);
    if (!source.empty()) record.own(Field::SourceFilename, resolve(event, source));
    record.borrow(Field::Call, event.call);
    if (category == Category::file_event) {
      record.own(Field::Write, true);
      record.own(Field::Created, true);
    }
    if (is_one_of(event.call, {"chmod", "fchmodat", "fchmodat2"})) {
      auto mode =
          static_cast<uint32_t>(event.mode != 0 ? event.mode : event.args[event.call == "chmod" ? 1 : 2]);
      record.own(Field::Mode, octal(mode));
      record.own(Field::Setuid, (mode & S_ISUID) != 0);
    }
    emit(record);
  };
  const std::string& call = event.call;
  if (is_one_of(call, {"unlink", "unlinkat", "rmdir"})) {
    tell(Category::file_delete, event.path, "");
  } else if (is_one_of(call, {"rename", "renameat", "renameat2"})) {
    tell(Category::file_rename, event.path2, event.path);
    tell(Category::file_event, event.path2, event.path);
  } else if (is_one_of(call, {"link", "linkat", "symlink", "symlinkat"})) {
    tell(Category::file_event, event.path2, event.path);
  } else if (is_one_of(call, {"mknod", "mknodat"})) {
    tell(Category::file_event, event.path, "");
  } else if (is_one_of(call, {"chmod", "fchmodat", "fchmodat2", "chown", "lchown", "fchownat", "truncate",
                              "utime", "utimes", "futimesat", "utimensat", "setxattr", "lsetxattr"})) {
    tell(Category::file_change, event.path, "");
  }
}

void Observer::on_left_file(const Event& event, const Emit& emit) {
  bool fresh = (event.origin == "dropped" || event.origin == "changed") && event.file_type != "dir";
  // dpkg writes beside the target, then renames; that rename's names were often not seen.
  const FileWriter* writer = tree_.writer_of(event.path);
  if (writer == nullptr) writer = tree_.writer_of(event.path + ".dpkg-new");
  for (Category category : {Category::file_left, Category::file_event}) {
    if (!wants(category) || (category == Category::file_event && !fresh)) continue;
    Record record(category);
    record.borrow(Field::TargetFilename, event.path);
    record.own(Field::TargetName, file_name(event.path));
    record.borrow(Field::Origin, event.origin);
    record.borrow(Field::FileType, event.file_type);
    record.own(Field::Mode, octal(event.mode));
    record.own(Field::Setuid, event.file_type != "dir" && (event.mode & S_ISUID) != 0);
    record.own(Field::Size, event.size_bytes);
    if (writer != nullptr) record.borrow(Field::FileWriter, writer->image);
    if (writer != nullptr) record.borrow(Field::Image, writer->image);
    record.borrow(Field::Package, event.package);
    if (!event.sha256.empty()) record.own(Field::Hashes, "SHA256=" + event.sha256);
    emit(record);
  }
}

void Observer::on_rest(const Event& event, const Emit& emit) {
  auto tell = [&](Category category, auto&& fill) {
    if (!wants(category)) return;
    Record record(category);
    add_process(record, event);
    fill(record);
    emit(record);
  };
  if (event.kind == EventKind::socket)
    tell(Category::socket, [&](Record& record) {
      record.own(Field::Family, event.args[0]);
      record.own(Field::Type, event.args[1] & 0xf);
      record.borrow(Field::Protocol, event.proto);
    });
  if (event.kind == EventKind::setid)
    tell(Category::setid, [&](Record& record) {
      record.borrow(Field::Call, event.call);
      record.own(Field::Arg0, event.args[0]);
      record.own(Field::Succeeded, event.error == 0 && event.result == 0);
    });
  if (event.kind == EventKind::output)
    tell(Category::output, [&](Record& record) { record.borrow(Field::Data, event.data); });
  if (event.kind == EventKind::usage && event.duration_ns > 0)
    tell(Category::usage, [&](Record& record) {
      record.own(Field::CpuPercent, event.cpu_ns * 100 / static_cast<uint64_t>(event.duration_ns));
    });
}

}  // namespace assay
