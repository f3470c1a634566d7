// local_scan: what the verbs share that scan on this host: their options, a farm in this process, and one job
// followed to its end.
#pragma once

#include <memory>
#include <string>

#include "agent/agent.h"
#include "cli/farm.h"
#include "cli/remote_verb.h"
#include "cli/stop.h"
#include "common/job.h"
#include "common/result.h"
#include "common/wire.h"

namespace assay::cli {

struct LocalOptions {
  AgentConfig agent;
  std::string rules;
};

/// --data, --rules, --yara, --certs, --registries-conf, --log-level.
void add_local_options(po::options_description& options);
/// Sets the log up, too. Errc::invalid names the option.
Result<LocalOptions> read_local_options(const po::variables_map& map);
/// A platform's canonical name, or empty as given. Errc::unsupported for one that this host does not run:
/// here nobody else could, and it would wait for ever.
Result<std::string> read_host_platform(const std::string& text);

class LocalScans {
 public:
  /// Before any thread exists. `stop` is borrowed. Errors: of prepare_agent_process(), find_rules() and
  /// Farm::start().
  static Result<LocalScans> open(const LocalOptions& options, Stop& stop);

  /// One job to its end, with a line of progress on a terminal; `fresh`: run it even where a result could be
  /// used again. The Finished is one that is well, and has its report. Errors name the image: cancelled
  /// (interrupted), timeout (the time of `stop` is up), invalid (refused), denied (the agent was fenced by an
  /// earlier scan), io (the scan failed).
  Result<wire::Finished> run(const Job& job, bool fresh);
  /// Whether further scans can end.
  bool broken() { return farm_->trouble().has_value(); }
  Store& store() { return farm_->store(); }

 private:
  LocalScans(std::unique_ptr<Farm> farm, Socket link, Stop& stop)
      : farm_(std::move(farm)), link_(std::move(link)), stop_(&stop) {}
  Status check_farm(const Job& job);
  Status interrupted();
  Result<wire::Finished> follow(const Job& job, bool fresh);

  std::unique_ptr<Farm> farm_;
  Socket link_;
  Stop* stop_;
  std::string scan_id_;  // of the job that is followed
};

}  // namespace assay::cli
