// crosscheck: the two planes held against each other: each call that the host's witness saw must be reported
// by the Sentry, too. One that never is was concealed: by a Sentry that the guest has taken over, or from it.
// Counts by what both planes say alike of a call (pair_key), in the order of arrival, in which a call comes
// before its report. Pure; bounded whatever a guest does.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "common/event.h"

namespace assay {

class CrossCheck {
 public:
  struct Counts {
    uint64_t checked = 0;     // calls that were witnessed and had to be reported
    uint64_t unreported = 0;  // of these: neither reported nor explained
    uint64_t cut_off = 0;     // under way when the sandbox ended
    uint64_t unprovable = 0;  // with strings that gVisor cannot report, or reported with others, or of a
                              // guest that filters its own calls
    uint64_t beyond = 0;      // more calls under way than are kept
  };
  /// `calls`: what the Sentry was asked to report (SeccheckConfig::calls).
  explicit CrossCheck(const std::vector<std::string>& calls) : calls_(calls.begin(), calls.end()) {}

  void witnessed(const Event& event);
  void reported(const Event& event);
  /// The Sentry has hung up at `time_ns`; all of both planes' words have been heard.
  void sandbox_ended(int64_t time_ns);
  /// Whatever is still under way is judged as by a sandbox's end. The concealed calls, as `guard` events of
  /// that time: none when the Sentry's stream has `lost` messages, which proves nothing.
  std::vector<Event> finish(int64_t time_ns, uint64_t lost);
  const Counts& counts() const { return counts_; }
  /// "1234 calls cross-checked; 2 not reported...", for the witness's SourceCount.
  std::string text() const;
  /// What has neither been reported nor judged, one call a line: for tests.
  std::string open_calls() const;

 private:
  static constexpr size_t kMaxOpen = 16 * 1024;
  static constexpr size_t kMaxFound = 32;  // events; the rest is counted
  static constexpr size_t kEarly = 4096;
  static constexpr size_t kNear = 256;
  struct Report {  // one that nothing was open for
    size_t key = 0;
    size_t loose = 0;
    int64_t time_ns = INT64_MIN;  // INT64_MIN: used
  };
  struct Near {
    std::string key;
    int64_t time_ns;
    bool otherwise = false;  // a call like it was reported, with another string
  };
  bool came_early(const std::string& key, bool loose, int64_t time_ns);
  bool settle(const std::string& key);
  void note_otherwise(const std::string& loose, int64_t time_ns);
  bool reported_otherwise(const std::string& key, const Event& call) const;
  void note_filters(const Event& event);
  void judge_all(int64_t end_ns);
  void judge(const std::string& key, Event& call, int64_t end_ns);

  std::unordered_set<std::string> calls_;
  std::unordered_map<std::string, std::deque<Event>> open_;  // calls without their bulk, by key
  std::unordered_map<std::string, std::deque<Near>> near_;   // the latest of these, by loose key
  std::vector<Report> early_{kEarly};                        // a ring
  size_t open_count_ = 0, next_early_ = 0;
  std::optional<int64_t> ended_ns_;  // no sandbox has started since
  int32_t init_pid_ = 0;
  bool orderly_ = false;  // the first process has ended, which ends every call of the others
  int64_t filters_since_ns_ = INT64_MAX;
  std::vector<Event> found_;
  Counts counts_;
};

}  // namespace assay
