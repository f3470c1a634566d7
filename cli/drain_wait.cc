// The list of agents is asked for again and again: it is from the scheduler's memory, and cheap.
#include "cli/drain_wait.h"

#include <algorithm>

#include "cli/answers.h"
#include "cli/send.h"
#include "cli/wait_progress.h"
#include "common/text.h"

namespace assay::cli {
namespace {

using Clock = std::chrono::steady_clock;

// "rack-4 runs 3, rack-5 runs 1"; empty: nothing runs.
Result<std::string> what_runs(const Remote& remote, const std::vector<std::string>& names) {
  ASSAY_TRY(std::string body, remote.get("/v1/agents"));
  ASSAY_TRY(auto agents, read_agents(body));
  std::string out;
  for (const std::string& name : names) {
    auto agent =
        std::find_if(agents.begin(), agents.end(), [&](const AgentView& one) { return one.name == name; });
    if (agent == agents.end())
      return Error{Errc::not_found, "no agent '" + printable(name, 64) + "' has been here"};
    if (agent->mode == "active")
      return Error{Errc::conflict, printable(name, 64) + " is active again: somebody has undrained it"};
    if (agent->leases > 0)
      out += (out.empty() ? "" : ", ") + printable(name, 64) + " runs " + std::to_string(agent->leases);
  }
  return out;
}

}  // namespace

Status wait_for_drained(const Remote& remote, const std::vector<std::string>& names, const DrainWait& wait) {
  WaitProgress progress(wait.note);
  auto start = Clock::now(), heard = start;
  std::string runs = "it is not known what runs";
  for (;;) {
    auto look = what_runs(remote, names);
    if (look && look->empty()) return Status();
    if (!look && !(may_come_back(look.error()) && Clock::now() - heard < wait.give_up)) return look.error();
    if (look) heard = Clock::now(), runs = *look;
    auto left = std::chrono::ceil<std::chrono::seconds>(wait.limit - (Clock::now() - start));
    if (left.count() <= 0)
      return Error{Errc::timeout,
                   "not drained in time: " + runs + ". No new scans are given out; wait on, or undrain"};
    progress.show(look ? "draining: " + runs + ", " + std::to_string(left.count()) + " s left"
                       : "no answer, trying again: " + look.error().what);
    ASSAY_CHECK(pause(std::min<std::chrono::milliseconds>(wait.every, left), remote.stop_fd()));
  }
}

}  // namespace assay::cli
