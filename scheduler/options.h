// options: what assay-scheduler can be told, on its command line and in its file. What they mean is read in
// main.cc; the verbs (verbs.h) read the same file for where the store is.
#pragma once

namespace boost::program_options {
class options_description;
}  // namespace boost::program_options

namespace assay {

inline constexpr char kSchedulerConfig[] = "/etc/assay/assay-scheduler.conf";

void add_scheduler_options(boost::program_options::options_description& options);

}  // namespace assay
