#include "scheduler/export/export.h"

namespace assay {

std::string html_report(const Report&) { return ""; }

}  // namespace assay
