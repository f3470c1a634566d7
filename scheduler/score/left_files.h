// left_files: what the report says of a file that was left behind beyond what the harvest saw of it: who
// wrote it, whether it ran, whether it was kept. Pure.
#pragma once

#include <set>
#include <string>

#include "common/event.h"
#include "scheduler/score/process_tree.h"
#include "scheduler/score/report.h"

namespace assay {

/// What ran: by path; where it was not the image's own by digest too, since a file may get another name; and
/// scripts that an interpreter was given.
class Executed {
 public:
  /// A start or exec, of which `tree` knows.
  void add(const Event& event, const ProcessTree& tree);
  bool contains(const std::string& path, const std::string& sha256) const {
    return known_.contains(path) || (!sha256.empty() && known_.contains(sha256));
  }

 private:
  static constexpr size_t kMaxKnown = 20'000;
  void know(const std::string& what) {
    if (!what.empty() && known_.size() < kMaxKnown) known_.insert(what);
  }
  std::set<std::string> known_;
};

/// Fills in what is missing of `report.files`, and `report.artifacts` out of its footer.
void complete_files(Report& report, const Executed& executed, const ProcessTree& tree);

}  // namespace assay
