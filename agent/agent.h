// agent: one host's agent: takes leases from the scheduler, runs scans on worker threads, ships their traces.
// This is the way in; the loop behind it is agent_loop.
#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "agent/fence.h"
#include "agent/scan.h"
#include "common/keys.h"
#include "common/loop.h"
#include "common/result.h"

namespace assay {

/// The defaults suit an agent inside of another process, whose scheduler lives and dies with it. Those of the
/// daemon are assay-agent's options.
struct AgentConfig {
  std::string endpoint;            // of the scheduler
  std::optional<CurveKeys> keys;   // this agent's; none: plaintext, for ipc and inproc only
  std::string scheduler_key;       // its public key; with `keys`
  std::filesystem::path data_dir;  // blobs, layers, spool
  std::filesystem::path run_base = "/run/assay";
  std::string agent_id;                // empty: the host's name
  unsigned slots = 1;                  // guests that run at once
  unsigned prefetch = 1;               // further scans that pull and unpack meanwhile
  uint32_t cpu_millis = 0;             // for guests; 0: all processors of this host
  uint64_t memory_bytes = 0;           // for guests; 0: 80% of the host's
  std::vector<std::string> yara_dirs;  // of YARA rules, besides our own
  RegistryAccess registries{};         // certificates, mirrors and logins of registries
  ScanLimits limits;                   // also what a job gets that does not say what it needs
  bool keep_spool = false;  // what is not shipped at the end is shipped by the next agent, which stays fenced
                            // if this one was; else nothing is kept
  uint64_t spool_quota_bytes = 8ull << 30;
  uint64_t reserve_bytes = 0;  // of free disk space in data_dir: below it no lease is taken; half of it is
                               // for scans that run already
  std::chrono::milliseconds stop_grace{0};  // for running scans to finish after the first stop
  std::string metrics;                      // ADDRESS:PORT on which Prometheus may ask; empty: none
  std::filesystem::path learn_guard{};      // a guard profile to add to, instead of guarding; empty: guard
  int reload_fd = -1;                // readable: told to read its configuration again, which takes a restart
  std::function<void()> ready{};     // called once the loop turns
  std::function<void()> welcomed{};  // called each time the scheduler has taken the agent up
  /// Called when a scan has fenced the agent, and when it starts or is taken up as one that is: it lives on,
  /// and takes no work until an operator says so.
  std::function<void(const Fencing&)> fenced{};
  std::function<void()> beat{};      // called at least every three seconds while the loop turns
  std::function<void()> stopping{};  // called once the stop has begun
};

/// To be called once, by main, before any thread exists: makes the process a child subreaper and gives it a
/// mount namespace of its own, so that nothing that a scan mounts outlives it.
Status prepare_agent_process();

/// Removes what dead agents left, then serves until `stop_fd` is readable: then no lease is taken any more,
/// running scans may finish for as long as stop_grace, and what does not is handed back to the scheduler. If
/// it becomes readable again meanwhile, everything ends at once. Errors: the host lacks something (see
/// check_host()), another agent has the same spool, the scheduler speaks another version.
Status serve_agent(const Context& context, const AgentConfig& config, int stop_fd);

}  // namespace assay
