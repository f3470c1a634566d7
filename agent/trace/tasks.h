// tasks: what each thread of the guest is called and where it is, followed from message to message. gVisor
// could say so with every point, but a point that carries a string which is no UTF-8 is never sent (its
// encoder refuses it, and counts nothing): a guest that names itself so would be seen no more. It also costs.
// So the frequent points carry no such strings, and what the rare ones say is kept here. Pure, bounded.
#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>

#include "common/event.h"

namespace assay {

class Tasks {
 public:
  /// Of a message's event, with pid and tid: what it says of its thread is taken, what it leaves out filled
  /// in.
  void settle(Event& event);
  /// What an event says of later ones: start, clone, exec, the end of a thread, names and sharing.
  void learn(const Event& event);
  void name(int32_t tid, int32_t pid, const std::string& comm);
  void forget(int32_t tid);
  size_t size() const { return tasks_.size(); }

 private:
  static constexpr size_t kMaxTasks = 64 * 1024;
  struct Task {
    uint64_t place = 0;  // threads of one place move together (CLONE_FS)
    std::string comm;
  };
  struct Place {
    std::string cwd;
    size_t users = 0;
  };
  const Task* find(int32_t tid, int32_t pid) const;
  Task& get(int32_t tid, int32_t pid);
  void add(int32_t tid, uint64_t place, const std::string& comm);
  uint64_t new_place(const std::string& cwd);
  std::string cwd_of(const Task* task) const;

  std::unordered_map<int32_t, Task> tasks_;
  std::unordered_map<uint64_t, Place> places_;
  std::string
      first_cwd_;  // of threads that nothing was told of: `runsc exec` starts where the container does
  uint64_t last_place_ = 0;
};

}  // namespace assay
