// options: what assay-scheduler can be told, on its command line and in its file. What they mean is read in
// main.cc; the verbs (verbs.h) read the same file for where the store is.
#pragma once

#include <filesystem>

#include "common/daemon.h"

namespace boost::program_options {
class options_description;
class variables_map;
}  // namespace boost::program_options

namespace assay {

inline constexpr char kSchedulerConfig[] = "/etc/assay/assay-scheduler.conf";

void add_scheduler_options(boost::program_options::options_description& options);

/// As in DaemonSpec.
struct Verb {
  const char *name, *usage, *words;
  Status (*run)(const boost::program_options::variables_map&);
};
/// daemon_main() for a verb: --data is the scheduler's own, by default as its file says; what else may stand
/// in that file is passed over.
int verb_main(const Verb& verb, int argc, char** argv, boost::program_options::options_description& own);
std::filesystem::path data_dir(const boost::program_options::variables_map& map);

}  // namespace assay
