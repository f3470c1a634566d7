// The book of threads. A thread that is not in it takes after its process's first.
#include "agent/trace/tasks.h"

#include <sched.h>

#include <vector>

namespace assay {
namespace {

constexpr size_t kMaxComm = 15;

std::string comm_of(const std::string& path) { return path.substr(path.rfind('/') + 1).substr(0, kMaxComm); }

}  // namespace

const Tasks::Task* Tasks::find(int32_t tid, int32_t pid) const {
  auto found = tasks_.find(tid);
  if (found == tasks_.end()) found = tasks_.find(pid);
  return found == tasks_.end() ? nullptr : &found->second;
}

std::string Tasks::cwd_of(const Task* task) const {
  if (task == nullptr) return first_cwd_;
  auto place = places_.find(task->place);
  return place == places_.end() ? first_cwd_ : place->second.cwd;
}

uint64_t Tasks::new_place(const std::string& cwd) {
  places_[++last_place_].cwd = cwd;
  return last_place_;
}

void Tasks::add(int32_t tid, uint64_t place, const std::string& comm) {
  if (tasks_.size() >= kMaxTasks) {  // no guest has that many: what is hostile need not be named
    tasks_.clear();
    places_.clear();
    place = new_place(first_cwd_);
  }
  ++places_[place].users;
  forget(tid);
  tasks_[tid] = {place, comm};
}

Tasks::Task& Tasks::get(int32_t tid, int32_t pid) {
  auto found = tasks_.find(tid);
  if (found != tasks_.end()) return found->second;
  const Task* like = find(tid, pid);
  std::string comm = like != nullptr ? like->comm : "";
  add(tid, like != nullptr ? like->place : new_place(first_cwd_), comm);
  return tasks_[tid];
}

void Tasks::forget(int32_t tid) {
  auto found = tasks_.find(tid);
  if (found == tasks_.end()) return;
  auto place = places_.find(found->second.place);
  if (place != places_.end() && --place->second.users == 0) places_.erase(place);
  tasks_.erase(found);
}

void Tasks::settle(Event& e) {
  if (!e.cwd.empty() || !e.comm.empty()) {
    Task& task = get(e.tid, e.pid);
    if (!e.cwd.empty()) places_[task.place].cwd = e.cwd;
    if (!e.comm.empty()) task.comm = e.comm;
  }
  const Task* task = find(e.tid, e.pid);
  if (e.cwd.empty()) e.cwd = cwd_of(task);
  if (e.comm.empty() && task != nullptr) e.comm = task->comm;
}

void Tasks::name(int32_t tid, int32_t pid, const std::string& comm) { get(tid, pid).comm = comm; }

void Tasks::learn(const Event& e) {
  if (e.kind == EventKind::start) {
    tasks_.clear();  // of a scan's next sandbox, whose processes count from one again
    places_.clear();
    first_cwd_ = e.cwd;
    add(e.tid, new_place(e.cwd), e.comm);
  } else if (e.kind == EventKind::exec && !e.path.empty()) {
    get(e.tid, e.pid).comm = comm_of(e.path);
  } else if (e.kind == EventKind::clone && e.child_tid != 0) {
    const Task parent = get(e.tid, e.pid);
    bool shared = (e.flags & CLONE_FS) != 0;
    add(e.child_tid, shared ? parent.place : new_place(cwd_of(&parent)), parent.comm);
  } else if (e.call == "unshare" && e.error == 0 && (e.args[0] & (CLONE_FS | CLONE_NEWNS)) != 0) {
    const Task task = get(e.tid, e.pid);
    add(e.tid, new_place(cwd_of(&task)), task.comm);
  }
}

}  // namespace assay
