// Pids come again once a container was started anew: a pid means the last process that had begun with it by
// then.
#include "scheduler/score/behaviour_doers.h"

#include "scheduler/score/layers.h"
#include "scheduler/score/steady_words.h"

namespace assay {
namespace {

constexpr size_t kNone = SIZE_MAX;
// Of a step that is not in the plan's list: no run is known to have carried it out.
constexpr const char* kNoStep = "?";

// The step that started the process: of those with its pid the one whose end is the next.
const PlanStep* step_of(const std::vector<PlanStep>& plan, const Process& process) {
  for (const PlanStep& step : plan)
    if (step.pid == process.pid && (step.end_ns < 0 || step.end_ns >= process.start_ns)) return &step;
  return nullptr;
}

}  // namespace

std::string step_text(const PlanStep& step) {
  return step.kind + " " + steady_path(step.target) + ": " + step.result + " " +
         std::to_string(step.exit_status);
}

Doers::Doers(const Report& report) : report_(report) {
  for (size_t i = 0; i < report.processes.size(); ++i) {  // in order of start
    const Process& process = report.processes[i];
    std::string step;
    size_t above = kNone;
    if (process.provoked) {
      const PlanStep* found = step_of(report.plan, process);
      step = found != nullptr ? step_text(*found) : kNoStep;
    } else if (auto parent = by_pid_.find(process.parent); parent != by_pid_.end()) {
      above = parent->second.back();
      step = doers_[above].step;
    }
    parents_.push_back(above);
    doers_.push_back({steady_path(process.path), layer(process.brought_by), std::move(step)});
    by_pid_[process.pid].push_back(i);
  }
}

size_t Doers::find(int32_t pid, int64_t time_ns) const {
  auto known = by_pid_.find(pid);
  if (pid <= 0 || known == by_pid_.end()) return kNone;
  size_t found = known->second.front();
  for (size_t i : known->second)
    if (report_.processes[i].start_ns <= time_ns) found = i;
  return found;
}

std::string Doers::layer(uint32_t number) const { return layer_text(report_.header.image.layers, number); }

Doer Doers::of(int32_t pid, int64_t time_ns) const {
  size_t index = find(pid, time_ns);
  return index == kNone ? Doer() : at(index);
}

size_t Doers::find(const Actor& actor) const {
  if (auto known = by_pid_.find(actor.pid); actor.pid > 0 && known != by_pid_.end())
    for (size_t i : known->second)
      if (report_.processes[i].path == actor.image) return i;
  return find(actor.pid, -1);
}

Doer Doers::of(const Actor& actor) const {
  size_t index = find(actor);
  Doer doer = index == kNone ? Doer() : at(index);
  if (!actor.image.empty()) doer.by = steady_path(actor.image);
  return doer;
}

int64_t Doers::start_ns(const Actor& actor) const {
  size_t index = find(actor);
  return index == kNone ? -1 : report_.processes[index].start_ns;
}

std::string Doers::starter_of(size_t index) const {
  return parents_[index] == kNone ? "" : doers_[parents_[index]].by;
}

}  // namespace assay
