// bodies: programs that ran from memory, got out of the guest by its starter while they still run: nothing of
// them lies on any disk. Driven by provoker. What comes is what the guest says: bounded, and hostile.
#pragma once

#include <chrono>
#include <deque>
#include <functional>
#include <map>
#include <set>
#include <string>

#include "agent/provoke/starter_link.h"
#include "common/event.h"
#include "common/fd.h"

namespace assay {

class Bodies {
 public:
  static constexpr size_t kMaxBodies = 8;
  static constexpr uint32_t kMaxBodyBytes = 16 << 20;

  /// A body that came whole: the path that its exec event has, and a file of ours.
  using Done = std::function<void(const std::string& path, Fd file)>;
  explicit Bodies(Done done) : done_(std::move(done)) {}

  /// An exec event with its origin.
  void note(const Event& event);
  bool wanted() const { return !waiting_.empty(); }
  /// The next one, if none is under way. `id` is a job's, not used before.
  void ask(StarterLink& link, const std::function<uint32_t()>& id);
  /// Whether the word was of a body.
  bool take(const StarterWord& word);
  /// The starter is gone, or the whole sandbox: what had not come will not.
  void forget();

 private:
  struct Wanted {
    std::string path;
    int32_t pid = 0;
  };
  Done done_;
  std::deque<Wanted> waiting_;
  std::set<std::string> asked_;  // paths
  uint32_t id_ = 0;              // of the one under way; 0: none
  std::string path_, bytes_;
};

}  // namespace assay
