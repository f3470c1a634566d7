// What the tree knows of a process, put into other forms.
#include "scheduler/score/process_fields.h"

#include <algorithm>

#include "common/paths.h"
#include "scheduler/score/layers.h"

namespace assay {

void add_process_fields(Record& record, const ProcessTree& tree, size_t index) {
  if (index == ProcessTree::kNone) return;
  const Proc& proc = tree.at(index);
  record.borrow(Field::Image, proc.shown.path);
  if (!record.has(Field::CommandLine)) record.borrow(Field::CommandLine, proc.command_line);
  record.borrow(Field::CurrentDirectory, proc.cwd);
  record.borrow(Field::Origin, proc.shown.origin);
  if (proc.shown.uid == 0) record.borrow(Field::User, "root");
  record.own(Field::User, static_cast<uint64_t>(proc.shown.uid));
  record.own(Field::ProcessId, static_cast<uint64_t>(proc.shown.pid));
  if (proc.provoked) record.own(Field::Provoked, true);
  if (!proc.shown.sha256.empty()) record.own(Field::Hashes, "SHA256=" + proc.shown.sha256);
  record.borrow(Field::sha256, proc.shown.sha256);
  record.borrow(Field::RootImage, tree.root_image());
  record.borrow(Field::RootPackage, tree.root_package());
  if (proc.by_package_manager) record.own(Field::ByPackageManager, true);
  if (proc.interpreter) record.borrow(Field::Interpreter, proc.shown.path);
  record.borrow(Field::ScriptPath, proc.script_path);
  record.borrow(Field::Package, proc.shown.package);
  record.borrow(Field::PackageState, proc.shown.package_state);
  add_layer(record, tree.layers(), proc.shown.layer);
  bool first = true;
  for (size_t up : tree.ancestors(index)) {
    const Proc& ancestor = tree.at(up);
    if (first) {
      record.borrow(Field::ParentImage, ancestor.shown.path);
      record.borrow(Field::ParentCommandLine, ancestor.command_line);
      record.borrow(Field::ParentOrigin, ancestor.shown.origin);
      if (ancestor.shown.uid == 0) record.borrow(Field::ParentUser, "root");
      record.own(Field::ParentUser, static_cast<uint64_t>(ancestor.shown.uid));
      record.own(Field::ParentProcessId, static_cast<uint64_t>(ancestor.shown.pid));
      first = false;
    }
    record.borrow(Field::Ancestors, ancestor.shown.path);
  }
}

void add_pipe_fields(Record& record, const ProcessTree& tree, size_t index) {
  if (index == ProcessTree::kNone) return;
  PipeSources from = tree.piped_from(index);
  for (size_t source : from.processes) record.borrow(Field::PipedFrom, tree.at(source).shown.path);
  if (!from.processes.empty()) record.own(Field::PipedFromConnected, from.connected);
  for (size_t reader : tree.piped_to(index)) record.borrow(Field::PipedTo, tree.at(reader).shown.path);
}

Actor actor(const ProcessTree& tree, size_t index) {
  constexpr size_t kMaxCommandLine = 512;
  if (index == ProcessTree::kNone) return {};
  const Proc& proc = tree.at(index);
  return {proc.shown.pid, proc.shown.path, proc.command_line.substr(0, kMaxCommandLine)};
}

std::string name_of(const Actor& actor) {
  if (actor.pid == 0) return "an unknown process";
  const std::string& name = actor.image.empty() ? actor.command_line : actor.image;
  return std::string(base_name(name).substr(0, 60)) + " (pid " + std::to_string(actor.pid) + ")";
}

void add_once(std::vector<Actor>& list, Actor actor, size_t limit) {
  if (actor.pid == 0 || list.size() >= limit) return;
  bool known = std::any_of(list.begin(), list.end(), [&](const Actor& other) {
    return other.pid == actor.pid && other.image == actor.image;
  });
  if (!known) list.push_back(std::move(actor));
}

}  // namespace assay
