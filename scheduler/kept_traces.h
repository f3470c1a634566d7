// kept_traces: which stored traces a filter means, each once however many scans share it; and work on many of
// them by several threads, told in order. Reads only.
#pragma once

#include <algorithm>
#include <cstdint>
#include <deque>
#include <future>
#include <string>
#include <utility>
#include <vector>

#include "scheduler/keep.h"
#include "scheduler/scan_filter.h"

namespace assay {

struct TracedScan {
  ScanRecord scan;                   // the newest that fits and has this trace: its own, or another's
  std::string owner;                 // whose trace it is
  std::vector<std::string> sharers;  // ids of the other scans that fit, newest first
};

struct KeptTraces {
  std::vector<TracedScan> all;  // newest first
  uint64_t scans = 0;           // that fit
  uint64_t shared = 0;          // of them: by whose trace another one stands here already
  uint64_t unfinished = 0;      // of them: not done, so that there is no trace
  std::string damage;           // records that cannot be read are not known to fit: the first error
};

KeptTraces kept_traces(const Keep& keep, const ScanFilter& filter);
/// Whether what failed with `error` is a trace that retention took, while it was read perhaps; else it is
/// damaged.
bool is_pruned(const Keep& keep, const TracedScan& trace, const Error& error);

/// Calls `work(index)` for each of `count` items on so many threads, `a_task` in a row on the same one, and
/// `tell(index, result)` in order on the caller's, until that returns false.
template <class Work, class Tell>
void in_order(unsigned threads, size_t count, size_t a_task, const Work& work, const Tell& tell) {
  using Results = std::vector<decltype(work(size_t{}))>;
  // One more than threads: while the first is waited for, no processor is without work.
  size_t ahead = threads > 1 ? threads + 1 : 1;
  auto policy = threads > 1 ? std::launch::async : std::launch::deferred;
  std::deque<std::future<Results>> tasks;
  size_t given = 0, told = 0;
  bool goes_on = true;
  while (told < count && goes_on) {
    for (; tasks.size() < ahead && given < count; given += a_task)
      tasks.push_back(std::async(policy, [&work, from = given, to = std::min(given + a_task, count)] {
        Results out;
        for (size_t i = from; i < to; ++i) out.push_back(work(i));
        return out;
      }));
    for (auto& result : tasks.front().get()) {
      goes_on = goes_on && tell(told, result);
      ++told;
    }
    tasks.pop_front();
  }
}

}  // namespace assay
