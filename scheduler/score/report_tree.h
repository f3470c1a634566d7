// report_tree: processes as a tree, and drawn as one, one line each.
#pragma once

#include <string>
#include <vector>

#include "scheduler/score/report.h"
#include "scheduler/score/text_layout.h"

namespace assay {

struct ProcessNode {
  std::vector<size_t> children;  // indices, in order of start
  bool root = true;
};
/// One node a process. A parent is named by its pid, which may have been used again: the right one is the
/// last that had begun before its child.
std::vector<ProcessNode> link_processes(const std::vector<Process>& processes);
/// Whether its program is none of the image's own: dropped, changed, or only in memory.
bool is_strange(const Process& process);
/// Neither has children, and they differ in nothing but pid and time.
bool are_alike(const std::vector<Process>& processes, const std::vector<ProcessNode>& nodes, size_t a,
               size_t b);
/// The path, and the arguments behind it; the name that it gave itself only where that says something else.
std::string command_words(const Process& process);

/// At most `max_lines`; equal siblings without children share one. Lines fit into `width` columns.
std::vector<std::string> draw_tree(const std::vector<Process>& processes, size_t width, size_t max_lines,
                                   const layout::Paint& paint);

}  // namespace assay
