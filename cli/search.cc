#include "cli/options.h"
#include "cli/verbs.h"

namespace assay::cli {

int search(const Args&) { return complain({Errc::unsupported, "not there yet"}, kFailed); }

}  // namespace assay::cli
