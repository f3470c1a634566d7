// Which event becomes what; records of processes. The other files observe_*.cc have the rest.
#include "scheduler/score/observe.h"

#include "common/paths.h"
#include "scheduler/score/downloads.h"
#include "scheduler/score/event_facts.h"
#include "scheduler/score/peer_fields.h"
#include "scheduler/score/process_fields.h"

namespace assay {
namespace {

constexpr size_t kMaxEnvironment = 64, kMaxEnvironmentBytes = 4096;

}  // namespace

void Observer::add_process(Record& record, const Event& event) const {
  add_process_fields(record, tree_, tree_.find(event.pid));
}

// Left out: what we did ourselves, be it from inside (the starter) or from outside (the port probes), and
// what our own files do when they are run.
void Observer::observe(const Event& event, const Emit& emit) {
  // A file is told of at the end, by the pid of who ran it first, which may be another's by then.
  if (event.kind != EventKind::file && tree_.is_starter(event.pid)) return;
  if (network_.is_probe(event) || Downloads::is_canary_word(event)) return;
  if (wants(Category::auditd)) on_auditd(event, emit);
  if (wants(Category::log)) on_log(event, emit);
  switch (event.kind) {
    case EventKind::start:
    case EventKind::exec:
      note_executed(event);
      on_exec(event, emit);
      return on_pipes(event, emit);
    case EventKind::dup:
      on_stdio(event, emit);
      return on_pipes(event, emit);
    case EventKind::open:
      return on_open(event, emit);
    case EventKind::connect:
      on_connection(event, emit);
      return on_pipes(event, emit);
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
      return on_clone(event, emit);
    case EventKind::exit:
    case EventKind::canary:
    case EventKind::token:
    case EventKind::provoke:
      return;
  }
}

void Observer::on_exec(const Event& event, const Emit& emit) {
  size_t index = tree_.find(event.pid);
  if (wants(Category::process_creation) && !tree_.is_our_exec(event)) {
    Record record(Category::process_creation);
    record.own(Field::CommandLine, command_line_of(event));
    if (index == ProcessTree::kNone) {  // beyond the tree's bound: what the event itself knows
      record.borrow(Field::Image, event.path);
      record.borrow(Field::Origin, event.origin);
    }
    add_process(record, event);
    add_pipe_fields(record, tree_, index);
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
  size_t index = tree_.find(event.pid);
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
  add_peer(record, network_, input->second.proto, input->second.addr, input->second.port);
  record.own(Field::Initiated, input->second.initiated);
  record.borrow(Field::Call, event.kind == EventKind::dup ? "dup" : "exec");
  emit(record);
}

void Observer::add_target(Record& record, const Event& event, const std::string& path) const {
  std::string target = tree_.absolute(event.pid, path);
  record.own(Field::TargetName, std::string(base_name(target)));
  if (const auto* writer = tree_.writer_of(target)) record.borrow(Field::FileWriter, writer->image);
  record.own(Field::TargetFilename, std::move(target));
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
