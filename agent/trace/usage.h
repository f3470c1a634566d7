// usage: on-CPU time of the whole sandbox, from context switches (bpf/usage.bpf.c).
#pragma once

#include <cstdint>
#include <memory>

#include "common/result.h"

namespace assay {

class Usage {
 public:
  /// Attached at once. Errc::unsupported: no BTF, or refused.
  static Result<Usage> open(uint64_t cgroup_id);
  Usage(Usage&&) noexcept;
  Usage& operator=(Usage&&) noexcept;
  ~Usage();

  int map_fd() const;
  void detach();
  /// So far, by the map of an open Usage. A thread that still runs counts from when it is next switched off
  /// its CPU.
  static uint64_t cpu_ns(int map_fd);

 private:
  struct State;
  explicit Usage(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace assay
