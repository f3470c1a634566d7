// Boost.Program_options, and the client's side of the wire within this process.
#include "cli/local_scan.h"

#include <algorithm>
#include <boost/program_options.hpp>

#include "agent/platforms.h"
#include "cli/options.h"
#include "cli/progress.h"
#include "common/log.h"
#include "common/platform.h"
#include "scheduler/keep.h"

namespace assay::cli {

using std::chrono::milliseconds;

void add_local_options(po::options_description& options) {
  auto add = options.add_options();
  add("certs", po::value<std::string>(),
      "directory with a directory for each registry, HOST[:PORT], of its CAs (*.crt) and client certificates "
      "(default: certs.d of /etc/containers and /etc/docker)");
  add("registries-conf", po::value<std::string>(),
      "mirrors and blocked registries (default: /etc/containers/registries.conf)");
  add("data", po::value<std::string>(), "data directory (default: ~/.local/share/assay)");
  add("rules", po::value<std::string>(), "directory of detection rules");
  add("yara", po::value<std::vector<std::string>>(),
      "directory of YARA rules, besides our own; may be given again");
  add("log-level", po::value<std::string>()->default_value("error"), "trace, debug, info, warn, error, off");
}

Result<LocalOptions> read_local_options(const po::variables_map& map) {
  LocalOptions options;
  options.agent.registries.certs_dir = option_text(map, "certs");
  options.agent.registries.registries_conf = option_text(map, "registries-conf");
  ASSAY_CHECK(check_access(options.agent.registries));
  options.rules = option_text(map, "rules");
  options.agent.yara_dirs = option_words(map, "yara");
  options.agent.data_dir =
      map.count("data") ? std::filesystem::path(option_text(map, "data")) : default_data_dir();
  ASSAY_CHECK(set_up_log(option_text(map, "log-level")));
  return options;
}

Result<std::string> read_host_platform(const std::string& text) {
  if (text.empty()) return text;
  ASSAY_TRY(std::string platform, parse_platform(text));
  const auto here = host_platforms();
  if (std::find(here.begin(), here.end(), platform) != here.end()) return platform;
  std::string list;
  for (const std::string& one : here) list += (list.empty() ? "" : ", ") + one;
  return Error{Errc::unsupported,
               "--platform " + platform + " cannot be run on this host, which runs " + list +
                   ": submit it to a farm with an agent for it (assay submit --platform " + platform + ")"};
}

Result<LocalScans> LocalScans::open(const LocalOptions& options, Stop& stop) {
  ASSAY_CHECK(prepare_agent_process());
  ASSAY_TRY(auto rules, find_rules(options.rules));
  ASSAY_TRY(std::unique_ptr<Farm> farm, Farm::start(rules, options.agent));
  ASSAY_TRY(Socket link, farm->client());
  return LocalScans(std::move(farm), std::move(link), stop);
}

Result<wire::Finished> LocalScans::run(const Job& job, bool fresh) {
  scan_id_.clear();
  ASSAY_TRY(wire::Finished finished, follow(job, fresh));
  if (!finished.ok && finished.error == "cancelled" && stop_->timed_out())
    return Error{Errc::timeout, job.ref + ": the scan was not done in time"};
  if (!finished.ok) return Error{finished.error == "cancelled" ? Errc::cancelled : Errc::io, finished.error};
  if (finished.report.empty()) {  // too large for a frame
    ASSAY_TRY(finished.report, Keep(store()).report(finished.scan_id));
  }
  return finished;
}

Result<wire::Finished> LocalScans::follow(const Job& job, bool fresh) {
  Submission submission;
  submission.job = job;
  submission.fresh = fresh;
  ASSAY_CHECK(check_farm(job));
  ASSAY_CHECK(link_.send(wire::encode(wire::Submit{{submission}, true})));
  ProgressLine line(job.ref);
  for (;;) {
    std::vector<WaitFor> items{link_, WaitFor(stop_->fd())};
    ASSAY_CHECK(wait(items, milliseconds(200)));
    if (items[1].ready) ASSAY_CHECK(interrupted());
    ASSAY_CHECK(check_farm(job));
    ASSAY_TRY(auto frames, link_.receive());
    if (!frames) continue;
    ASSAY_TRY(wire::Message message, wire::decode(frames->back()));
    if (auto* accepted = std::get_if<wire::Accepted>(&message); accepted && accepted->scan_ids.size() == 1)
      scan_id_ = accepted->scan_ids[0];
    if (auto* refused = std::get_if<wire::Refused>(&message)) return Error{Errc::invalid, refused->reason};
    // What comes late from the scan before is passed over.
    if (auto* progress = std::get_if<wire::Progress>(&message); progress && progress->scan_id == scan_id_)
      line.show(*progress);
    if (auto* finished = std::get_if<wire::Finished>(&message); finished && finished->scan_id == scan_id_)
      return std::move(*finished);
  }
}

// Whether this scan can still end.
Status LocalScans::check_farm(const Job& job) {
  if (const auto& trouble = farm_->trouble()) return *trouble;
  const auto& fenced = farm_->fenced();
  if (!fenced || fenced->key.scan_id == scan_id_) return Status();
  return Error{Errc::denied, job.ref + ": not run: the agent was fenced after scan " + fenced->key.scan_id +
                                 ": " + fenced->reason + "; look at this host before you scan on it again"};
}

Status LocalScans::interrupted() {
  stop_->clear();
  if (scan_id_.empty())
    return stop_->timed_out() ? Error{Errc::timeout, "the scan was not begun in time"}
                              : Error{Errc::cancelled, "interrupted"};
  return link_.send(wire::encode(wire::Cancel{scan_id_, 0}));
}

}  // namespace assay::cli
