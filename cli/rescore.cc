#include "cli/options.h"
#include "cli/verbs.h"

namespace assay::cli {

int rescore(const Args&) { return complain({Errc::unsupported, "not there yet"}, kFailed); }

}  // namespace assay::cli
