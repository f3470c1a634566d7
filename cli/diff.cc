// assay diff: what one image did and another did not, out of the reports of their scans: of this host's
// store, or a farm's.
#include <boost/program_options.hpp>
#include <iostream>

#include "cli/kept_scans.h"
#include "cli/remote_verb.h"
#include "cli/terminal.h"
#include "scheduler/score/behaviour.h"

namespace assay::cli {
namespace {

Result<BehaviourDiff> between(const KeptScans& kept, const std::string& before, const std::string& after) {
  ASSAY_TRY(std::vector<Report> old_scans, meant_scans(kept, before));
  ASSAY_TRY(std::vector<Report> new_scans, meant_scans(kept, after));
  std::vector<Behaviour> behaviours;
  for (Report& report : old_scans) behaviours.push_back(behaviour_of(report));
  return diff_behaviour(behaviours, behaviour_of(new_scans.front()));
}

// As the report has it, which was compared when it was made.
Result<BehaviourDiff> since_previous(const KeptScans& kept, const std::string& word) {
  ASSAY_TRY(std::vector<Report> scans, meant_scans(kept, word));
  const Report& report = scans.front();
  for (const Comparison& one : report.compared) {
    if (one.relation != "previous") continue;
    // Names the two sides; the earlier one's report may be gone.
    Behaviour earlier;
    auto json = kept.report(one.scan_id);
    if (auto kept_report = json ? parse_report(*json) : json.error()) earlier = behaviour_of(*kept_report);
    earlier.scan_id = one.scan_id;
    earlier.ref = one.ref;
    earlier.digest = one.digest;
    BehaviourDiff diff = diff_behaviour({&earlier, 1}, behaviour_of(report));
    diff.added = one.added;
    diff.gone = one.gone;
    diff.left_out = one.left_out;
    return diff;
  }
  return Error{Errc::not_found, "scan " + report.header.scan_id +
                                    " was compared with no earlier image of its repository when it was "
                                    "scored: name the one to compare it with (assay diff BEFORE AFTER)"};
}

Result<int> run(const po::variables_map& map) {
  ASSAY_TRY(Format format, parse_format(option_text(map, "format")));
  std::vector<std::string> words = option_words(map, "image");
  if (words.empty() || words.size() > 2)
    return Error{Errc::invalid,
                 "one image or two are wanted, the earlier first, not " + std::to_string(words.size())};
  ASSAY_TRY(KeptScans kept, KeptScans::open(map));
  ASSAY_TRY(BehaviourDiff diff,
            words.size() == 2 ? between(kept, words[0], words[1]) : since_previous(kept, words[0]));
  bool known = !diff.before.verdict.empty();  // else the earlier report is kept no more
  bool same = diff.empty() && (!known || diff.before.verdict == diff.after.verdict);
  if (format == Format::json) {
    std::cout << diff_json(diff) << "\n";
  } else {
    if (!known) diff.before.verdict = diff.after.verdict;
    std::cout << diff_text(diff, terminal_width(1));
  }
  return static_cast<int>(same ? kBelowGate : kAtGate);
}

}  // namespace

int diff(const Args& args) {
  po::options_description options("Options");
  options.add_options()("data", po::value<std::string>(), "data directory (default: ~/.local/share/assay)");
  add_remote_options(options);
  add_format_option(options);
  return run_remote(
      args,
      {"assay diff [BEFORE] AFTER [OPTIONS]\n"
       "What the second image did and the first did not, and the other way round: findings,\n"
       "domains, peers, listening ports, programs, file areas, users; each with the layer that\n"
       "brought it. Each is a scan's id, a reference (nginx:1.25) or a digest (sha256:...): its\n"
       "newest scans that are done. With AFTER alone: what changed since the image that its\n"
       "repository held before, as its report says. Of this host's scans; with --server, or\n"
       "without --data where $ASSAY_SERVER is set, of the farm's.",
       "image", "Exit codes: 0 nothing differs, 10 something does, 1 failed, 2 wrong use."},
      options, run);
}

}  // namespace assay::cli
