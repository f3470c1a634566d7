// farm: a whole farm in this process, for local use: scheduler and agent on a thread each, joined by ZeroMQ,
// with the store in the data directory.
#pragma once

#include <filesystem>
#include <future>
#include <memory>
#include <optional>
#include <thread>

#include "agent/agent.h"
#include "common/fd.h"
#include "common/loop.h"
#include "common/result.h"
#include "scheduler/score/rules.h"
#include "scheduler/store.h"

namespace assay::cli {

class Farm {
 public:
  /// Errors: the host lacks something, the data directory is taken or full, the rules do not load.
  /// `agent`: how it runs scans, and its data directory, which is the store's as well; what joins it to its
  /// scheduler is filled in here.
  static Result<std::unique_ptr<Farm>> start(const std::filesystem::path& rules_dir,
                                             const AgentConfig& agent);
  ~Farm();  // ends the agent, which cleans up, then the scheduler

  /// A client's socket to the scheduler.
  Result<Socket> client() const;
  /// The error that ended one of the threads, if one has ended; from then on no scan ends.
  const std::optional<Error>& trouble();
  /// By which scan the agent was fenced, if one has: from then on no other runs.
  const std::optional<Fencing>& fenced();
  Store& store() { return *store_; }

 private:
  Farm(std::unique_ptr<Store> store, RuleSet rules, Fd stop_agent, Fd stop_scheduler);
  void run_scheduler();
  void run_agent(AgentConfig config);

  std::unique_ptr<Store> store_;
  RuleSet rules_;
  Context context_;
  Fd stop_agent_, stop_scheduler_;
  std::promise<Error> agent_error_, scheduler_error_;
  std::future<Error> agent_ended_, scheduler_ended_;
  std::optional<Error> trouble_;
  std::promise<Fencing> fencing_;
  std::future<Fencing> fencing_told_;
  std::optional<Fencing> fenced_;
  std::thread scheduler_, agent_;
};

}  // namespace assay::cli
