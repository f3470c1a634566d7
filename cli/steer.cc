// assay cancel, assay retry: orders about single scans. Each id is tried; the first that fails decides the
// exit code.
#include <boost/program_options.hpp>
#include <iostream>

#include "cli/remote_verb.h"

namespace assay::cli {
namespace {

int order(const Args& args, const RemoteUsage& usage, const std::string& verb, const std::string& done) {
  po::options_description options("Options");
  add_remote_options(options);
  return run_remote(args, usage, options, [&](const po::variables_map& map) -> Result<int> {
    ASSAY_TRY(auto ids, option_ids(map, "scan-id", "scan"));
    ASSAY_TRY(Remote remote, open_remote(map));
    Exit code = kBelowGate;
    for (const std::string& id : ids) {
      auto answer = remote.post("/v1/scans/" + id + "/" + verb, "{}");
      if (answer) {
        std::cout << id << "  " << done << "\n";
        continue;
      }
      code = worse(code, static_cast<Exit>(complain(answer.error().context(id), kFailed)));
      if (answer.error().code == Errc::unreachable || answer.error().code == Errc::denied) break;
    }
    return static_cast<int>(code);
  });
}

}  // namespace

int cancel(const Args& args) {
  return order(args,
               {"assay cancel SCAN_ID... [OPTIONS]\nEnds scans of the farm that have not ended; what they "
                "found is lost.",
                "scan-id"},
               "cancel", "cancelled");
}

int retry(const Args& args) {
  return order(
      args,
      {"assay retry SCAN_ID... [OPTIONS]\nQueues scans of the farm again that failed or were cancelled.",
       "scan-id"},
      "retry", "queued");
}

}  // namespace assay::cli
