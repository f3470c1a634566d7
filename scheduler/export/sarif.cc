#include "scheduler/export/export.h"

namespace assay {

std::string sarif_report(const Report&) { return ""; }

}  // namespace assay
