// report_words: the sentences of the text report: why this verdict, and how the run ended.
#pragma once

#include <string>

#include "scheduler/score/report.h"

namespace assay {

/// A level as a column of a table has room for it: "info", "critical".
std::string level_words(const std::string& level);
/// One sentence or two: what was found, or why nothing could be proved.
std::string reason(const Report& report);
/// "event 1,204"; "the whole run" of what no single event shows.
std::string event_words(const Evidence& evidence);
/// "ran 20.0 s, stopped when its time was up".
std::string ending(const Report& report);

}  // namespace assay
