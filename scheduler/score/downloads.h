// Downloads: what became of each file that the simulated internet handed out. A canary (common/canary.h)
// names itself when it runs, whoever runs it; its digest names it where it was executed or left behind. Pure;
// bounded.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "common/event.h"
#include "scheduler/score/process_tree.h"
#include "scheduler/score/record.h"
#include "scheduler/score/report.h"
#include "scheduler/score/speakers.h"

namespace assay {

class Downloads {
 public:
  using Emit = std::function<void(const Record&)>;
  static constexpr size_t kMaxDownloads = 1000, kMaxEarly = 256;

  /// Borrowed.
  Downloads(const ProcessTree& tree, const Speakers& speakers) : tree_(tree), speakers_(speakers) {}

  /// Whether an event is nothing but a canary's word: the image did not mean to open that file.
  static bool is_canary_word(const Event& event);
  /// Emits a record of category `canary` for each thing that happens to a download.
  void observe(const Event& event, const Emit& emit);

  /// In order of their answers.
  std::vector<Download> list() const { return {list_.begin(), list_.end()}; }
  uint64_t left_out() const { return left_out_; }

 private:
  void on_answer(const Event& event, const Emit& emit);
  void on_word(const Event& event, const Emit& emit);
  void on_digest(const Event& event, const Emit& emit);
  void ran(size_t index, const Event& event, size_t process, const Emit& emit);
  void stored(size_t index, const Event& event, const Emit& emit);

  const ProcessTree& tree_;
  const Speakers& speakers_;
  std::deque<Download> list_;
  std::map<std::string, size_t> by_marker_;               // the last one that bore it
  std::map<std::string, std::vector<size_t>> by_digest_;  // equal files: index and mirror give the same twice
  std::map<std::string, Event> early_;                    // words that came before their answers' reports
  uint64_t left_out_ = 0;
};

}  // namespace assay
