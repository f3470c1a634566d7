// tracer: the two planes of one scan, merged. A thread that does nothing else reads gVisor's seccheck socket
// and the BPF rings into batches; take() turns batches into events, orders them by time, numbers them, and
// counts what every source saw and lost.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "agent/kept_executables.h"
#include "common/result.h"
#include "common/trace.h"

namespace assay {

struct TracerConfig {
  std::filesystem::path dir;  // of this scan: the seccheck socket and the pod-init config are made here
  int64_t start_time_ns = 0;  // wall clock; event times count from here
  uint64_t cgroup_id = 0;     // v2 id of the sandbox's cgroup: witness and usage filter by it
  int world_ns_fd = -1;       // where the veth's host end is; -1: no network, no flows
  unsigned world_ifindex = 0;
  bool full_witness = false;     // call sites are left unpatched: the witness sees every call
  std::string guest_addr;        // tells the direction of a flow
  std::filesystem::path rootfs;  // the guest's root on the host, to hash what is executed where the Sentry
                                 // does not; empty: no hashes
  std::string runtime_version;   // runsc's own words: chooses the guard's profile
  std::filesystem::path learn_guard;  // add what the guard sees to the profile in this file; empty: guard
  KeptExecutables* kept = nullptr;    // borrowed: what is executed is held open there
};

class Tracer {
 public:
  /// Errors: unsupported (no BTF, BPF refused: says which program and why), io.
  static Result<Tracer> open(const TracerConfig& config);
  Tracer(Tracer&&) noexcept;
  Tracer& operator=(Tracer&&) noexcept;
  ~Tracer();

  std::filesystem::path pod_init_config() const;  // for runsc --pod-init-config
  /// Further options for `runsc run`: unpatched call sites, or its log of the calls whose strings no point
  /// tells, into a pipe of ours.
  std::vector<std::string> runtime_options() const;
  int fd() const;         // readable when batches wait
  pid_t reader() const;   // the thread that the sandbox's reports wait for
  void add(Event event);  // from the agent's own sources (output, sinkhole, notes): merged by time
  /// Events old enough that nothing earlier can still arrive, ordered and numbered. Never blocks.
  std::vector<Event> take();
  /// Detaches every source (after the sandbox has ended), drains them, and returns the rest. Call once.
  std::vector<Event> finish();
  /// seen and lost per source of this class (seccheck, witness, flows, usage, strace, guard). Exact after
  /// finish().
  std::vector<SourceCount> counts() const;

 private:
  struct State;
  explicit Tracer(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace assay
