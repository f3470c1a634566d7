// Records of opens, of other calls on files, and of calls that have no category of their own.
#include <sys/stat.h>

#include <cerrno>
#include <initializer_list>

#include "common/looks.h"
#include "common/paths.h"
#include "common/text.h"
#include "scheduler/score/call_groups.h"
#include "scheduler/score/event_facts.h"
#include "scheduler/score/observe.h"

namespace assay {
namespace {

bool is_one_of(const std::string& call, std::initializer_list<const char*> names) {
  for (const char* name : names)
    if (call == name) return true;
  return false;
}

}  // namespace

void Observer::on_open(const Event& event, const Emit& emit) {
  if (!wants_any(
          {Category::file_access, Category::file_event, Category::persistence_check, Category::evasion}))
    return;
  bool writes = opens_for_write(event);
  bool refused = event.error == EACCES || event.error == EPERM || event.error == EROFS;
  bool changes = writes && (event.error == 0 || refused);
  bool planted = tokens_.reads_planted(event);
  std::string_view look = look_of(event);
  for (Category category :
       {Category::file_access, Category::file_event, Category::persistence_check, Category::evasion}) {
    bool writing = category == Category::file_event || category == Category::persistence_check;
    if (!wants(category) || (writing && !changes) || (category == Category::evasion && look.empty()))
      continue;
    Record record(category);
    add_process(record, event);
    add_target(record, event, event.path.empty() ? event.fd_path : event.path);
    // Both names: as the program gave it, and as it was resolved through symbolic links.
    if (event.fd_path.starts_with("/") && event.fd_path != record.get(Field::TargetFilename)) {
      record.borrow(Field::TargetFilename, event.fd_path);
      record.borrow(Field::TargetName, base_name(event.fd_path));
    }
    if (category == Category::persistence_check && !add_area(record)) continue;
    record.own(Field::Write, writes);
    record.own(Field::Created, opens_to_create(event));
    record.own(Field::Succeeded, event.error == 0 && event.result >= 0);
    record.own(Field::Flags, event.flags);
    record.borrow(Field::Call, event.call);
    if (planted) record.own(Field::Planted, true);
    record.borrow(Field::Kind, look);
    emit(record);
  }
}

void Observer::on_syscall(const Event& event, const Emit& emit) {
  if (!wants_any({Category::syscall, Category::container_escape, Category::memory, Category::evasion}))
    return on_file_call(event, emit);
  std::string_view look = look_of(event);
  MemoryUse memory = memory_use(event);
  for (Category category :
       {Category::syscall, Category::container_escape, Category::memory, Category::evasion}) {
    if (!wants(category)) continue;
    if (category == Category::container_escape && !is_escape_call(event)) continue;
    if (category == Category::memory && !memory.tells) continue;
    if (category == Category::evasion && look.empty() && event.duration_ns <= 0) continue;
    Record record(category);
    add_call(record, event);
    if (category == Category::memory) {
      record.own(Field::Protection, memory.protection);
      if (memory.size_bytes > 0) record.own(Field::Size, memory.size_bytes);
    }
    if (category == Category::evasion && is_look_call(event.call) && !event.path.empty())
      add_target(record, event, event.path);
    record.borrow(Field::Kind, look);
    emit(record);
  }
  on_file_call(event, emit);
}

void Observer::add_call(Record& record, const Event& event) const {
  static constexpr Field kArgs[] = {Field::Arg0, Field::Arg1, Field::Arg2,
                                    Field::Arg3, Field::Arg4, Field::Arg5};
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
}

// A child in namespaces of its own: clone has no other record.
void Observer::on_clone(const Event& event, const Emit& emit) {
  if (!wants(Category::container_escape) || !is_escape_call(event)) return;
  Record record(Category::container_escape);
  add_process(record, event);
  record.borrow(Field::Call, "clone");
  record.own(Field::Arg0, event.flags);
  record.borrow(Field::Plane, to_string(event.plane));
  emit(record);
}

void Observer::on_file_call(const Event& event, const Emit& emit) {
  if (event.path.empty() && event.path2.empty()) return;  // raw registers only: no name to tell
  if (!wants_any({Category::file_delete, Category::file_rename, Category::file_event,
                  Category::persistence_check, Category::file_change}))
    return;
  auto tell = [&](Category category, const std::string& target, const std::string& source) {
    if (!wants(category) || target.empty()) return;
    Record record(category);
    add_process(record, event);
    add_target(record, event, target);
    if (!source.empty()) record.own(Field::SourceFilename, tree_.absolute(event.pid, source));
    if (category == Category::persistence_check && !add_area(record)) return;
    record.borrow(Field::Call, event.call);
    if (category == Category::file_event || category == Category::persistence_check) {
      record.own(Field::Write, true);
      record.own(Field::Created, true);
    }
    if (is_one_of(event.call, {"chmod", "fchmodat", "fchmodat2"})) {
      auto mode =
          static_cast<uint32_t>(event.mode != 0 ? event.mode : event.args[event.call == "chmod" ? 1 : 2]);
      record.own(Field::Mode, octal_mode(mode));
      record.own(Field::Setuid, (mode & S_ISUID) != 0);
    }
    emit(record);
  };
  auto tell_written = [&](const std::string& target, const std::string& source) {
    tell(Category::file_event, target, source);
    tell(Category::persistence_check, target, source);
  };
  const std::string& call = event.call;
  if (is_one_of(call, {"unlink", "unlinkat", "rmdir"})) {
    tell(Category::file_delete, event.path, "");
  } else if (is_one_of(call, {"rename", "renameat", "renameat2"})) {
    tell(Category::file_rename, event.path2, event.path);
    tell_written(event.path2, event.path);
  } else if (is_one_of(call, {"link", "linkat", "symlink", "symlinkat"})) {
    tell_written(event.path2, event.path);
  } else if (is_one_of(call, {"mknod", "mknodat"})) {
    tell_written(event.path, "");
  } else if (is_one_of(call, {"chmod", "fchmodat", "fchmodat2", "chown", "lchown", "fchownat", "truncate",
                              "utime", "utimes", "futimesat", "utimensat", "setxattr", "lsetxattr"})) {
    tell(Category::file_change, event.path, "");
  }
}

}  // namespace assay
