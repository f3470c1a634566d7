// Records of who reads on its standard input what others write. Told as the reader is executed, and again
// whenever more is known of those who feed it: a shell starts all parts of a pipeline at once, so who is at
// its other end, and that this one connected to another host, often shows later.
#include <algorithm>

#include "common/text.h"
#include "scheduler/score/observe.h"
#include "scheduler/score/process_fields.h"

namespace assay {
namespace {

constexpr size_t kMaxPath = 80;

std::string shown(const Process& process) {
  return printable(process.path, kMaxPath) + " (pid " + std::to_string(process.pid) + ")";
}

}  // namespace

void Observer::on_pipes(const Event& event, const Emit& emit) {
  size_t index = tree_.find(event.pid);
  if (index == ProcessTree::kNone || !wants(Category::stdio_pipe)) return;
  tell_pipe(index, emit);
  for (size_t reader : tree_.piped_to(index)) tell_pipe(reader, emit);
}

void Observer::tell_pipe(size_t reader, const Emit& emit) {
  const Proc& proc = tree_.at(reader);
  // A child that has yet to execute its program has its parent's name still.
  if (!proc.executed || proc.starter || proc.shown.path.empty()) return;
  PipeSources sources = tree_.piped_from(reader);
  if (sources.processes.empty()) return;
  std::string all = proc.shown.path + (sources.connected ? "+" : "-");
  std::string names;
  for (size_t source : sources.processes) {
    all += "\n" + tree_.at(source).shown.path;
    if (names.size() < 4 * kMaxPath) names += (names.empty() ? "" : ", ") + shown(tree_.at(source).shown);
  }
  auto known = piped_.find(reader);
  if (known != piped_.end() && known->second == all) return;
  piped_[reader] = all;
  Record record(Category::stdio_pipe);
  add_process_fields(record, tree_, reader);
  add_pipe_fields(record, tree_, reader);
  record.evidence = shown(proc.shown) + " reads what " + names + " write" +
                    (sources.connected ? ", connected to another host" : "");
  emit(record);
}

}  // namespace assay
