// agent: the loop of one host's agent. Asks the scheduler for leases by credit, hands each to a slot (a
// thread that runs scan()), passes messages between slots and scheduler, and keeps the leases alive.
#pragma once

#include <filesystem>
#include <string>

#include "agent/scan.h"
#include "common/loop.h"
#include "common/result.h"

namespace assay {

struct AgentConfig {
  std::string endpoint;            // of the scheduler
  std::filesystem::path data_dir;  // blobs and layers
  std::filesystem::path run_base = "/run/assay";
  unsigned slots = 1;    // scans at once
  std::string agent_id;  // empty: the host's name
  ScanLimits limits;
};

/// To be called once, by main, before any thread exists: makes the process a child subreaper and gives it a
/// mount namespace of its own, so that nothing that a scan mounts outlives it.
Status prepare_agent_process();

/// Removes what dead agents left, then serves until `stop_fd` is readable; running scans are then cancelled
/// and cleaned away. Errors: the host lacks something (see check_host()), or the scheduler cannot be reached.
Status serve_agent(const Context& context, const AgentConfig& config, int stop_fd);

}  // namespace assay
