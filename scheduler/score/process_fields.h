// process_fields: a process of the tree as rules and reports name it.
#pragma once

#include "scheduler/score/process_tree.h"
#include "scheduler/score/record.h"
#include "scheduler/score/report.h"

namespace assay {

/// The process fields of docs/rules.md; nothing for kNone.
void add_process_fields(Record& record, const ProcessTree& tree, size_t index);
/// Whose output its standard input is, and who reads its own, as far as is known by now.
void add_pipe_fields(Record& record, const ProcessTree& tree, size_t index);
/// Its image and command line, bounded, as they are now; nobody for kNone.
Actor actor(const ProcessTree& tree, size_t index);
/// "curl (pid 7)", "an unknown process"; as printable as the actor is.
std::string name_of(const Actor& actor);
/// Adds to a list that holds each process once, and at most `limit`.
void add_once(std::vector<Actor>& list, Actor actor, size_t limit);

}  // namespace assay
