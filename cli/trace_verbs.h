// trace_verbs: what `assay trace` does beside printing.
#pragma once

#include "cli/verbs.h"

namespace assay::cli {

int trace_export(const Args& args);
int trace_import(const Args& args);

}  // namespace assay::cli
