// report_tree: processes drawn as a tree, one line each.
#pragma once

#include <string>
#include <vector>

#include "scheduler/score/report.h"
#include "scheduler/score/text_layout.h"

namespace assay {

/// At most `max_lines`; equal siblings without children share one. Lines fit into `width` columns.
std::vector<std::string> draw_tree(const std::vector<Process>& processes, size_t width, size_t max_lines,
                                   const layout::Paint& paint);

}  // namespace assay
