// verbs: what assay-scheduler does instead of serving: `backup`, `restore`, `migrate`. For people and timers:
// what is asked for goes to standard output, the rest to standard error. Each tells with --help what it
// takes.
#pragma once

#include <optional>

namespace assay {

/// Where the command line begins with a verb: carried out, and the exit code (0 done, 1 failed, 2 wrong use).
/// Nothing: there is none.
std::optional<int> run_verb(int argc, char** argv);

int backup_verb(int argc, char** argv);
int restore_verb(int argc, char** argv);
int migrate_verb(int argc, char** argv);

}  // namespace assay
