// Pids come again once a container was started anew: a pid means the last process that had begun with it by
// then.
#include "scheduler/score/behaviour_doers.h"

#include <map>

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
  std::map<int32_t, size_t> last;  // by pid, of those so far: the list is in order of start
  for (size_t i = 0; i < report.processes.size(); ++i) {
    const Process& process = report.processes[i];
    std::string step;
    size_t above = kNone;
    if (process.provoked) {
      const PlanStep* found = step_of(report.plan, process);
      step = found != nullptr ? step_text(*found) : kNoStep;
    } else if (auto parent = last.find(process.parent); parent != last.end()) {
      above = parent->second;
      step = steps_[above];
    }
    parents_.push_back(above);
    steps_.push_back(std::move(step));
    last[process.pid] = i;
  }
}

size_t Doers::find(int32_t pid, int64_t time_ns) const {
  size_t found = kNone;
  for (size_t i = 0; pid > 0 && i < report_.processes.size(); ++i) {
    const Process& process = report_.processes[i];
    if (process.pid != pid || (found != kNone && process.start_ns > time_ns)) continue;
    found = i;
  }
  return found;
}

Doer Doers::at(size_t index) const {
  const Process& process = report_.processes[index];
  return {steady_path(process.path), layer(process.brought_by), steps_[index]};
}

std::string Doers::layer(uint32_t number) const { return layer_text(report_.header.image.layers, number); }

Doer Doers::of(int32_t pid, int64_t time_ns) const {
  size_t index = find(pid, time_ns);
  return index == kNone ? Doer() : at(index);
}

size_t Doers::find(const Actor& actor) const {
  for (size_t i = 0; actor.pid > 0 && i < report_.processes.size(); ++i)
    if (report_.processes[i].pid == actor.pid && report_.processes[i].path == actor.image) return i;
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
  return parents_[index] == kNone ? "" : steady_path(report_.processes[parents_[index]].path);
}

}  // namespace assay
