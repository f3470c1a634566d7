// assay pin, assay unpin: which scans stay whatever retention says. Each id is tried; the first that fails
// decides the exit code.
#include <boost/program_options.hpp>
#include <iostream>

#include "cli/json_fields.h"
#include "cli/options.h"
#include "cli/remote_verb.h"
#include "cli/send.h"
#include "cli/stored.h"
#include "cli/verbs.h"
#include "scheduler/keep.h"

namespace assay::cli {
namespace {

constexpr size_t kMaxReasonBytes = 500;

using Change = std::function<Status(const std::string& scan_id)>;

Status pin_far(const Remote& remote, const std::string& scan_id, bool pin, const std::string& reason) {
  std::string path = "/v1/scans/" + scan_id + "/pin", method = pin ? "PUT" : "DELETE";
  std::string body =
      pin ? Json{{"reason", reason}}.dump(-1, ' ', false, Json::error_handler_t::replace) : "{}";
  auto answer = send(remote, method, path, body);
  return answer ? Status() : Status(answer.error());
}

Status pin_here(Store& store, const std::string& scan_id, bool pin, const std::string& reason) {
  ASSAY_TRY(StoreBatch batch, Keep(store).pinned(scan_id, pin ? reason : ""));
  ASSAY_TRY(auto outcomes, store.commit({batch}));
  return outcomes[0];
}

Result<int> each(const po::variables_map& map, const Change& change, const char* done) {
  ASSAY_TRY(auto ids, option_ids(map, "scan-id", "scan"));
  Exit code = kBelowGate;
  for (const std::string& id : ids) {
    Status changed = change(id);
    if (changed) {
      std::cout << id << "  " << done << "\n";
      continue;
    }
    code = worse(code, static_cast<Exit>(complain(changed.error(), kFailed)));
    if (changed.error().code == Errc::unreachable || changed.error().code == Errc::denied) break;
  }
  return static_cast<int>(code);
}

Result<int> run(const po::variables_map& map, bool pin) {
  std::string reason = pin ? option_text(map, "reason") : "";
  if (pin && (reason.empty() || reason.size() > kMaxReasonBytes))
    return Error{Errc::invalid, "--reason is a text of 1 to " + std::to_string(kMaxReasonBytes) + " bytes"};
  const char* done = pin ? "pinned" : "no longer pinned";
  ASSAY_TRY(bool farm, from_farm(map));
  if (farm) {
    ASSAY_TRY(Remote remote, open_remote(map));
    return each(
        map, [&](const std::string& id) { return pin_far(remote, id, pin, reason); }, done);
  }
  ASSAY_TRY(std::unique_ptr<Store> store, open_stored_for_writing(map));
  return each(
      map, [&](const std::string& id) { return pin_here(*store, id, pin, reason); }, done);
}

int order(const Args& args, const RemoteUsage& usage, bool pin) {
  po::options_description options("Options");
  auto add = options.add_options();
  add("data", po::value<std::string>(), "data directory (default: ~/.local/share/assay)");
  if (pin) add("reason", po::value<std::string>()->default_value("pinned"), "why it is to stay");
  add_remote_options(options);
  return run_remote(args, usage, options, [pin](const po::variables_map& map) { return run(map, pin); });
}

}  // namespace

int pin(const Args& args) {
  return order(args,
               {"assay pin SCAN_ID... [OPTIONS]\nKeeps scans whatever retention says: of this host, or with "
                "--server of the farm.",
                "scan-id"},
               true);
}

int unpin(const Args& args) {
  return order(args, {"assay unpin SCAN_ID... [OPTIONS]\nLeaves scans to retention again.", "scan-id"},
               false);
}

}  // namespace assay::cli
