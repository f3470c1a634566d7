// decode: a batch of raw records to events with times since the scan's start. Holds what decoding needs to
// remember: sockets, the beginnings of flows, hashes of executables.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>

#include "agent/kept_executables.h"
#include "agent/trace/batch.h"
#include "agent/trace/crosscheck.h"
#include "agent/trace/flow_events.h"
#include "agent/trace/seccheck_decode.h"
#include "agent/trace/strace.h"
#include "common/event.h"

namespace assay {

class Decoder {
 public:
  using Emit = std::function<void(Event)>;
  struct Counts {
    uint64_t seccheck = 0, seccheck_bad = 0, witness = 0, witness_bad = 0, guard_bad = 0, flows = 0,
             flows_bad = 0, usage = 0;
  };

  /// `rootfs_dir` and `kept` are borrowed. `rootfs_dir` -1: none. `calls`: those that the Sentry was asked to
  /// report. `kept`: where executed files are held open; null: nowhere.
  Decoder(int64_t start_time_ns, int rootfs_dir, const std::vector<std::string>& calls,
          KeptExecutables* kept = nullptr);
  void decode(const Batch& batch, const Emit& emit);
  void flow_total(std::string_view key_and_flow, int64_t arrival_ns, const Emit& emit);
  const Counts& counts() const { return counts_; }
  const Strace& strace() const { return strace_; }
  CrossCheck& cross_check() { return cross_check_; }
  /// How far CLOCK_MONOTONIC and the wall clock have moved against each other since the start.
  int64_t clock_drift_ns() const;

 private:
  static constexpr uint64_t kMaxHashedBytes = 256ull << 20;
  static constexpr uint64_t kHashBudgetBytes = 4ull << 30;  // of one scan; Provenance tries what is left
  static constexpr size_t kMaxHashes = 4096;
  void seccheck(std::string_view datagram, const Record& record, const Emit& emit);
  void take_strings(Event& event);
  void executable(const Fd& file);
  void flush_exec(const Emit& emit);
  void witness(std::string_view bytes, const Record& record, const Emit& emit);
  void guard(std::string_view bytes, const Record& record, const Emit& emit);
  void flow(std::string_view bytes, const Record& record, const Emit& emit);
  void usage(std::string_view bytes, const Record& record, const Emit& emit);
  int64_t host_time(int64_t monotonic_ns, int64_t arrival_ns) const;

  int64_t start_time_ns_, monotonic_offset_ns_;
  int rootfs_dir_;
  KeptExecutables* kept_;
  SeccheckDecoder decoder_;
  FlowEvents flow_events_;
  Strace strace_;
  CrossCheck cross_check_;
  Counts counts_;
  std::optional<Event> exec_;  // waits for its executable, which is the next record if there is one
  uint64_t hash_budget_bytes_ = kHashBudgetBytes;
  std::map<std::array<uint64_t, 5>, std::string> hashes_;  // by device, inode, size, mtime, ctime
  int64_t usage_at_ns_;
  uint64_t usage_total_ns_ = 0;
};

}  // namespace assay
