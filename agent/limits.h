// limits: which bounds of its sandbox a guest has run into, how often, and what came of it, for the trace's
// footer. Looks at the cgroup's counters and at the writable layer's room, and is told the rest. Bounds
// nothing itself.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "agent/cgroup.h"
#include "agent/rootfs.h"
#include "common/event.h"
#include "common/trace.h"

namespace assay {

/// The bounds, and how often each was hit; 0: never.
struct LimitFigures {
  CgroupLimits cgroup;
  RootfsLimits rootfs;
  uint64_t output_bytes = 0, events = 0, trace_bytes = 0;  // the bounds; of the sinkhole they are its own

  uint64_t oom_kills = 0, pids_refused = 0, throttled_ns = 0;
  bool killed = false;                      // the run ended with what was killed for want of memory
  uint64_t disk_full = 0, inodes_full = 0;  // how often it was found so
  uint64_t refused_for_room = 0;            // calls that failed with ENOSPC
  uint64_t output_left_out = 0;             // bytes
  bool events_reached = false, trace_reached = false;
  uint64_t connections_pushed_out = 0, connections_cut = 0, reports_dropped = 0;  // by the sinkhole
  uint64_t steps_left_out = 0;                                                    // of the run plan
};

/// In a fixed order; names as docs/report.md lists them. Pure.
std::vector<LimitHit> limit_hits(const LimitFigures& figures);

class LimitBook {
 public:
  /// `upper` is a directory on the writable layer's file system.
  LimitBook(const CgroupLimits& cgroup, const RootfsLimits& rootfs, std::filesystem::path upper);
  /// Now and then while the guest runs, and once after it: what is full now may be empty again at the end.
  void look();
  /// Every event of the guest's.
  void note(const Event& event);
  /// After the last sandbox.
  void read(const Cgroup& cgroup);

  LimitFigures figures;

 private:
  std::filesystem::path upper_;
};

}  // namespace assay
